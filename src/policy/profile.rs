//! How a certificate has to be made: what RFC 5280 asks of issuers, and what a judge can tell from the certificate.

use std::borrow::Cow;

use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_KEY_IDENTIFIER};
use der::asn1::OctetString;

use super::extensions::check_extensions;
use super::judgement::Judgement;
use super::leaf::{check_validity, window};
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::rule::Rule;
use crate::x509::{Certificate, rfc4514};

/// How closely certificates have to follow the profile of RFC 5280, section 4, in matters of form.
///
/// Whatever bears on trust (signatures, validity, CA flags, key usages, keys, name constraints, revocation) is judged
/// alike in all of them. The profile is about duties of issuers whose neglect is a sign of a careless CA rather than a
/// way in.
///
/// ```
/// use mtls::{CertificateProfile, VerifierPolicy};
/// let policy = VerifierPolicy::allow_any_authenticated().with_profile(CertificateProfile::Lenient);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum CertificateProfile {
    /// Takes certificates of CAs that were set up by hand: without key identifiers, with a serial number of zero or of
    /// more than 20 octets, with an extension that is critical where it must not be or not critical where it must, with
    /// a date in the wrong type, with underscores in DNS names, with name constraints that begin with a dot. Not on native-tls.
    Lenient,
    /// RFC 5280, section 4. The default.
    ///
    /// It leaves one duty aside: a leaf with neither a subject nor an authority key identifier is taken, since that is
    /// what `openssl x509 -req` of OpenSSL 3.0 makes unless it is told otherwise. One that has the first and lacks the
    /// second is not.
    #[default]
    Rfc5280,
    /// In addition what the CA/Browser Forum's baseline requirements (section 7.1) ask of public web servers' CAs, as
    /// far as a judge can see it without lists of its own: an extended key usage that is there and does not hold
    /// `anyExtendedKeyUsage`, a common name that is also a subject alternative name, no critical one beside a subject,
    /// RSA sizes that are whole bytes, and roots that say nothing that a root must not. Not on native-tls.
    WebPki,
}

/// A rule that a certificate breaks, whoever it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Flaw {
    pub(super) reason: RejectionReason,
    pub(super) expected: Cow<'static, str>,
    pub(super) presented: String,
}

impl Flaw {
    pub(super) fn new(
        reason: RejectionReason,
        expected: impl Into<Cow<'static, str>>,
        presented: impl Into<String>,
    ) -> Self {
        Self {
            reason,
            expected: expected.into(),
            presented: presented.into(),
        }
    }

    /// The refusal of the presented certificate that has the flaw.
    pub(super) fn of(self, index: usize, certificate: &Certificate<'_>) -> Rejection {
        Rejection::new(self.reason)
            .about(index, certificate)
            .with_expected(self.expected)
            .with_presented(self.presented)
    }
}

/// Where a certificate stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Leaf,
    Issuer,
    Anchor,
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
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Octets of the longest serial number (RFC 5280, section 4.1.2.2).
const MAX_SERIAL_OCTETS: usize = 20;

fn check_serial_number(
    certificate: &Certificate<'_>,
    place: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    // Some of the oldest roots have the number zero, and nothing is ever looked up by an anchor's.
    if place == Place::Anchor || profile == CertificateProfile::Lenient {
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
        ));
    }
    if place != Place::Leaf && certificate.has_empty_subject() {
        return Err(Flaw::new(
            RejectionReason::MalformedName,
            "a CA's certificate with a subject",
            "an empty one",
        ));
    }
    Ok(())
}

fn check_date_types(
    certificate: &Certificate<'_>,
    _: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    match certificate.has_early_general_time && profile != CertificateProfile::Lenient {
        false => Ok(()),
        true => Err(Flaw::new(
            RejectionReason::MalformedCertificate,
            "dates before 2050 as UTCTime",
            "a GeneralizedTime",
        )),
    }
}

pub(super) fn without_key() -> Flaw {
    Flaw::new(
        RejectionReason::MissingKeyIdentifier,
        "an authorityKeyIdentifier with a keyIdentifier",
        "issuer and serial number alone",
    )
}

fn check_key_identifiers(
    certificate: &Certificate<'_>,
    place: Place,
    profile: CertificateProfile,
) -> Result<(), Flaw> {
    if profile == CertificateProfile::Lenient {
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
            error.to_string(),
        )
    })?;
    match of_issuer {
        Some(identifier) if identifier.key_identifier.is_none() => Err(without_key()),
        _ => Ok(()),
    }
}
