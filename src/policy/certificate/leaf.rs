//! Checks of a leaf by itself, independent of its issuer.

use super::form::check_form;
use super::key_usage::{check_key_usage, check_purpose, purposes_of, usages_of};
use super::public_key::{check_key, kind_of};
use super::validity::{check_lifetime, lifetime_in_words};
use super::web_pki;
use crate::peer::{NameKind, Names, cut};
use crate::policy::profile::CertificateProfile;
use crate::policy::verdict::defect::{Defect, PathPosition, unreadable};
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::policy::verification::VerificationContext;
use crate::x509::{Certificate, Version};

/// Runs every check of a leaf by itself.
pub(crate) fn check_leaf(
    leaf: &Certificate<'_>,
    names: Names<'_>,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    let &VerificationContext {
        policy,
        side,
        trace,
        ..
    } = context;
    let about = Some((0, leaf));
    trace.check(
        Rule::Version,
        about,
        |()| "3".to_owned(),
        || check_version(leaf),
    )?;
    check_form(0, leaf, PathPosition::Leaf, context)?;
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
        || check_key(0, leaf, context),
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
        || check_purpose(leaf, side),
    )?;
    if policy.profile == CertificateProfile::WebPki {
        trace.check(
            Rule::WebPki,
            about,
            |()| String::new(),
            || web_pki::check_leaf(leaf, names).map_err(|defect| defect.of(0, leaf)),
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
        Ok(true) => Err(Rejection::new(RejectionReason::LeafIsCa)
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

/// Verifies that every name is legal (RFC 5280, section 4.2.1.6).
///
/// DNS names hold letters, digits and hyphens (RFC 1034, section 3.5).
pub(crate) fn check_names(
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
             matches nothing, by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        )
    } else if names.has_empty_san() {
        (
            "a subjectAltName with a name in it",
            "an empty one".to_owned(),
            "reissue the certificate with a name in its subjectAltName, or without the extension; or accept it by \
             the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        )
    } else if let Some(name) = underscored() {
        (
            "DNS names of letters, digits and hyphens",
            format!("DNS name {}", cut(name)),
            "reissue the certificate with DNS names without underscores; or accept them by \
             the profile `interoperable` (in code: `CertificateProfile::Interoperable`)",
        )
    } else {
        return Ok(());
    };
    Err(Defect::new(RejectionReason::MalformedName, expected, presented, hint).of(0, leaf))
}

/// Rejects unreadable names, for backends whose platform does not expose the CAs.
///
/// Such a name must be rejected if a CA constrains its kind, which cannot be seen there.
pub(crate) fn check_hides_nothing(
    leaf: &Certificate<'_>,
    names: Names<'_>,
) -> Result<(), Rejection> {
    let Some(name) = names.unreadable().next() else {
        return Ok(());
    };
    let defect = Defect::new(
        RejectionReason::MalformedName,
        "legal names alone, since the platform does not show what the CAs limit",
        name.to_string(),
        "reissue the certificate without that name, or choose another backend",
    );
    Err(defect.of(0, leaf))
}
