//! What a leaf must be, whoever issued it.

use pki_types::{UnixTime, alg_id};

use super::algorithms::SignatureAlgorithms;
use super::flaw::{Flaw, Place};
use super::judgement::Judgement;
use super::profile::{CertificateProfile, check_form};
use super::reason::RejectionReason;
use super::rejection::{Rejection, rfc3339};
use super::rule::Rule;
use super::usage::{check_key_usage, check_purpose, purposes_of, usages_of};
use super::verifier_policy::VerifierPolicy;
use super::webpki_profile;
use crate::peer::{NameKind, Names, cut};
use crate::x509::{Certificate, KeyKind, MAX_RSA_BITS, PublicKey, Version, X509Error};

/// Everything that is asked of a leaf by itself.
pub(super) fn check_leaf(
    leaf: &Certificate<'_>,
    names: Names<'_>,
    judgement: &Judgement<'_>,
) -> Result<(), Rejection> {
    let &Judgement {
        policy,
        role,
        trace,
        ..
    } = judgement;
    let about = Some((0, leaf));
    trace.check(
        Rule::Version,
        about,
        |()| "3".to_owned(),
        || check_version(leaf),
    )?;
    check_form(0, leaf, Place::Leaf, judgement)?;
    trace.check(
        Rule::BasicConstraints,
        about,
        |()| "no CA".to_owned(),
        || check_no_ca(leaf),
    )?;
    trace.check(
        Rule::PublicKey,
        about,
        |()| kind_of(leaf),
        || check_key(0, leaf, judgement),
    )?;
    trace.check(
        Rule::KeyUsage,
        about,
        |()| usages_of(leaf),
        || check_key_usage(leaf, policy.profile),
    )?;
    trace.check(
        Rule::ExtendedKeyUsage,
        about,
        |()| purposes_of(leaf),
        || check_purpose(leaf, role),
    )?;
    if policy.profile == CertificateProfile::WebPki {
        trace.check(
            Rule::WebPki,
            about,
            |()| String::new(),
            || webpki_profile::check_leaf(leaf, names).map_err(|flaw| flaw.of(0, leaf)),
        )?;
    }
    trace.check(
        Rule::LeafLifetime,
        about,
        |()| lifetime_in_words(policy),
        || check_lifetime(leaf, policy),
    )
}

fn check_version(leaf: &Certificate<'_>) -> Result<(), Rejection> {
    match leaf.version {
        Version::V3 => Ok(()),
        version => Err(Rejection::new(RejectionReason::UnsupportedVersion)
            .about(0, leaf)
            .with_expected("X.509 V3")
            .with_presented(format!("X.509 {version:?}"))),
    }
}

fn check_no_ca(leaf: &Certificate<'_>) -> Result<(), Rejection> {
    match leaf.is_ca() {
        Ok(false) => Ok(()),
        Ok(true) => Err(Rejection::new(RejectionReason::CaAsLeaf)
            .about(0, leaf)
            .with_presented("basicConstraints CA:TRUE")
            .with_hint(if leaf.is_self_issued() {
                "a self-signed CA certificate stands for no client or server: issue a leaf with it (basicConstraints \
                 CA:FALSE) for a key of its own, and present the leaf"
            } else {
                "if this is meant to be a leaf, have its CA reissue it with basicConstraints CA:FALSE; if it is a CA, issue \
                 a leaf with it, and present the leaf with this certificate after it"
            })),
        Err(error) => Err(unreadable(0, leaf, &error)),
    }
}

pub(super) fn window(certificate: &Certificate<'_>) -> String {
    format!(
        "from {} to {}",
        rfc3339(certificate.not_before),
        rfc3339(certificate.not_after)
    )
}

pub(super) fn kind_of(certificate: &Certificate<'_>) -> String {
    certificate
        .public_key
        .kind()
        .map_or_else(|error| error.to_string(), |kind| kind.to_string())
}

pub(super) fn check_validity(
    index: usize,
    certificate: &Certificate<'_>,
    now: UnixTime,
) -> Result<(), Rejection> {
    let reason = if now < certificate.not_before {
        RejectionReason::NotYetValid
    } else if now > certificate.not_after {
        RejectionReason::Expired
    } else {
        return Ok(());
    };
    Err(Rejection::new(reason)
        .about(index, certificate)
        .with_expected(format!(
            "valid from {} to {}",
            rfc3339(certificate.not_before),
            rfc3339(certificate.not_after)
        ))
        .with_presented(format!("now {}", rfc3339(now))))
}

pub(super) fn check_key(
    index: usize,
    certificate: &Certificate<'_>,
    judgement: &Judgement<'_>,
) -> Result<(), Rejection> {
    let &Judgement {
        policy, algorithms, ..
    } = judgement;
    acceptable_key(&certificate.public_key, policy, algorithms)
        .map_err(|found| unacceptable_key(found, policy, algorithms).of(index, certificate))
}

pub(super) fn unacceptable_key(
    found: String,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Flaw {
    let optional: String = [("P-521", alg_id::ECDSA_P521), ("ML-DSA", alg_id::ML_DSA_65)]
        .iter()
        .filter(|(_, key)| algorithms.take_keys_of(key))
        .map(|(name, _)| format!("{name}, "))
        .collect();
    Flaw::new(
        RejectionReason::UnacceptableKey,
        format!(
            "ECDSA P-256 or P-384, {optional}Ed25519, or RSA {} to {MAX_RSA_BITS} bits",
            policy.minimum_rsa_bits
        ),
        found,
        "reissue the certificate with a key of ECDSA P-256 or P-384, Ed25519, or RSA (2048 to 8192 bits): every crypto \
         library has these",
    )
}

/// Whether a key is on the list, sound, and of an algorithm that is at hand; the error names what
/// it is.
pub(super) fn acceptable_key(
    key: &PublicKey<'_>,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Result<(), String> {
    let kind = key.kind().map_err(|error| format!("unreadable: {error}"))?;
    if !kind.is_listed(policy.minimum_rsa_bits) {
        return Err(kind.to_string());
    }
    if let Some(fault) = key.fault() {
        return Err(format!("{kind} with {fault}"));
    }
    if !algorithms.take_key(key) {
        return Err(format!("{kind}, which the crypto library does not have"));
    }
    match kind {
        KeyKind::Rsa { bits } if bits % 8 != 0 && policy.profile == CertificateProfile::WebPki => {
            Err(format!("RSA {bits} bits, which are no whole bytes"))
        }
        _ => Ok(()),
    }
}

/// Every name is a legal one (RFC 5280, section 4.2.1.6), and DNS names hold letters, digits and
/// hyphens (RFC 1034, section 3.5).
pub(super) fn check_names(
    leaf: &Certificate<'_>,
    names: Names<'_>,
    profile: CertificateProfile,
) -> Result<(), Rejection> {
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let underscored = || names.texts(NameKind::Dns).find(|name| name.contains('_'));
    let (expected, presented, hint) = if let Some(name) = names.unreadable().next() {
        (
            "legal names alone",
            name.to_string(),
            "reissue the certificate without that name, or with a legal one in its place; or accept it, as a name that \
             matches nothing, by `CertificateProfile::Interoperable`",
        )
    } else if names.has_empty_san() {
        (
            "a subjectAltName with a name in it",
            "an empty one".to_owned(),
            "reissue the certificate with a name in its subjectAltName, or without the extension; or accept it by \
             `CertificateProfile::Interoperable`",
        )
    } else if let Some(name) = underscored() {
        (
            "DNS names of letters, digits and hyphens",
            format!("DNS name {}", cut(name)),
            "reissue the certificate with DNS names without underscores; or accept them by \
             `CertificateProfile::Interoperable`",
        )
    } else {
        return Ok(());
    };
    Err(Flaw::new(RejectionReason::MalformedName, expected, presented, hint).of(0, leaf))
}

/// A name that cannot be read is rejected where a CA limits its kind, and a platform does not show
/// its CAs.
pub(super) fn check_hides_nothing(
    leaf: &Certificate<'_>,
    names: Names<'_>,
) -> Result<(), Rejection> {
    let Some(name) = names.unreadable().next() else {
        return Ok(());
    };
    let flaw = Flaw::new(
        RejectionReason::MalformedName,
        "legal names alone, since the platform does not show what the CAs limit",
        name.to_string(),
        "reissue the certificate without that name, or choose another backend",
    );
    Err(flaw.of(0, leaf))
}

pub(super) fn lifetime_in_words(policy: &VerifierPolicy) -> String {
    match policy.maximum_leaf_lifetime {
        Some(longest) => format!("at most {} s", longest.as_secs()),
        None => "not limited".to_owned(),
    }
}

pub(super) fn check_lifetime(
    leaf: &Certificate<'_>,
    policy: &VerifierPolicy,
) -> Result<(), Rejection> {
    let Some(longest) = policy.maximum_leaf_lifetime else {
        return Ok(());
    };
    // Both ends count (RFC 5280, section 4.1.2.5).
    let lifetime = leaf
        .not_after
        .as_secs()
        .saturating_sub(leaf.not_before.as_secs())
        .saturating_add(1);
    match lifetime > longest.as_secs() {
        false => Ok(()),
        true => Err(Flaw::new(
            RejectionReason::LifetimeTooLong,
            format!("a leaf valid for at most {} s", longest.as_secs()),
            format!("{lifetime} s, {}", window(leaf)),
            "have the CA issue leaves for a shorter time, or raise `with_maximum_leaf_lifetime`",
        )
        .of(0, leaf)),
    }
}

pub(super) fn unreadable(
    index: usize,
    certificate: &Certificate<'_>,
    error: &X509Error,
) -> Rejection {
    Rejection::new(RejectionReason::MalformedCertificate)
        .about(index, certificate)
        .with_presented(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    /// The numbers are of no key pair: whether they are primes is asked by no verifier.
    #[test]
    fn the_public_web_has_rsa_keys_of_whole_bytes() {
        // rsaEncryption with NULL parameters.
        let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        let none = SignatureAlgorithms::new([]);
        // Of 2048 bits, with a zero before them for the sign, and of 2052.
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
                let policy = VerifierPolicy::allow_any_authenticated().with_profile(profile);
                let accepted = acceptable_key(&key, &policy, &none);
                assert_eq!(accepted.is_ok(), is_accepted, "{accepted:?} {profile:?}");
            }
        }
    }
}
