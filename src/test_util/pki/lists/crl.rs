use std::time::{Duration, SystemTime};

use pki_types::{CertificateDer, CertificateRevocationListDer};
use time::OffsetDateTime;

use crate::test_util::pki::ca::TestCa;
use crate::test_util::pki::certificate::{serial_of, subject_of};
use crate::test_util::pki::der::tlv;
use crate::test_util::pki::extension::Extension;

/// A revocation list to sign, byte by byte, so that it can be wrong (RFC 5280, section 5).
///
/// [`TestCa::revoke`] makes sound ones. By default this one is sound as well: current, of version
/// 2, with number 1 and without entries.
///
/// ```
/// use mtls::test_util::{TestCa, TestCrl};
///
/// let ca = TestCa::new("Example CA");
/// let list = TestCrl::stale().signed_by(&ca);
/// assert!(mtls::RevocationLists::from_der([list]).is_ok());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestCrl {
    /// `thisUpdate`; what is less than a second is cut off.
    pub this_update: SystemTime,
    /// `nextUpdate`.
    pub next_update: Option<SystemTime>,
    is_v1: bool,
    entries: Vec<u8>,
    number: Option<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    inner_algorithm: Option<Vec<u8>>,
    key_identifier: Option<Vec<u8>>,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

const CRL_NUMBER: &[u64] = &[2, 5, 29, 20];
const REASON: &[u64] = &[2, 5, 29, 21];
const ISSUING_DISTRIBUTION_POINT: &[u64] = &[2, 5, 29, 28];
const AUTHORITY_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 35];

impl TestCrl {
    /// Creates a list that began an hour ago, for clocks that differ, and lasts for a week.
    pub fn new() -> Self {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0);
        let now = SystemTime::from(now.expect("no whole second"));
        Self {
            this_update: now - HOUR,
            next_update: Some(now + 7 * DAY),
            is_v1: false,
            entries: Vec::new(),
            number: Some(vec![1]),
            extensions: Vec::new(),
            inner_algorithm: None,
            key_identifier: None,
        }
    }

    /// Creates a list that was to be replaced yesterday.
    pub fn stale() -> Self {
        let list = Self::new();
        let (from, until) = (list.this_update - 8 * DAY, list.this_update - DAY);
        list.dated(from, Some(until))
    }

    /// Creates a list that begins tomorrow.
    pub fn early() -> Self {
        let list = Self::new();
        let from = list.this_update + HOUR + DAY;
        list.dated(from, Some(from + 7 * DAY))
    }

    /// Sets `thisUpdate` and `nextUpdate`.
    #[must_use]
    pub fn dated(self, this_update: SystemTime, next_update: Option<SystemTime>) -> Self {
        Self {
            this_update,
            next_update,
            ..self
        }
    }

    /// Sets the content of the INTEGER that is the list's number.
    #[must_use]
    pub fn number(mut self, number: &[u8]) -> Self {
        self.number = Some(number.to_vec());
        self
    }

    /// Leaves the number out.
    #[must_use]
    pub fn without_number(mut self) -> Self {
        self.number = None;
        self
    }

    /// Adds an entry for this certificate, revoked two hours ago.
    #[must_use]
    pub fn lists(self, certificate: &CertificateDer<'_>) -> Self {
        self.lists_serial(&serial_of(certificate))
    }

    /// Adds an entry with a reason code (RFC 5280, section 5.3.1).
    #[must_use]
    pub fn lists_for(self, certificate: &CertificateDer<'_>, reason: u8) -> Self {
        let reason = Extension::new(REASON, [0x0a, 1, reason]).to_der();
        let date = SystemTime::now() - 2 * HOUR;
        self.lists_entry(&serial_of(certificate), date, &reason)
    }

    /// Adds an entry for a serial number (the content of the INTEGER), revoked two hours ago.
    #[must_use]
    pub fn lists_serial(self, serial: &[u8]) -> Self {
        self.lists_entry(serial, SystemTime::now() - 2 * HOUR, &[])
    }

    /// Adds an entry with a date of the revocation, and with extensions, encoded one after the
    /// other.
    #[must_use]
    pub fn lists_entry(mut self, serial: &[u8], date: SystemTime, extensions: &[u8]) -> Self {
        let serial = tlv(0x02, &[serial]);
        let extensions = if extensions.is_empty() {
            vec![]
        } else {
            tlv(0x30, &[extensions])
        };
        self.entries
            .extend(tlv(0x30, &[&serial, &utc_time(date), &extensions]));
        self
    }

    /// Makes a list of version 1, which has no extensions.
    #[must_use]
    pub fn version1(mut self) -> Self {
        self.is_v1 = true;
        self
    }

    /// Names another algorithm (DER) among the signed bytes than beside the signature.
    #[must_use]
    pub fn inner_algorithm(mut self, der: &[u8]) -> Self {
        self.inner_algorithm = Some(der.to_vec());
        self
    }

    /// Adds an authority key identifier.
    #[must_use]
    pub fn key_identifier(mut self, identifier: &[u8]) -> Self {
        self.key_identifier = Some(identifier.to_vec());
        self
    }

    /// Adds an extension, even one that is there.
    #[must_use]
    pub fn extension(mut self, extension: &Extension) -> Self {
        self.extensions.push(extension.to_der());
        self
    }

    /// Adds an issuing distribution point with these fields, encoded (RFC 5280, section 5.2.5).
    #[must_use]
    pub fn scope(self, fields: &[&[u8]]) -> Self {
        let fields = tlv(0x30, fields);
        self.extension(&Extension::critical(ISSUING_DISTRIBUTION_POINT, fields))
    }

    /// Signs the list as this CA.
    ///
    /// # Panics
    ///
    /// If the CA's key cannot sign.
    pub fn signed_by(&self, issuer: &TestCa) -> CertificateRevocationListDer<'static> {
        self.signed_as(&subject_of(&issuer.certificate()), issuer)
    }

    /// Signs the list in the name of this issuer (DER), with the key of that CA.
    ///
    /// # Panics
    ///
    /// If the CA's key cannot sign.
    pub fn signed_as(&self, name: &[u8], key: &TestCa) -> CertificateRevocationListDer<'static> {
        let algorithm = key.algorithm.signature_algorithm();
        self.signed_with(name, algorithm, |tbs| key.sign_message(tbs))
    }

    /// Signs the list in the name of this issuer (DER), by this algorithm (DER) and function.
    pub fn signed_with(
        &self,
        name: &[u8],
        algorithm: &[u8],
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> CertificateRevocationListDer<'static> {
        let version: &[u8] = if self.is_v1 { b"" } else { b"\x02\x01\x01" };
        let next_update = self.next_update.map(utc_time).unwrap_or_default();
        let revoked = if self.entries.is_empty() {
            vec![]
        } else {
            tlv(0x30, &[&self.entries])
        };
        let extensions = if self.is_v1 {
            vec![]
        } else {
            tlv(0xa0, &[&tlv(0x30, &[&self.all_extensions()])])
        };
        let tbs = tlv(
            0x30,
            &[
                version,
                self.inner_algorithm.as_deref().unwrap_or(algorithm),
                name,
                &utc_time(self.this_update),
                &next_update,
                &revoked,
                &extensions,
            ],
        );
        let signature = [&[0], &*sign(&tbs)].concat();
        tlv(0x30, &[&tbs, algorithm, &tlv(0x03, &[&signature])]).into()
    }

    fn all_extensions(&self) -> Vec<u8> {
        let number = self.number.as_deref();
        let number = number.map(|n| Extension::new(CRL_NUMBER, tlv(0x02, &[n])).to_der());
        let identifier = self.key_identifier.as_deref().map(|identifier| {
            let value = tlv(0x30, &[&tlv(0x80, &[identifier])]);
            Extension::new(AUTHORITY_KEY_IDENTIFIER, value).to_der()
        });
        let all = number.into_iter().chain(self.extensions.iter().cloned());
        all.chain(identifier).flatten().collect()
    }
}

impl Default for TestCrl {
    fn default() -> Self {
        Self::new()
    }
}

fn utc_time(time: SystemTime) -> Vec<u8> {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let (year, month) = (year % 100, u8::from(month));
    let text = format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(0x17, &[text.as_bytes()])
}
