//! A certificate taken apart, changed, and signed again by the key of its issuer.

use mtls::RevocationLists;
use mtls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rcgen::{KeyPair, SigningKey};
use time::{Duration, OffsetDateTime};
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;

use crate::common::pki::crl::{Crl, CrlTools as _, extension, serial_of, tlv, utc_time};
use crate::common::pki::{AuthorityBuilder, KeyAlgorithm};
use crate::issued::CertifiedKey;

const KEY_USAGE: u8 = 15;
const SUBJECT_ALT_NAME: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const NAME_CONSTRAINTS: u8 = 30;
const AUTHORITY_KEY_IDENTIFIER: u8 = 35;
const EXTENDED_KEY_USAGE: u8 = 37;

const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const ECDSA_SHA384: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
const RSA_SHA256: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
const TRUE: &[u8] = b"\x01\x01\xff";
/// A DNS name of no letters.
const EMPTY_HOST: &[u8] = b"\x82\x00";
/// `emailProtection`, which is for neither side.
const EMAIL_PROTECTION: &[u8] = b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x04";

/// A keyUsage with keyCertSign and cRLSign.
pub(crate) const CERTIFICATES_AND_LISTS: &[u8] = b"\x03\x02\x01\x06";

/// A certificate to be: its fields, encoded.
#[derive(Clone)]
pub(crate) struct Draft {
    serial: Vec<u8>,
    issuer: Vec<u8>,
    validity: Vec<u8>,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    extensions: Vec<(String, Vec<u8>)>,
}

impl Draft {
    pub(crate) fn of(certificate: &CertificateDer<'_>) -> Self {
        let certificate = x509_cert::Certificate::from_der(certificate).unwrap();
        let fields = certificate.tbs_certificate();
        let extensions = fields.extensions().map_or(&[][..], Vec::as_slice);
        Self {
            serial: fields.serial_number().to_der().unwrap(),
            issuer: fields.issuer().to_der().unwrap(),
            validity: fields.validity().to_der().unwrap(),
            subject: fields.subject().to_der().unwrap(),
            public_key: fields.subject_public_key_info().to_der().unwrap(),
            extensions: extensions.iter().map(named).collect(),
        }
    }

    /// Valid until yesterday.
    pub(crate) fn expired(mut self) -> Self {
        let day = |days| utc_time(OffsetDateTime::now_utc() + Duration::days(days));
        self.validity = tlv(0x30, &[&day(-30), &day(-1)]);
        self
    }

    /// An intermediate called `Below` with this key, issued by this certificate's subject.
    pub(crate) fn below(&self, key: &CertifiedKey) -> Self {
        let below = Self::of(&key.certificate);
        Self {
            serial: below.serial,
            issuer: self.subject.clone(),
            validity: below.validity,
            subject: below.subject,
            public_key: below.public_key,
            extensions: vec![],
        }
        .ca(None)
        .key_usage(CERTIFICATES_AND_LISTS)
    }

    /// Issued by this certificate's subject instead of its issuer.
    pub(crate) fn issued_by(mut self, issuer: &Self) -> Self {
        self.issuer = issuer.subject.clone();
        self.without(AUTHORITY_KEY_IDENTIFIER)
    }

    pub(crate) fn ca(self, path_length: Option<u8>) -> Self {
        let length = path_length.map(|length| vec![0x02, 1, length]);
        let value = tlv(0x30, &[TRUE, &length.unwrap_or_default()]);
        self.with(BASIC_CONSTRAINTS, true, &value)
    }

    pub(crate) fn not_a_ca(self) -> Self {
        self.without(BASIC_CONSTRAINTS)
    }

    pub(crate) fn denies_to_be_a_ca(self) -> Self {
        self.with(BASIC_CONSTRAINTS, true, &tlv(0x30, &[]))
    }

    /// `value` is the BIT STRING.
    pub(crate) fn key_usage(self, value: &[u8]) -> Self {
        self.with(KEY_USAGE, true, value)
    }

    /// Extended key usage for e-mail alone.
    pub(crate) fn for_email(self) -> Self {
        let value = tlv(0x30, &[EMAIL_PROTECTION]);
        self.with(EXTENDED_KEY_USAGE, false, &value)
    }

    /// Excludes a DNS name and the hosts below it.
    pub(crate) fn excludes(self, name: &str, critical: bool) -> Self {
        let subtree = tlv(0x30, &[&tlv(0x82, &[name.as_bytes()])]);
        let value = tlv(0x30, &[&tlv(0xa1, &[&subtree])]);
        self.with(NAME_CONSTRAINTS, critical, &value)
    }

    /// One more DNS name, in place of an empty one if that is all.
    pub(crate) fn named(self, name: &str) -> Self {
        let id = format!("2.5.29.{SUBJECT_ALT_NAME}");
        let mut names = Vec::new();
        let mut critical = false;
        if let Some((_, der)) = self.extensions.iter().find(|(oid, _)| *oid == id) {
            let old = Extension::from_der(der).unwrap();
            let value = AnyRef::from_der(old.extn_value.as_bytes());
            names = value.unwrap().value().to_vec();
            critical = old.critical;
        }
        if names == EMPTY_HOST {
            names.clear();
        }
        let value = tlv(0x30, &[&names, &tlv(0x82, &[name.as_bytes()])]);
        self.with(SUBJECT_ALT_NAME, critical, &value)
    }

    fn with(self, last: u8, critical: bool, value: &[u8]) -> Self {
        let mut changed = self.without(last);
        let der = extension(last, critical, value);
        changed.extensions.push((format!("2.5.29.{last}"), der));
        changed
    }

    fn without(mut self, last: u8) -> Self {
        let id = format!("2.5.29.{last}");
        self.extensions.retain(|(oid, _)| *oid != id);
        self
    }

    pub(crate) fn signed_by(&self, key: &PrivatePkcs8KeyDer<'_>) -> CertificateDer<'static> {
        let key = KeyPair::try_from(key).unwrap();
        let extensions: Vec<u8> = self
            .extensions
            .iter()
            .flat_map(|(_, der)| der.clone())
            .collect();
        let extensions = if extensions.is_empty() {
            vec![]
        } else {
            tlv(0xa3, &[&tlv(0x30, &[&extensions])])
        };
        let fields = tlv(
            0x30,
            &[
                b"\xa0\x03\x02\x01\x02",
                &self.serial,
                algorithm(&key),
                &self.issuer,
                &self.validity,
                &self.subject,
                &self.public_key,
                &extensions,
            ],
        );
        let signature = [&[0], &*key.sign(&fields).unwrap()].concat();
        tlv(0x30, &[&fields, algorithm(&key), &tlv(0x03, &[&signature])]).into()
    }
}

/// A current list by this CA, with this certificate on it.
pub(crate) fn list_with(ca: &CertifiedKey, revoked: &CertificateDer<'_>) -> RevocationLists {
    let key = KeyPair::try_from(&ca.key).unwrap();
    let name = Draft::of(&ca.certificate).subject;
    let list = Crl::new()
        .lists_serial_by(&serial_of(revoked), Duration::hours(-2), &[])
        .inner_algorithm(algorithm(&key));
    let list = list.signed_with(&name, algorithm(&key), |fields| key.sign(fields).unwrap());
    RevocationLists::from_der([list]).unwrap()
}

/// A certificate called `name` for another key of the same kind as this one, and that key.
pub(crate) fn another_key(like: &PrivatePkcs8KeyDer<'_>, name: &str) -> CertifiedKey {
    let like = KeyPair::try_from(like).unwrap();
    let kind = match algorithm(&like) {
        ECDSA_SHA256 => KeyAlgorithm::P256,
        ECDSA_SHA384 => KeyAlgorithm::P384,
        _ => KeyAlgorithm::Rsa,
    };
    let other = AuthorityBuilder::named(name).algorithm(kind).self_signed();
    CertifiedKey {
        certificate: other.certificate(),
        key: other.key_der(),
    }
}

/// What signatures by this key say of themselves, encoded.
fn algorithm(key: &KeyPair) -> &'static [u8] {
    let known = [
        (&rcgen::PKCS_ECDSA_P256_SHA256, ECDSA_SHA256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, ECDSA_SHA384),
        (&rcgen::PKCS_RSA_SHA256, RSA_SHA256),
    ];
    let mut known = known.into_iter();
    let found = known.find(|(algorithm, _)| key.is_compatible(algorithm));
    found.expect("a key of this kind").1
}

fn named(extension: &Extension) -> (String, Vec<u8>) {
    (extension.extn_id.to_string(), extension.to_der().unwrap())
}
