//! Subject alternative names and what the subject says, read strictly (RFC 5280, section 4.2.1.6).

use core::net::IpAddr;

use const_oid::db::rfc4519::{CN, O, OU};
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::ext::pkix::name::GeneralName;

use super::spiffe::SpiffeId;
use crate::x509::{Certificate, X509Error, attribute_texts};

/// The names in a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Whether a subject alternative name extension is there at all.
    pub(crate) has_san: bool,
    /// Lower case.
    pub(crate) dns: Vec<String>,
    pub(crate) uris: Vec<String>,
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) emails: Vec<String>,
    /// Whether the key usage holds cRLSign.
    pub(crate) signs_crls: bool,
    /// Set when the certificate is an X.509-SVID: it has one URI name, and that is a SPIFFE ID.
    pub(crate) spiffe_id: Option<SpiffeId>,
    /// Set when the subject has one common name.
    pub(crate) common_name: Option<String>,
    pub(crate) organizational_units: Vec<String>,
    pub(crate) organizations: Vec<String>,
}

/// A name that cannot be taken at its word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MalformedName {
    #[error("the subject alternative name extension is empty")]
    EmptySan,
    #[error("{kind} {value:?} is not well formed: {problem}")]
    Name {
        kind: &'static str,
        value: String,
        problem: String,
    },
    #[error("the subject cannot be read")]
    Subject(#[source] der::Error),
    #[error("the subject alternative name extension cannot be read")]
    San(#[source] X509Error),
}

impl Names {
    pub(crate) fn read(certificate: &Certificate<'_>) -> Result<Self, MalformedName> {
        let mut names = Self::of_subject(certificate)?;
        let san = certificate.subject_alt_name().map_err(MalformedName::San)?;
        let Some(san) = san else {
            return Ok(names);
        };
        if san.0.is_empty() {
            return Err(MalformedName::EmptySan);
        }
        names.has_san = true;
        for name in &san.0 {
            names.add(name)?;
        }
        names.signs_crls = certificate
            .key_usage()
            .is_ok_and(|usage| usage.is_some_and(|usage| usage.0.contains(KeyUsages::CRLSign)));
        if let [uri] = names.uris.as_slice() {
            // One that may sign revocation lists is no X.509-SVID (SPIFFE X.509-SVID, section 4.3).
            names.spiffe_id = spiffe_id(uri)?.filter(|_| !names.signs_crls);
        }
        Ok(names)
    }

    fn of_subject(certificate: &Certificate<'_>) -> Result<Self, MalformedName> {
        let [mut common_names, organizational_units, organizations] =
            attribute_texts(certificate.subject, [CN, OU, O]).map_err(MalformedName::Subject)?;
        for (kind, values) in [
            ("common name", &common_names),
            ("organizational unit", &organizational_units),
            ("organization", &organizations),
        ] {
            if let Some(value) = values.iter().find(|v| v.chars().any(char::is_control)) {
                return Err(malformed(kind, value, "it holds a control character"));
            }
        }
        Ok(Self {
            common_name: match common_names.len() {
                1 => common_names.pop(),
                _ => None,
            },
            organizational_units,
            organizations,
            ..Self::default()
        })
    }

    /// The SPIFFE ID, or why there is none.
    pub(crate) fn svid_in_words(&self) -> String {
        match &self.spiffe_id {
            Some(id) => id.to_string(),
            None => format!("none ({})", self.svid_problem()),
        }
    }

    /// Why there is no SPIFFE ID.
    pub(crate) fn svid_problem(&self) -> String {
        match self.uris.as_slice() {
            [] => "no URI name".to_owned(),
            [uri] if self.signs_crls => format!("{uri} with keyUsage cRLSign"),
            [uri] => uri.clone(),
            several => format!("{} URI names", several.len()),
        }
    }

    fn add(&mut self, name: &GeneralName) -> Result<(), MalformedName> {
        match name {
            GeneralName::DnsName(dns) => self.dns.push(dns_name(dns.as_str())?),
            GeneralName::UniformResourceIdentifier(uri) => self.uris.push(uri_name(uri.as_str())?),
            GeneralName::IpAddress(ip) => self.ips.push(ip_address(ip.as_bytes())?),
            GeneralName::Rfc822Name(email) => self.emails.push(email_address(email.as_str())?),
            // Directory names, registered IDs and other names say nothing that a matcher could ask for.
            _ => {}
        }
        Ok(())
    }
}

/// Whether a text is a DNS name in letters, digits, hyphens and underscores (RFC 1123, section 2.1).
pub(crate) fn is_dns_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn dns_name(name: &str) -> Result<String, MalformedName> {
    // Only the whole leftmost label may be a wildcard (RFC 9525, section 6.3).
    if !is_dns_name(name.strip_prefix("*.").unwrap_or(name)) {
        return Err(malformed("DNS name", name, "it is no host name"));
    }
    Ok(name.to_ascii_lowercase())
}

fn uri_name(uri: &str) -> Result<String, MalformedName> {
    match uri_problem(uri) {
        None => Ok(uri.to_owned()),
        Some(problem) => Err(malformed("URI", uri, problem)),
    }
}

/// Why a text is no URI with a scheme (RFC 3986, section 3), if it is none.
pub(crate) fn uri_problem(uri: &str) -> Option<&'static str> {
    let scheme_is_valid = uri.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
            && !rest.is_empty()
    });
    if !scheme_is_valid {
        return Some("it has no scheme");
    }
    match uri.bytes().all(|b| b.is_ascii_graphic()) {
        true => None,
        false => Some("it holds a space or a control character"),
    }
}

fn ip_address(octets: &[u8]) -> Result<IpAddr, MalformedName> {
    if let Ok(v4) = <[u8; 4]>::try_from(octets) {
        return Ok(v4.into());
    }
    match <[u8; 16]>::try_from(octets) {
        Ok(v6) => Ok(v6.into()),
        Err(_) => Err(malformed(
            "IP address",
            &format!("{octets:02x?}"),
            "it has neither 4 nor 16 octets",
        )),
    }
}

fn email_address(email: &str) -> Result<String, MalformedName> {
    match is_email_address(email) {
        true => Ok(email.to_owned()),
        false => Err(malformed("e-mail address", email, "it is not local@domain")),
    }
}

/// Whether a text is `local@domain` in printable ASCII (RFC 5280, section 4.2.1.6; RFC 5321, section 4.1.2).
pub(crate) fn is_email_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.contains('@') && is_dns_name(domain)
    }) && email.bytes().all(|b| b.is_ascii_graphic())
}

fn spiffe_id(uri: &str) -> Result<Option<SpiffeId>, MalformedName> {
    let has_scheme = uri
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("spiffe:"));
    if !has_scheme {
        return Ok(None);
    }
    match uri.parse() {
        Ok(id) => Ok(Some(id)),
        Err(error) => Err(malformed("SPIFFE ID", uri, &error.to_string())),
    }
}

fn malformed(kind: &'static str, value: &str, problem: &str) -> MalformedName {
    MalformedName::Name {
        kind,
        value: value.to_owned(),
        problem: problem.to_owned(),
    }
}
