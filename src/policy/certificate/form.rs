//! The form of a certificate: the duties of issuers that a verifier can check from the certificate.

use base16ct::HexDisplay;
use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_KEY_IDENTIFIER};
use der::asn1::OctetString;

use super::extensions::check_extensions;
use super::name_constraints::check_name_constraints;
use super::validity::{check_validity, window};
use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::{Defect, PathPosition, without_key};
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::VerificationContext;
use crate::x509::{Certificate, rfc4514};

/// One check of every certificate of a path, the anchor included.
struct FormCheck {
    rule: Rule,
    /// Describes the checked value, for `explain`.
    seen: fn(&Certificate<'_>) -> String,
    ask: fn(&Certificate<'_>, PathPosition, CertificateProfile) -> Result<(), Defect>,
}

const CHECKS: &[FormCheck] = &[
    FormCheck {
        rule: Rule::Validity,
        seen: window,
        ask: check_date_types,
    },
    FormCheck {
        rule: Rule::SerialNumber,
        seen: |c| serial_number(c.serial),
        ask: check_serial_number,
    },
    FormCheck {
        rule: Rule::Names,
        seen: |c| format!("issuer {}", rfc4514(c.issuer)),
        ask: check_directory_names,
    },
    FormCheck {
        rule: Rule::Extensions,
        seen: extensions_of,
        ask: check_extensions,
    },
    FormCheck {
        rule: Rule::KeyIdentifiers,
        seen: key_identifiers_of,
        ask: check_key_identifiers,
    },
];

/// Verifies the form of a presented certificate, and its validity at the current time.
pub(crate) fn check_form(
    index: usize,
    certificate: &Certificate<'_>,
    position: PathPosition,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    for check in CHECKS {
        context.trace.check(
            check.rule,
            Some((index, certificate)),
            |()| (check.seen)(certificate),
            || {
                if check.rule == Rule::Validity {
                    check_validity(index, certificate, context.time)?;
                }
                (check.ask)(certificate, position, context.policy.profile)
                    .map_err(|defect| defect.of(index, certificate))
            },
        )?;
    }
    Ok(())
}

/// Returns the first defect in the form of a trust anchor.
pub(crate) fn anchor_defect(
    certificate: &Certificate<'_>,
    profile: CertificateProfile,
) -> Option<Defect> {
    if profile == CertificateProfile::Interoperable {
        // RFC 5280, section 6.1.1 (d): an anchor is a name and a key, and here constraints; nothing
        // else counts.
        let named = check_directory_names(certificate, PathPosition::Anchor, profile);
        let constraints = || check_name_constraints(certificate, PathPosition::Anchor, profile);
        return named.and_then(|()| constraints()).err();
    }
    let mut checks = CHECKS.iter();
    checks.find_map(|check| (check.ask)(certificate, PathPosition::Anchor, profile).err())
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
    match bytes.split_at_checked(MAX_SHOWN_OCTETS) {
        Some((head, [_, ..])) => format!("{:x}..", HexDisplay(head)),
        _ => format!("{:x}", HexDisplay(bytes)),
    }
}

/// Writes a serial number as OpenSSL does: in upper case, without the zero that marks the sign.
fn serial_number(content: &[u8]) -> String {
    let digits = match content {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    hex(digits).to_ascii_uppercase()
}

/// The most octets of a number or identifier in a message.
const MAX_SHOWN_OCTETS: usize = 64;

/// The length of the longest serial number in octets (RFC 5280, section 4.1.2.2).
const MAX_SERIAL_OCTETS: usize = 20;

fn check_serial_number(
    certificate: &Certificate<'_>,
    position: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    // Some of the oldest roots have the number zero, and no lookup uses an anchor's number.
    if position == PathPosition::Anchor || profile == CertificateProfile::Interoperable {
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
    Err(Defect::new(
        RejectionReason::InvalidSerialNumber,
        "a positive serial number of at most 20 octets",
        problem,
        "reissue the certificate with a random serial number of 1 to 20 octets; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
    ))
}

fn check_directory_names(
    certificate: &Certificate<'_>,
    position: PathPosition,
    _: CertificateProfile,
) -> Result<(), Defect> {
    // RFC 5280, sections 4.1.2.4 and 4.1.2.6.
    if certificate.has_empty_issuer() {
        return Err(Defect::new(
            RejectionReason::MalformedName,
            "an issuer name",
            "an empty one",
            "reissue the certificate with the subject of its CA as issuer",
        ));
    }
    if position != PathPosition::Leaf && certificate.has_empty_subject() {
        return Err(Defect::new(
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
    _: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    if !certificate.has_early_general_time || profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    Err(Defect::new(
        RejectionReason::MalformedCertificate,
        "dates before 2050 as UTCTime",
        "a GeneralizedTime",
        "reissue the certificate with dates before 2050 as UTCTime; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
    ))
}

fn check_key_identifiers(
    certificate: &Certificate<'_>,
    position: PathPosition,
    profile: CertificateProfile,
) -> Result<(), Defect> {
    if profile == CertificateProfile::Interoperable {
        return Ok(());
    }
    let has_own = certificate
        .extension(ID_CE_SUBJECT_KEY_IDENTIFIER)
        .is_some();
    if position != PathPosition::Leaf && !has_own {
        // RFC 5280, section 4.2.1.2.
        return Err(Defect::new(
            RejectionReason::MissingKeyIdentifier,
            "a CA's certificate with a subjectKeyIdentifier",
            "none",
            "reissue the CA certificate with `subjectKeyIdentifier = hash`; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        ));
    }
    // RFC 5280, section 4.2.1.1: a self-signed certificate may omit it.
    if !has_own || (position == PathPosition::Anchor && certificate.is_self_issued()) {
        return Ok(());
    }
    if certificate
        .extension(ID_CE_AUTHORITY_KEY_IDENTIFIER)
        .is_none()
    {
        return Err(Defect::new(
            RejectionReason::MissingKeyIdentifier,
            "an authorityKeyIdentifier",
            "a subjectKeyIdentifier alone",
            "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        ));
    }
    if position != PathPosition::Anchor {
        // `check_link` checks the content together with the issuer, so that it is parsed once.
        return Ok(());
    }
    let of_issuer = certificate.authority_key_identifier().map_err(|error| {
        Defect::new(
            RejectionReason::MalformedCertificate,
            "a readable authorityKeyIdentifier",
            error.to_string(), "reissue the certificate with `authorityKeyIdentifier = keyid`; or accept it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",)
    })?;
    match of_issuer {
        Some(identifier) if identifier.key_identifier.is_none() => Err(without_key()),
        _ => Ok(()),
    }
}
