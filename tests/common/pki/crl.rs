//! Revocation lists of every kind, byte by byte.

use mtls::pki_types::{CertificateDer, CertificateRevocationListDer};
use time::{Duration, OffsetDateTime};
use x509_cert::der::{Decode, Encode};

use super::Authority;

/// A revocation list to sign: by default current, of version 2, with number 1 and without entries.
#[derive(Clone, Debug)]
pub struct Crl {
    is_v1: bool,
    pub this_update: OffsetDateTime,
    pub next_update: Option<OffsetDateTime>,
    entries: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    inner_algorithm: Vec<u8>,
    key_identifier: Option<Vec<u8>>,
}

/// DER of an identifier in `2.5.29`.
const fn ce(last: u8) -> [u8; 5] {
    [0x06, 0x03, 0x55, 0x1d, last]
}
const CRL_NUMBER: u8 = 20;
const REASON: u8 = 21;
const ISSUING_DISTRIBUTION_POINT: u8 = 28;
const AUTHORITY_KEY_IDENTIFIER: u8 = 35;
const DISTRIBUTION_POINTS: &[u64] = &[2, 5, 29, 31];
const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const TRUE: &[u8] = b"\x01\x01\xff";

impl Crl {
    pub fn new() -> Self {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        Self {
            is_v1: false,
            this_update: now - Duration::hours(1),
            next_update: Some(now + Duration::days(7)),
            entries: Vec::new(),
            extensions: vec![],
            inner_algorithm: ECDSA_SHA256.to_vec(),
            key_identifier: None,
        }
        .number(&[1])
    }

    /// Was to be replaced yesterday.
    pub fn stale() -> Self {
        Self::new().dated(Duration::days(-8), Some(Duration::days(-1)))
    }

    /// Begins tomorrow.
    pub fn early() -> Self {
        Self::new().dated(Duration::days(1), Some(Duration::days(8)))
    }

    /// From now on.
    pub fn dated(mut self, this_update: Duration, next_update: Option<Duration>) -> Self {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        self.this_update = now + this_update;
        self.next_update = next_update.map(|next| now + next);
        self
    }

    /// Content of the INTEGER.
    pub fn number(mut self, number: &[u8]) -> Self {
        self = self.without_number();
        self.with(CRL_NUMBER, false, &tlv(0x02, &[number]))
    }

    pub fn without_number(mut self) -> Self {
        self.extensions
            .retain(|e| !e[2..].starts_with(&ce(CRL_NUMBER)));
        self
    }

    pub fn lists(self, certificate: &CertificateDer<'_>) -> Self {
        self.lists_with(certificate, Duration::hours(-2), &[])
    }

    /// With a reason code (RFC 5280, section 5.3.1).
    pub fn lists_for(self, certificate: &CertificateDer<'_>, reason: u8) -> Self {
        let reason = extension(REASON, false, &[0x0a, 1, reason]);
        self.lists_with(certificate, Duration::hours(-2), &reason)
    }

    /// With the date of the revocation, counted from now, and these extensions, encoded.
    pub fn lists_with(
        self,
        certificate: &CertificateDer<'_>,
        date: Duration,
        extensions: &[u8],
    ) -> Self {
        let serial = serial_of(certificate);
        self.lists_serial(&serial, date, extensions)
    }

    pub fn lists_serial(mut self, serial: &[u8], date: Duration, extensions: &[u8]) -> Self {
        let serial = tlv(0x02, &[serial]);
        let date = utc_time(OffsetDateTime::now_utc() + date);
        let extensions = if extensions.is_empty() {
            vec![]
        } else {
            tlv(0x30, &[extensions])
        };
        self.entries
            .extend(tlv(0x30, &[&serial, &date, &extensions]));
        self
    }

    pub fn version1(mut self) -> Self {
        self.is_v1 = true;
        self
    }

    pub fn inner_algorithm(mut self, der: &[u8]) -> Self {
        self.inner_algorithm = der.to_vec();
        self
    }

    /// Says that this key signed it.
    pub fn key_identifier(mut self, identifier: &[u8]) -> Self {
        self.key_identifier = Some(identifier.to_vec());
        self
    }

    /// An extension `2.5.29.last` with this value.
    pub fn with(mut self, last: u8, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(last, critical, value));
        self
    }

    /// An extension with this encoded identifier.
    pub fn with_other(mut self, oid: &[u8], critical: bool, value: &[u8]) -> Self {
        let critical: &[u8] = if critical { TRUE } else { b"" };
        let whole = tlv(0x30, &[oid, critical, &tlv(0x04, &[value])]);
        self.extensions.push(whole);
        self
    }

    /// What the fields of an issuing distribution point say, encoded one after the other.
    pub fn scope(self, fields: &[&[u8]]) -> Self {
        self.with(ISSUING_DISTRIBUTION_POINT, true, &tlv(0x30, fields))
    }

    /// Of a distribution point with this URI.
    pub fn of_point(self, uri: &str) -> Self {
        self.scope(&[&point_name(uri)])
    }

    pub fn signed_by(&self, issuer: &Authority) -> CertificateRevocationListDer<'static> {
        let certificate = issuer.certificate();
        let certificate = x509_cert::Certificate::from_der(&certificate).unwrap();
        let name = certificate.tbs_certificate().subject().to_der().unwrap();
        self.signed_as(&name, issuer)
    }

    /// Signs the list in this issuer's name (DER), with this authority's key.
    pub fn signed_as(&self, name: &[u8], key: &Authority) -> CertificateRevocationListDer<'static> {
        self.signed_with(name, ECDSA_SHA256, |tbs| key.sign_message(tbs))
    }

    /// Signs the list in this issuer's name (DER), with this algorithm (DER).
    pub fn signed_with(
        &self,
        name: &[u8],
        algorithm: &[u8],
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> CertificateRevocationListDer<'static> {
        let mut extensions = self.extensions.clone();
        if let Some(identifier) = &self.key_identifier {
            let value = tlv(0x30, &[&tlv(0x80, &[identifier])]);
            extensions.push(extension(AUTHORITY_KEY_IDENTIFIER, false, &value));
        }
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
            tlv(0xa0, &[&tlv(0x30, &[&extensions.concat()])])
        };
        let tbs = tlv(
            0x30,
            &[
                version,
                &self.inner_algorithm,
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
}

/// The name of a distribution point, as it stands in one.
pub fn point_name(uri: &str) -> Vec<u8> {
    tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[uri.as_bytes()])])])
}

/// The name of a distribution point relative to the issuer: one more common name.
pub fn relative_point_name(common_name: &str) -> Vec<u8> {
    let value = tlv(0x0c, &[common_name.as_bytes()]);
    let attribute = tlv(0x30, &[b"\x06\x03\x55\x04\x03", &value]);
    tlv(0xa0, &[&tlv(0xa1, &[&attribute])])
}

/// `cRLDistributionPoints` with these points, each given by its encoded fields.
pub fn distribution_points(points: &[&[u8]]) -> rcgen::CustomExtension {
    let points: Vec<u8> = points.iter().flat_map(|p| tlv(0x30, &[p])).collect();
    rcgen::CustomExtension::from_oid_content(DISTRIBUTION_POINTS, tlv(0x30, &[&points]))
}

/// One extension `2.5.29.last`, encoded.
pub fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { TRUE } else { b"" };
    tlv(0x30, &[&ce(last), critical, &tlv(0x04, &[value])])
}

/// One DER element.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let bytes = length.to_be_bytes();
    let long = &bytes[length.leading_zeros() as usize / 8..];
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        _ => [&[tag, 0x80 | long.len() as u8], long].concat(),
    };
    [header, content].concat()
}

/// Content of the INTEGER.
pub fn serial_of(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
    let serial = certificate.tbs_certificate().serial_number();
    serial.as_bytes().to_vec()
}

/// `UTCTime`.
pub fn utc_time(time: OffsetDateTime) -> Vec<u8> {
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let (year, month) = (year % 100, u8::from(month));
    let text = format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    tlv(0x17, &[text.as_bytes()])
}
