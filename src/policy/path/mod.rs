//! Path validation from the leaf to a trust anchor.
//!
//! rustls-webpki builds the path; further checks are made here.

pub(crate) mod candidates;
pub(crate) mod error;
mod no_path;
pub(crate) mod x509_v1;

use core::cell::RefCell;
use std::sync::Arc;

use pki_types::UnixTime;
use webpki::{Error, KeyUsage, VerifiedPath};

use super::certificate::form::check_form;
use super::certificate::key_identifiers::{Identifiers, check_link};
use super::certificate::key_usage::usages_of;
use super::certificate::name_constraints::{NameLimits, check_subject_email};
use super::certificate::public_key::{check_key_of_issuer, kind_of};
use super::presented_chain::PresentedChain;
use super::profile::CertificateProfile;
use super::revocation::{self, Revocation};
use super::trust::anchor_facts::AnchorFacts;
use super::trust::anchors::{Anchors, Candidates};
use super::verdict::defect::PathPosition;
use super::verdict::explanation::Trace;
use super::verdict::reason::RejectionReason;
use super::verdict::rejection::Rejection;
use super::verdict::rule::Rule;
use super::verification::VerificationContext;
use super::verifier_policy::VerifierPolicy;
use crate::peer::{Names, ProvedPath};
use crate::side::Side;
use crate::x509::pkix::KeyUsages;
use crate::x509::{Certificate, rfc4514};
use candidates::relevant;
use error::rejection;

/// Authenticates a path from the leaf to an anchor.
pub(super) fn check_path(
    presented: &PresentedChain<'_>,
    names: Names<'_>,
    anchors: &Anchors,
    revocation: Option<&Revocation>,
    context: &VerificationContext<'_>,
) -> Result<ProvedPath, Rejection> {
    let intermediates =
        relevant(presented).or_else(|rejection| without_path(rejection, context))?;
    let rejection = |error: &Error| rejection(error, presented, anchors, context);
    let leaf = presented.end_entity.as_ref();
    let leaf = leaf.or_else(|error| without_path(rejection(error), context))?;
    let usage = match context.side {
        Side::Client => KeyUsage::client_auth(),
        Side::Server => KeyUsage::server_auth(),
    };
    let candidates = anchors.candidates(&presented.certificates);
    let search = |at: UnixTime, context: &VerificationContext<'_>| {
        // webpki's error type cannot carry our rejection of a path that webpki itself accepts.
        let found = RefCell::new(None);
        let check = |path: &VerifiedPath<'_>| {
            let candidate = context.trace.outline(
                Rule::Path,
                || in_words(presented, path),
                || {
                    let path = check_candidate(path, presented, names, &candidates, context)?;
                    revocation::check(revocation, anchors, context, presented, &path)?;
                    Ok(path)
                },
            );
            let rejected = candidate.is_err();
            found.replace(Some(candidate));
            if rejected {
                Err(Error::UnknownIssuer)
            } else {
                Ok(())
            }
        };
        let result = context
            .algorithms
            .searching(context.verified, |algorithms| {
                leaf.verify_for_usage(
                    algorithms,
                    candidates.as_slice(),
                    &intermediates,
                    at,
                    usage,
                    None,
                    Some(&check),
                )
            });
        match (result.map(drop), found.into_inner()) {
            (Ok(()), Some(Ok(path))) => Ok(path),
            (_, Some(Err(rejection))) => Err(rejection),
            (Err(error), _) => without_path(rejection(&error), context),
            (Ok(()), None) => Err(Rejection::new(RejectionReason::UnknownIssuer)),
        }
    };
    let now = context.time.now;
    let Some(begin) = latest_tolerated_begin(presented, context) else {
        return search(now, context);
    };
    let trace = Trace::off();
    let unseen = VerificationContext {
        trace: &trace,
        ..*context
    };
    // A path that is valid now comes first, and must not end before what has yet to begin.
    let at = if search(now, &unseen).is_ok() {
        now
    } else {
        begin
    };
    search(at, context)
}

/// Records that there is no path to check, and why.
fn without_path<T>(
    rejection: Rejection,
    context: &VerificationContext<'_>,
) -> Result<T, Rejection> {
    let failed = || Err(rejection);
    context
        .trace
        .check(Rule::Path, None, |_| String::new(), failed)
}

/// Returns the last begin of a presented certificate that has begun by the tolerance alone.
///
/// webpki has one time for both ends of a validity. By this one it accepts every such certificate,
/// and still none that has ended.
fn latest_tolerated_begin(
    presented: &PresentedChain<'_>,
    context: &VerificationContext<'_>,
) -> Option<UnixTime> {
    let begins = presented.certificates.iter().map(|(_, c)| c.not_before);
    begins
        .filter(|begin| context.time.is_tolerated(*begin))
        .max()
}

/// Checks of a path that webpki does not make.
///
/// These are the form of the certificates, their public keys and key usages, the match of each key
/// identifier with the issuer, and the anchor itself.
fn check_candidate(
    path: &VerifiedPath<'_>,
    presented: &PresentedChain<'_>,
    names: Names<'_>,
    anchors: &Candidates<'_>,
    context: &VerificationContext<'_>,
) -> Result<ProvedPath, Rejection> {
    let mut intermediates = Vec::new();
    let mut child = (0, presented.leaf()?);
    let mut counted: usize = 0;
    for intermediate in path.intermediate_certificates() {
        let Some((index, certificate)) = presented.find(&intermediate.der()) else {
            return Err(Rejection::new(RejectionReason::MalformedCertificate));
        };
        if context.policy.profile != CertificateProfile::Interoperable {
            context.trace.check(
                Rule::KeyIdentifiers,
                Some(child),
                |()| format!("fits certificate {index}"),
                || {
                    let identifiers = Identifiers::of(index, certificate)?;
                    check_link(child.0, child.1, &identifiers)
                },
            )?;
        }
        check_intermediate(index, certificate, context)?;
        if !certificate.is_self_issued() {
            counted = counted.saturating_add(1);
        }
        intermediates.push((index, certificate));
        child = (index, certificate);
    }
    context.trace.check(
        Rule::Path,
        None,
        |()| format!("{counted} intermediates"),
        || check_length(counted, context.policy),
    )?;
    let anchor = anchors.check_end_of_path(path, child, counted, context)?;
    let leaf = presented.leaf()?;
    context.trace.check(
        Rule::Names,
        Some((0, leaf)),
        |()| "within the name constraints of the CAs above".to_owned(),
        || check_names_below(names, leaf, &intermediates, anchor),
    )?;
    Ok(proved(leaf, &intermediates, anchor))
}

/// Returns the path from the leaf through the intermediates to the anchor, once authenticated.
fn proved(
    leaf: &Certificate<'_>,
    intermediates: &[(usize, &Certificate<'_>)],
    anchor: &AnchorFacts,
) -> ProvedPath {
    let (mut not_before, mut not_after) = anchor.validity();
    let above = intermediates.iter().map(|(_, certificate)| *certificate);
    for certificate in above.chain([leaf]) {
        not_before = not_before.max(certificate.not_before);
        not_after = not_after.min(certificate.not_after);
    }
    ProvedPath {
        intermediates: intermediates.iter().map(|(index, _)| *index).collect(),
        anchor: Arc::clone(anchor.certificate()),
        not_before,
        not_after,
    }
}

/// Applies to the names below each CA the constraints that webpki does not evaluate.
fn check_names_below(
    names: Names<'_>,
    leaf: &Certificate<'_>,
    intermediates: &[(usize, &Certificate<'_>)],
    anchor: &AnchorFacts,
) -> Result<(), Rejection> {
    let mut limits_emails = anchor.name_limits().is_some_and(NameLimits::limits_emails);
    if let Some(limits) = anchor.name_limits() {
        limits.check(leaf, names)?;
    }
    for (index, certificate) in intermediates.iter().rev() {
        if limits_emails && !certificate.is_self_issued() {
            check_subject_email(*index, certificate)?;
        }
        if let Some(limits) = NameLimits::of(certificate) {
            limits.check(leaf, names)?;
            limits_emails |= limits.limits_emails();
        }
    }
    if limits_emails {
        check_subject_email(0, leaf)?;
    }
    Ok(())
}

fn check_length(intermediates: usize, policy: &VerifierPolicy) -> Result<(), Rejection> {
    let most = policy.max_intermediates;
    if intermediates > most {
        Err(Rejection::new(RejectionReason::PathTooLong)
            .with_expected(format!("at most {most} intermediates"))
            .with_presented(intermediates.to_string())
            .with_hint("present a shorter path, or raise `max_intermediates`"))
    } else {
        Ok(())
    }
}

fn check_intermediate(
    index: usize,
    certificate: &Certificate<'_>,
    context: &VerificationContext<'_>,
) -> Result<(), Rejection> {
    let trace = context.trace;
    let about = Some((index, certificate));
    trace.check(
        Rule::PublicKey,
        about,
        |()| kind_of(certificate),
        || check_key_of_issuer(index, certificate, context),
    )?;
    trace.check(
        Rule::KeyUsage,
        about,
        |()| usages_of(certificate),
        || check_signer(index, certificate),
    )?;
    check_form(index, certificate, PathPosition::Issuer, context)
}

/// Verifies that an intermediate may sign certificates.
///
/// OpenSSL skips an intermediate that may not when it builds a path, so its server never passes it
/// to us. The reason is therefore the same as without that intermediate.
fn check_signer(index: usize, certificate: &Certificate<'_>) -> Result<(), Rejection> {
    let may_sign = match certificate.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.0.contains(KeyUsages::KeyCertSign),
        Err(_) => false,
    };
    if may_sign {
        Ok(())
    } else {
        Err(Rejection::new(RejectionReason::UnknownIssuer)
            .about(index, certificate)
            .with_presented("a keyUsage without keyCertSign")
            .with_hint("reissue this intermediate with keyUsage keyCertSign: as it is, it may not issue certificates"))
    }
}

/// Describes the path from the leaf up, for `explain`.
fn in_words(presented: &PresentedChain<'_>, path: &VerifiedPath<'_>) -> String {
    let mut words = "certificate 0".to_owned();
    let mut issuer = presented.leaf().map_or(&[][..], |leaf| leaf.issuer);
    for intermediate in path.intermediate_certificates() {
        if let Some((index, certificate)) = presented.find(&intermediate.der()) {
            words.push_str(&format!(", certificate {index}"));
            issuer = certificate.issuer;
        }
    }
    format!("{words}, trust anchor {}", rfc4514(issuer))
}
