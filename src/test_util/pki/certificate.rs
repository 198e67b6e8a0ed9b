//! What certificates of CAs and leaves have in common.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pki_types::CertificateDer;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, Issuer, KeyPair, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey,
};
use time::OffsetDateTime;

use super::der::{content, elements, tlv};
use super::key::KeyAlgorithm;
use super::validity::Validity;

/// The private extension of every certificate of the kit; `x509` recognises it in any build.
const MARKER: &[u64] = &[2, 25, 0x6d74_6c73];
/// The text in it, and the organisation of a [`TestCa`](crate::test_util::TestCa).
pub(super) const MARKER_TEXT: &str = "mtls test kit";

/// Changes the fields of a `TBSCertificate`.
type Rewrite = dyn Fn(&mut Vec<Vec<u8>>) + Send + Sync;
type Sign = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// The changes to what rcgen encodes. It writes sound certificates of version 3 only.
#[derive(Clone, Default)]
pub(super) struct Changes {
    pub(super) rewrite: Option<Arc<Rewrite>>,
    /// The algorithm, encoded, and what signs in place of the issuer.
    pub(super) signature: Option<(Vec<u8>, Arc<Sign>)>,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("rewrite", &self.rewrite.is_some())
            .field("signature", &self.signature.is_some())
            .finish()
    }
}

/// Returns what every certificate begins with.
pub(super) fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.serial_number = Some(serial());
    params.use_authority_key_identifier_extension = true;
    let marker = tlv(0x0c, &[MARKER_TEXT.as_bytes()]);
    let marker = CustomExtension::from_oid_content(MARKER, marker);
    params.custom_extensions.push(marker);
    set_validity(&mut params, Validity::current());
    params
}

pub(super) fn set_validity(params: &mut CertificateParams, validity: Validity) {
    params.not_before = OffsetDateTime::from(validity.not_before);
    params.not_after = OffsetDateTime::from(validity.not_after);
}

/// Sets an attribute of the subject. One of the same kind is replaced.
pub(super) fn set_attribute(params: &mut CertificateParams, oid: &[u64], value: &str) {
    let kind = match oid {
        [2, 5, 4, 3] => DnType::CommonName,
        [2, 5, 4, 10] => DnType::OrganizationName,
        [2, 5, 4, 11] => DnType::OrganizationalUnitName,
        _ => DnType::CustomDnType(oid.to_vec()),
    };
    params.distinguished_name.push(kind, value);
}

/// Never the same twice in one process, even for two certificates of one key.
pub(super) fn serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(0x4d54_4c53_0000_0001);
    SerialNumber::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// As [`serial`], from other numbers: for the leaves that a CA has revoked from the beginning.
pub(super) fn revoked_serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(0x4d54_4c53_8000_0001);
    SerialNumber::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The name and the key of an issuer.
pub(super) struct Signer<'a> {
    pub(super) params: &'a CertificateParams,
    pub(super) key: &'a KeyPair,
    pub(super) algorithm: KeyAlgorithm,
}

impl Signer<'_> {
    /// Issues a certificate for `key`.
    pub(super) fn issue(
        &self,
        params: &CertificateParams,
        key: &KeyPair,
        changes: &Changes,
    ) -> CertificateDer<'static> {
        let issuer = Issuer::from_params(self.params, Unsigned(self.key));
        let unsigned = params.signed_by(key, &issuer).expect("not encodable");
        let mut fields = elements(&elements(unsigned.der())[0]);
        if let Some(rewrite) = &changes.rewrite {
            rewrite(&mut fields);
        }
        let algorithm = if let Some((algorithm, _)) = &changes.signature {
            // Behind the serial number; without a version one field earlier.
            let place = if fields[0][0] == 0xa0 { 2 } else { 1 };
            fields[place].clone_from(algorithm);
            algorithm
        } else {
            self.algorithm.signature_algorithm()
        };
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        let tbs = tlv(0x30, &fields);
        let signature = match &changes.signature {
            Some((_, sign)) => sign(&tbs),
            None => SigningKey::sign(self.key, &tbs).expect("no signature"),
        };
        tlv(0x30, &[&tbs, algorithm, &tlv(0x03, &[&[0], &signature])]).into()
    }
}

/// A key that leaves the signature empty: the certificate is signed once it is changed.
struct Unsigned<'a>(&'a KeyPair);

impl PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        PublicKeyData::algorithm(self.0)
    }
}

impl SigningKey for Unsigned<'_> {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

/// Returns the content of the serial number.
///
/// # Panics
///
/// If these bytes are no certificate.
pub fn serial_of(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let fields = elements(&elements(certificate)[0]);
    let place = usize::from(fields[0][0] == 0xa0);
    content(&fields[place]).to_vec()
}

/// Returns the subject, encoded.
pub(super) fn subject_of(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let fields = elements(&elements(certificate)[0]);
    let place = 4 + usize::from(fields[0][0] == 0xa0);
    fields[place].clone()
}
