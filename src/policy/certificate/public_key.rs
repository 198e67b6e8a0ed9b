//! Supported public keys.

use pki_types::alg_id;

use crate::policy::profile::CertificateProfile;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::verdict::defect::Defect;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::VerificationContext;
use crate::policy::verifier_policy::VerifierPolicy;
use crate::x509::{Certificate, KeyFault, KeyKind, MAX_RSA_BITS, PublicKey};

/// The part of a policy that says which keys are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRules {
    pub(crate) profile: CertificateProfile,
    pub(crate) min_rsa_bits: usize,
}

impl KeyRules {
    pub(crate) fn of(policy: &VerifierPolicy) -> Self {
        Self {
            profile: policy.profile,
            min_rsa_bits: policy.min_rsa_bits,
        }
    }
}

pub(crate) fn kind_of(certificate: &Certificate<'_>) -> String {
    certificate
        .public_key
        .kind()
        .map_or_else(|error| error.to_string(), |kind| kind.to_string())
}

pub(crate) fn check_key(
    index: usize,
    certificate: &Certificate<'_>,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    let key = &certificate.public_key;
    check(index, certificate, context, |kind| key.fault_of(kind))
}

/// Verifies the key of an intermediate whose signature has verified.
///
/// So it is a point of its curve: every library looks before it verifies (SEC 1, section 3.2.2.1;
/// for Ed25519 the reader of certificates does).
pub(crate) fn check_key_of_issuer(
    index: usize,
    certificate: &Certificate<'_>,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    let key = &certificate.public_key;
    check(index, certificate, context, |kind| {
        key.fault_beside_point(kind)
    })
}

fn check(
    index: usize,
    certificate: &Certificate<'_>,
    context: &VerificationContext<'_>,
    fault: impl FnOnce(KeyKind) -> Option<KeyFault>,
) -> Result<(), Rejection> {
    let &VerificationContext {
        policy, algorithms, ..
    } = context;
    let rules = KeyRules::of(policy);
    acceptable(&certificate.public_key, rules, algorithms, fault)
        .map_err(|found| unacceptable_key(found, rules, algorithms).of(index, certificate))
}

pub(crate) fn unacceptable_key(
    found: String,
    rules: KeyRules,
    algorithms: &SignatureAlgorithms,
) -> Defect {
    let optional: String = [("P-521", alg_id::ECDSA_P521), ("ML-DSA", alg_id::ML_DSA_65)]
        .iter()
        .filter(|(_, key)| algorithms.take_keys_of(key))
        .map(|(name, _)| format!("{name}, "))
        .collect();
    Defect::new(
        RejectionReason::UnsupportedKey,
        format!(
            "ECDSA P-256 or P-384, {optional}Ed25519, or RSA {} to {MAX_RSA_BITS} bits",
            rules.min_rsa_bits
        ),
        found,
        "reissue the certificate with a key of ECDSA P-256 or P-384, Ed25519, or RSA (2048 to 8192 bits): every crypto \
         library has these",
    )
}

/// Verifies that a key is well formed and supported.
///
/// The kind, the size and the algorithm must be supported. The error describes the key.
pub(crate) fn acceptable_key(
    key: &PublicKey<'_>,
    rules: KeyRules,
    algorithms: &SignatureAlgorithms,
) -> Result<(), String> {
    acceptable(key, rules, algorithms, |kind| key.fault_of(kind))
}

fn acceptable(
    key: &PublicKey<'_>,
    rules: KeyRules,
    algorithms: &SignatureAlgorithms,
    fault: impl FnOnce(KeyKind) -> Option<KeyFault>,
) -> Result<(), String> {
    let kind = key.kind().map_err(|error| format!("unreadable: {error}"))?;
    if !kind.is_listed(rules.min_rsa_bits) {
        return Err(kind.to_string());
    }
    if let Some(fault) = fault(kind) {
        return Err(format!("{kind} with {fault}"));
    }
    if !algorithms.take_key(key) {
        return Err(format!("{kind}, which the crypto library does not have"));
    }
    match kind {
        KeyKind::Rsa { bits } if bits % 8 != 0 && rules.profile == CertificateProfile::WebPki => {
            Err(format!("RSA {bits} bits, which are no whole bytes"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    /// The numbers belong to no key pair: no verifier checks whether they are primes.
    #[test]
    fn the_public_web_has_rsa_keys_of_whole_bytes() {
        // rsaEncryption with NULL parameters.
        let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let none = SignatureAlgorithms::new([]);
        // A modulus of 2048 bits, with a leading zero for the sign, and one of 2052.
        for (first, whole_bytes) in [([0x00, 0x80], true), ([0x08, 0x00], false)] {
            let modulus = [&first[..], &[0x55; 255]].concat();
            let numbers = [tlv(2, &modulus), b"\x02\x01\x03".to_vec()];
            let bits = [&[0], &*tlv(0x30, &numbers.concat())].concat();
            let spki = tlv(0x30, &[&algorithm[..], &tlv(3, &bits)].concat());
            let key = PublicKey::from_spki(&spki).unwrap();
            for (profile, is_accepted) in [
                (CertificateProfile::Interoperable, true),
                (CertificateProfile::Rfc5280, true),
                (CertificateProfile::WebPki, whole_bytes),
            ] {
                let policy = VerifierPolicy::allow_any_authenticated().profile(profile);
                let accepted = acceptable_key(&key, KeyRules::of(&policy), &none);
                assert_eq!(accepted.is_ok(), is_accepted, "{accepted:?} {profile:?}");
            }
        }
    }
}
