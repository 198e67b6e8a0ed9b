use std::io;

use mtls::material::CertificateDescription;
use mtls::pki_types::UnixTime;
use serde::Serialize;

use super::{Expiry, days_left, hex};
use crate::output::{CertificatePlace, Finding, Page, Time};

/// One certificate, as JSON and as text.
#[derive(Clone, Serialize)]
pub(crate) struct CertificateFacts {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) names: Vec<String>,
    pub(crate) serial_number: String,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) days_left: i64,
    pub(crate) key: String,
    pub(crate) is_ca: bool,
    /// Whether it is made for tests.
    pub(crate) is_test: bool,
    /// `None` if the certificate limits none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purposes: Option<Vec<String>>,
    pub(crate) sha256: String,
    pub(crate) spki_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer_address: Option<String>,
}

impl CertificateFacts {
    pub(crate) fn new(described: &CertificateDescription, at: UnixTime) -> Self {
        Self {
            subject: described.subject.clone(),
            issuer: described.issuer.clone(),
            names: described.names.iter().map(ToString::to_string).collect(),
            serial_number: described.serial_number.clone(),
            not_before: Time(described.not_before),
            not_after: Time(described.not_after),
            days_left: days_left(described.not_after, at),
            key: described.key.clone(),
            is_ca: described.is_ca,
            is_test: described.is_test,
            purposes: described.extended_key_usages.clone(),
            sha256: hex(&described.sha256),
            spki_sha256: hex(&described.spki_sha256),
            issuer_address: described.issuer_address.clone(),
        }
    }

    /// Returns its place in a chain or a file.
    pub(crate) fn place(&self, index: usize) -> CertificatePlace {
        CertificatePlace {
            index,
            subject: self.subject.clone(),
        }
    }

    /// Returns a warning if it is made for tests; `what` names it.
    pub(crate) fn test_finding(&self, what: &str) -> Option<Finding> {
        let warning = || {
            Finding::warning("test_certificate", format!("{what} is made for tests")).hint(
                "the test kit of this crate makes such certificates, by keys that anyone may have: issue others for a \
                 service that is in use",
            )
        };
        self.is_test.then(warning)
    }

    /// Returns the dates in words.
    pub(crate) fn validity(&self, at: UnixTime) -> String {
        let left = Expiry::of(self.not_before.0, self.not_after.0, at);
        format!("{} to {} ({left})", self.not_before, self.not_after)
    }

    /// Writes all of it, with the subject as its title.
    pub(crate) fn write(&self, page: &mut Page<'_>, title: &str, at: UnixTime) -> io::Result<()> {
        let kind = match (self.is_ca, self.is_test) {
            (true, true) => " (a CA for tests)",
            (true, false) => " (a CA)",
            (false, true) => " (for tests)",
            (false, false) => "",
        };
        page.heading(&format!("{title}: {}{kind}", self.subject))?;
        page.field("issuer", &self.issuer)?;
        for name in &self.names {
            page.field("name", name)?;
        }
        page.field("valid", &self.validity(at))?;
        page.field("key", &self.key)?;
        page.field("SHA-256 of the key", &self.spki_sha256)?;
        match &self.purposes {
            Some(purposes) => page.field("for", &purposes.join(", "))?,
            None if self.is_ca => page.field("for", "a CA")?,
            None => page.field("for", "any use: it has no extended key usage")?,
        }
        page.field("serial number", &self.serial_number)?;
        page.field("SHA-256 of the certificate", &self.sha256)?;
        match &self.issuer_address {
            Some(address) => page.field("issuer's certificate at", address),
            None => Ok(()),
        }
    }
}
