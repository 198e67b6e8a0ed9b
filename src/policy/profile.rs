//! How a certificate has to be made: what RFC 5280 asks of issuers, and what a judge can tell from
//! the certificate.

use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_KEY_IDENTIFIER};
use der::asn1::OctetString;

use super::extensions::check_extensions;
use super::flaw::{Flaw, Place};
use super::judgement::Judgement;
use super::leaf::{check_validity, window};
use super::name_constraints::check_name_constraints;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::rule::Rule;
use crate::x509::{Certificate, rfc4514};

/// How closely certificates have to follow the profile of RFC 5280, section 4, in matters of form.
///
/// What bears on trust holds in every profile: signatures, keys, validity, CA flag, key usage,
/// extended key usage, path length, names, name constraints, revocation, critical extensions that
/// are unknown. A profile is about the rest: duties of issuers whose neglect lets no stranger in. The
/// table says for each rule in which profile it holds.
///
/// | rule | `Interoperable` | `Rfc5280` | `WebPki` | source | why it does not bear on trust |
/// |---|---|---|---|---|---|
/// | serial numbers are positive, of at most 20 octets | | yes | yes | 4.1.2.2 | lists find them by their octets |
/// | dates before 2050 are `UTCTime` | | yes | yes | 4.1.2.5 | both types are read to the second |
/// | key identifiers are there, and fit | | yes | yes | 4.2.1.1, 4.2.1.2 | the signature tells which key signed |
/// | key identifiers, authorityInfoAccess, subjectInfoAccess, subjectDirectoryAttributes, freshestCRL are not critical | (a) | yes | yes | 4.2.1, 4.2.2, 5.2.6 | see (a) |
/// | a CA's basicConstraints is critical | | yes | yes | 4.2.1.9 | it is processed all the same |
/// | a CA's nameConstraints is critical | | yes | | 4.2.1.10; BR 7.1.2.10.8 | they are processed all the same |
/// | name constraints hold no leading dot, minimum, maximum or odd mask | (b) | yes | yes | 4.2.1.10 | see (b) |
/// | policyConstraints and inhibitAnyPolicy are critical | (c) | yes | yes | 4.2.1.11, 4.2.1.14 | certificate policies decide nothing here |
/// | alternative names beside an empty subject are critical | | yes | yes | 4.1.2.6 | they are processed all the same |
/// | a leaf has no name constraints | | yes | yes | 4.2.1.10 | a leaf issues nothing |
/// | a leaf without CA flag has no keyCertSign | | yes | yes | 4.2.1.3 | without the flag nothing it signs counts |
/// | authorityInfoAccess can be read and is not empty | | yes | yes | 4.2.2.1 | nothing is fetched from it |
/// | names are legal, every one | (d) | yes | yes | 4.2.1.6 | see (d) |
/// | DNS names have no underscore | | yes | yes | 4.2.1.6 | it reads in one way only |
/// | a trust anchor keeps the rules above, and has no unknown critical extension | | yes | yes | 6.1.1 | an anchor is its name, key, validity, CA flag, key usage, path length, name constraints and extended key usage |
/// | a leaf has an extended key usage, which is not critical and without `anyExtendedKeyUsage` | | | yes | BR 7.1.2.7.6, 7.1.2.7.10 | |
/// | a common name is an alternative name; alternative names are there, and not critical beside a subject | | | yes | BR 7.1.2.7.12, 7.1.4.3 | |
/// | RSA sizes are whole bytes | | | yes | BR 6.1.5 | |
/// | a root has no extended key usage, and no key identifier of another key | | | yes | BR 7.1.2.1 | |
///
/// - (a) One that is critical is rejected in every profile: to path validation it is unknown.
/// - (b) A dot before the name is read as in RFC 5280's URI constraints: permitted are the hosts
///   below the name; excluded are these and the name itself. What else cannot be read rejects the
///   names that it is about.
/// - (c) One that is critical is rejected in every profile, but for trust anchors: policies are not
///   processed.
/// - (d) A name that cannot be read is kept as unreadable and matches nothing:
///   [`PeerIdentity::unreadable_names`](crate::PeerIdentity::unreadable_names). NUL, control
///   characters and whatever reads as two names reject in every profile.
///
/// ```
/// use mtls::{CertificateProfile, VerifierPolicy};
/// let policy = VerifierPolicy::allow_any_authenticated().with_profile(CertificateProfile::Rfc5280);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum CertificateProfile {
    /// What bears on trust, and nothing else. The default.
    ///
    /// It accepts what ordinary tools make and other TLS libraries accept: easy-rsa, keytool,
    /// cfssl, node-forge and Go's `x509` package by their defaults among them. Policy extensions
    /// that are not critical are not processed, as in rustls and in OpenSSL by default.
    #[default]
    Interoperable,
    /// RFC 5280, section 4, as well. Not on native-tls.
    ///
    /// It leaves one duty aside: a leaf with neither a subject nor an authority key identifier is
    /// accepted, since that is what `openssl x509 -req` of OpenSSL 3.0 makes by default. One that
    /// has the first and lacks the second is not.
    Rfc5280,
    /// `Rfc5280`, and what the CA/Browser Forum's baseline requirements (BR, section 7.1) ask of
    /// public web servers' CAs, as far as a verifier can see it without lists of its own. Not on
    /// native-tls.
    WebPki,
}

/// What is asked of every certificate of a path, the anchor included.
struct Check {
    rule: Rule,
    /// What it looks at, for `explain`.
    seen: fn(&Certificate<'_>) -> String,
    ask: fn(&Certificate<'_>, Place, CertificateProfile) -> Result<(), Flaw>,
}

const CHECKS: &[Check] = &[
    Check {
        rule: Rule::Validity,
        seen: window,
        ask: check_date_types,
    },
    Check {
        rule: Rule::SerialNumber,
        seen: |c| hex(c.serial),
        ask: check_serial_number,
    },
    Check {
        rule: Rule::Names,
        seen: |c| format!("issuer {}", rfc4514(c.issuer)),
        ask: check_directory_names,
    },
    Check {
        rule: Rule::Extensions,
        seen: extensions_of,
        ask: check_extensions,
    },
    Check {
        rule: Rule::KeyIdentifiers,
        seen: key_identifiers_of,
        ask: check_key_identifiers,
    },
];

/// Judges the form of a presented certificate, and whether now lies in its validity.
pub(super) fn check_form(
    index: usize,
    certificate: &Certificate<'_>,
    place: Place,
    judgement: &Judgement<'_>,
) -> Result<(), Rejection> {
    for check in CHECKS {
        judgement.trace.check(
            check.rule,
            Some((index, certificate)),
            |()| (check.seen)(certificate),
            || {
                if check.rule == Rule::Validity {
                    check_validity(index, certificate, judgement.now)?;
                }
                (check.ask)(certificate, place, judgement.policy.profile)
                    .map_err(|flaw| flaw.of(index, certificate))
            },
        )?;
    }
    Ok(())
}

/// The first flaw in the form of a trust anchor.
pub(super) fn flaw_of_anchor(
    certificate: &Certificate<'_>,
    profile: CertificateProfile,
) -> Option<Flaw> {
    if profile == CertificateProfile::Interoperable {
        // RFC 5280, section 6.1.1 (d): a name, a key, and here constraints. Nothing else of the certificate counts.
        let named = check_directory_names(certificate, Place::Anchor, profile);
        let constraints = || check_name_constraints(certificate, Place::Anchor, profile);
        return named.and_then(|()| constraints()).err();
    }
    let mut checks = CHECKS.iter();
    checks.find_map(|check| (check.ask)(certificate, Place::Anchor, profile).err())
}

fn extensions_of(certificate: &Certificate<'_>) -> String {
    let count = certificate.extensions.len();
    let critical = certificate.extensions.iter().filter(|e| e.critical).count();
    format!("{count}, of which {critical} critical")
}

fn key_identifiers_of(certificate: &Certificate<'_>) -> String {
    let own = certificate.subject_key_identifier();
    let of_issuer = certificate.authority_key_identifier();
    let of_issuer = of_issuer.ok().flatten().and_then(|id| id.key_identifier);
    let words = |id: Option<&[u8]>| id.map_or_else(|| "none".to_owned(), hex);
    format!(
        "own {}, issuer's {}",
        words(own.ok().flatten().as_ref().map(|id| id.0.as_bytes())),
        words(of_issuer.as_ref().map(OctetString::as_bytes))
    )
}

fn hex(bytes: &[u8]) -> String {
    let shown = bytes.iter().take(MAX_SHOWN_OCTETS);
    let mut hex: String = shown.map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > MAX_SHOWN_OCTETS {
        hex.push_str("..");
    }
    hex
}

/// Octets of a number or identifier that stand in a message.
const MAX_SHOWN_OCTETS: usize = 64;

/// Octets of the longest serial number (RFC 5280, section 4.1.2.2).
const MAX_SERIAL_OCTETS: usize = 20;

fn check_serial_number(
    certificate: &Certificate<'_>,
    place: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    // Some of the oldest roots have the number zero, and nothing is ever looked up by an anchor's.
    if place == Place::Anchor || profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let serial = certificate.serial;
    let magnitude = match serial {
        [0, rest @ ..] => rest,
        all => all,
    };
    let problem = if serial.first().is_some_and(|first| first & 0x80 != 0) {
        "a negative number".to_owned()
    } else if magnitude.iter().all(|octet| *octet == 0) {
        "zero".to_owned()
    } else if magnitude.len() > MAX_SERIAL_OCTETS {
        format!("{} octets", magnitude.len())
    } else {
        return Ok(());
    };
    Err(Flaw::new(
        RejectionReason::InvalidSerialNumber,
        "a positive serial number of at most 20 octets",
        problem,
        "reissue the certificate with a random serial number of 1 to 20 octets; or accept it by `CertificateProfile::Interoperable`",
    ))
}

fn check_directory_names(
    certificate: &Certificate<'_>,
    place: Place,
    _: CertificateProfile,
) -> Result<(), Flaw> {
    // RFC 5280, sections 4.1.2.4 and 4.1.2.6.
    if certificate.has_empty_issuer() {
        return Err(Flaw::new(
            RejectionReason::MalformedName,
            "an issuer name",
            "an empty one",
            "reissue the certificate with the subject of its CA as issuer",
        ));
    }
    if place != Place::Leaf && certificate.has_empty_subject() {
        return Err(Flaw::new(
            RejectionReason::MalformedName,
            "a CA's certificate with a subject",
            "an empty one",
            "reissue the CA certificate with a subject",
        ));
    }
    Ok(())
}

fn check_date_types(
    certificate: &Certificate<'_>,
    _: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    if !certificate.has_early_general_time || profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    Err(Flaw::new(
        RejectionReason::MalformedCertificate,
        "dates before 2050 as UTCTime",
        "a GeneralizedTime",
        "reissue the certificate with dates before 2050 as UTCTime; or accept it by `CertificateProfile::Interoperable`",
    ))
}

pub(super) fn without_key() -> Flaw {
    Flaw::new(
        RejectionReason::MissingKeyIdentifier,
        "an authorityKeyIdentifier with a keyIdentifier",
        "issuer and serial number alone",
        "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by `CertificateProfile::Interoperable`",
    )
}

fn check_key_identifiers(
    certificate: &Certificate<'_>,
    place: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let has_own = certificate
        .extension(ID_CE_SUBJECT_KEY_IDENTIFIER)
        .is_some();
    if place != Place::Leaf && !has_own {
        // RFC 5280, section 4.2.1.2.
        return Err(Flaw::new(
            RejectionReason::MissingKeyIdentifier,
            "a CA's certificate with a subjectKeyIdentifier",
            "none",
            "reissue the CA certificate with `subjectKeyIdentifier = hash`; or accept it by `CertificateProfile::Interoperable`",
        ));
    }
    // RFC 5280, section 4.2.1.1: a self-signed certificate may leave it out.
    if !has_own || (place == Place::Anchor && certificate.is_self_issued()) {
        return Ok(());
    }
    if certificate
        .extension(ID_CE_AUTHORITY_KEY_IDENTIFIER)
        .is_none()
    {
        return Err(Flaw::new(
            RejectionReason::MissingKeyIdentifier,
            "an authorityKeyIdentifier",
            "a subjectKeyIdentifier alone",
            "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by `CertificateProfile::Interoperable`",
        ));
    }
    if place != Place::Anchor {
        // What is in it is asked with the issuer at hand, so that it is read once.
        return Ok(());
    }
    let of_issuer = certificate.authority_key_identifier().map_err(|error| {
        Flaw::new(
            RejectionReason::MalformedCertificate,
            "a readable authorityKeyIdentifier",
            error.to_string(), "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by `CertificateProfile::Interoperable`",)
    })?;
    match of_issuer {
        Some(identifier) if identifier.key_identifier.is_none() => Err(without_key()),
        _ => Ok(()),
    }
}
