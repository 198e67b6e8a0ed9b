//! What a leaf must be, whoever issued it.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use pki_types::UnixTime;

use super::explanation::Trace;
use super::rejection::{Rejection, RejectionReason, rfc3339};
use super::rule::Rule;
use crate::x509::{Certificate, KeyKind, PublicKey, Version, X509Error};

/// Bits of the smallest RSA modulus that is accepted (NIST SP 800-57 part 1, 112 bits of strength).
pub(super) const MIN_RSA_BITS: usize = 2048;
/// Bits of the largest RSA modulus that is accepted: larger ones only cost time.
pub(super) const MAX_RSA_BITS: usize = 8192;

/// Which end of the connection the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Server,
}

impl Role {
    fn purpose(self) -> (ObjectIdentifier, &'static str) {
        match self {
            Self::Client => (ID_KP_CLIENT_AUTH, "clientAuth"),
            Self::Server => (ID_KP_SERVER_AUTH, "serverAuth"),
        }
    }
}

/// Validity, CA flag, key and extended key usage of the leaf, in this order.
pub(super) fn check_leaf(
    leaf: &Certificate<'_>,
    role: Role,
    now: UnixTime,
    trace: &Trace,
) -> Result<(), Rejection> {
    let about = Some((0, leaf));
    trace.check(
        Rule::Validity,
        about,
        |()| window(leaf),
        || check_validity(0, leaf, now),
    )?;
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
        || check_key(0, leaf),
    )?;
    trace.check(
        Rule::ExtendedKeyUsage,
        about,
        |()| String::new(),
        || check_purpose(leaf, role),
    )
}

pub(super) fn check_version(leaf: &Certificate<'_>) -> Result<(), Rejection> {
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
        Ok(true) => Err(Rejection::new(RejectionReason::CaAsLeaf).about(0, leaf)),
        Err(error) => Err(unreadable(0, leaf, &error)),
    }
}

fn window(certificate: &Certificate<'_>) -> String {
    format!(
        "from {} to {}",
        rfc3339(certificate.not_before),
        rfc3339(certificate.not_after)
    )
}

fn kind_of(certificate: &Certificate<'_>) -> String {
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

pub(super) fn check_key(index: usize, certificate: &Certificate<'_>) -> Result<(), Rejection> {
    acceptable_key(&certificate.public_key).map_err(|found| {
        Rejection::new(RejectionReason::UnacceptableKey)
            .about(index, certificate)
            .with_expected(format!(
                "ECDSA P-256 or P-384, Ed25519, or RSA {MIN_RSA_BITS} to {MAX_RSA_BITS} bits"
            ))
            .with_presented(found)
    })
}

/// Whether a key is on the list; the error names what it is.
pub(super) fn acceptable_key(key: &PublicKey<'_>) -> Result<(), String> {
    match key.kind() {
        Ok(KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519) => Ok(()),
        Ok(KeyKind::Rsa { bits }) if (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) => Ok(()),
        Ok(other) => Err(other.to_string()),
        Err(error) => Err(format!("unreadable: {error}")),
    }
}

/// A certificate without the extension may be used for anything (RFC 5280, section 4.2.1.12).
fn check_purpose(leaf: &Certificate<'_>, role: Role) -> Result<(), Rejection> {
    let usage = leaf
        .extended_key_usage()
        .map_err(|error| unreadable(0, leaf, &error))?;
    let (wanted, name) = role.purpose();
    match usage {
        Some(usage) if !usage.0.contains(&wanted) => {
            let listed: Vec<String> = usage.0.iter().map(purpose_name).collect();
            let presented = match listed.is_empty() {
                true => "an empty list".to_owned(),
                false => listed.join(", "),
            };
            Err(Rejection::new(RejectionReason::WrongExtendedKeyUsage)
                .about(0, leaf)
                .with_expected(name)
                .with_presented(presented))
        }
        _ => Ok(()),
    }
}

fn purpose_name(oid: &ObjectIdentifier) -> String {
    match *oid {
        ID_KP_CLIENT_AUTH => "clientAuth".to_owned(),
        ID_KP_SERVER_AUTH => "serverAuth".to_owned(),
        other => other.to_string(),
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
