//! From the leaf to a trust anchor, by rustls-webpki, and what has to be asked above it.

use core::cell::RefCell;
use std::sync::Arc;

use pki_types::UnixTime;
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath};
use x509_cert::ext::pkix::KeyUsages;

use super::algorithms::SignatureAlgorithms;
use super::anchor::Anchors;
use super::explanation::Trace;
use super::leaf::{Role, check_key, check_validity};
use super::presented::Presented;
use super::rejection::{Rejection, RejectionReason};
use super::revocation::{self, Revocation};
use super::rule::Rule;
use crate::peer::ProvedPath;
use crate::x509::{Certificate, rfc4514};

/// Proves a path from the leaf to an anchor.
pub(super) fn check_path(
    presented: &Presented<'_>,
    anchors: &Anchors,
    algorithms: &SignatureAlgorithms,
    revocation: Option<&Revocation>,
    role: Role,
    now: UnixTime,
    trace: &Trace,
) -> Result<ProvedPath, Rejection> {
    let Some((leaf_der, intermediates)) = presented.der.split_first() else {
        return Err(Rejection::new(RejectionReason::NoCertificate));
    };
    let leaf = EndEntityCert::try_from(leaf_der)
        .map_err(|error| explain(&error, presented, anchors, now))?;
    let usage = match role {
        Role::Client => KeyUsage::client_auth(),
        Role::Server => KeyUsage::server_auth(),
    };
    // webpki's error has no room for what we found on a path that it would take.
    let found = RefCell::new(None);
    let check = |path: &VerifiedPath<'_>| {
        let candidate = trace.check(
            Rule::Path,
            None,
            |_| String::new(),
            || {
                let path = check_candidate(path, presented, anchors, now)?;
                revocation::check(
                    revocation, presented, &path, anchors, algorithms, now, trace,
                )?;
                Ok(path)
            },
        );
        let refused = candidate.is_err();
        found.replace(Some(candidate));
        match refused {
            true => Err(Error::UnknownIssuer),
            false => Ok(()),
        }
    };
    let issuers = presented.certificates.iter().map(|(_, c)| c.issuer);
    let result = anchors.with_candidates(issuers, |candidates| {
        leaf.verify_for_usage(
            algorithms.as_slice(),
            candidates,
            intermediates,
            now,
            usage,
            None,
            Some(&check),
        )
        .map(drop)
    });
    match (result, found.into_inner()) {
        (Ok(()), Some(Ok(path))) => Ok(path),
        (_, Some(Err(rejection))) => Err(rejection),
        (Err(error), _) => Err(explain(&error, presented, anchors, now)),
        (Ok(()), None) => Err(Rejection::new(RejectionReason::UnknownIssuer)),
    }
}

/// What webpki does not ask of a path: keyCertSign, key sizes, and the anchor itself.
fn check_candidate(
    path: &VerifiedPath<'_>,
    presented: &Presented<'_>,
    anchors: &Anchors,
    now: UnixTime,
) -> Result<ProvedPath, Rejection> {
    let mut intermediates = Vec::new();
    for intermediate in path.intermediate_certificates() {
        let Some((index, certificate)) = presented.find(&intermediate.der()) else {
            return Err(Rejection::new(RejectionReason::MalformedCertificate));
        };
        check_key(index, certificate)?;
        if !may_sign_certificates(certificate) {
            return Err(not_a_signer(index, certificate));
        }
        intermediates.push(index);
    }
    let anchor = anchors.check_end_of_path(path, now)?;
    Ok(ProvedPath {
        intermediates,
        anchor: Arc::clone(anchor),
    })
}

fn may_sign_certificates(certificate: &Certificate<'_>) -> bool {
    match certificate.key_usage() {
        Ok(None) => true,
        Ok(Some(usage)) => usage.0.contains(KeyUsages::KeyCertSign),
        Err(_) => false,
    }
}

/// OpenSSL passes over such a certificate when it builds a path, so that its server never shows it to us: the
/// reason must be the one that is left then.
fn not_a_signer(index: usize, certificate: &Certificate<'_>) -> Rejection {
    Rejection::new(RejectionReason::UnknownIssuer)
        .about(index, certificate)
        .with_presented("a keyUsage without keyCertSign")
        .with_hint("reissue this intermediate with keyUsage keyCertSign: as it is, it may not issue certificates")
}

/// Turns webpki's error into ours, and finds the certificate that it is about.
fn explain(
    error: &Error,
    presented: &Presented<'_>,
    anchors: &Anchors,
    now: UnixTime,
) -> Rejection {
    use RejectionReason as R;
    let reason = match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            return outside_validity(presented, now);
        }
        // To a peer with another CA of the same name, a missing path and a wrong signature are one thing; and which
        // of them is seen depends on the certificates that the TLS library shows.
        Error::UnknownIssuer
        | Error::InvalidSignatureForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            return no_path(presented, anchors);
        }
        Error::UnsupportedSignatureAlgorithmContext(_) => R::UnsupportedSignatureAlgorithm,
        Error::CaUsedAsEndEntity => R::CaAsLeaf,
        Error::EndEntityUsedAsCa => R::IssuerNotCa,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => R::WrongExtendedKeyUsage,
        Error::PathLenConstraintViolated => R::PathLengthExceeded,
        Error::MaximumPathDepthExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => R::PathTooLong,
        Error::NameConstraintViolation
        | Error::MalformedNameConstraint
        | Error::InvalidNetworkMaskConstraint => R::NameConstraintViolated,
        Error::UnsupportedCriticalExtension => R::UnhandledCriticalExtension,
        Error::UnsupportedCertVersion => R::UnsupportedVersion,
        _ => R::MalformedCertificate,
    };
    let rejection = Rejection::new(reason).with_presented(error.to_string());
    match culprit(reason, presented) {
        Some((index, certificate)) => rejection.about(index, certificate),
        None => rejection,
    }
}

/// The certificate that an error of webpki's must be about, where the chain itself tells.
fn culprit<'p, 'a>(
    reason: RejectionReason,
    presented: &'p Presented<'a>,
) -> Option<(usize, &'p Certificate<'a>)> {
    let mut certificates = presented.certificates.iter().map(|(i, c)| (*i, c));
    match reason {
        RejectionReason::IssuerNotCa => certificates
            .skip(1)
            .find(|(_, c)| !c.is_ca().unwrap_or(false)),
        RejectionReason::PathTooLong
        | RejectionReason::PathLengthExceeded
        | RejectionReason::MalformedCertificate => None,
        _ => certificates.next(),
    }
}

fn outside_validity(presented: &Presented<'_>, now: UnixTime) -> Rejection {
    presented
        .certificates
        .iter()
        .find_map(|(index, c)| check_validity(*index, c, now).err())
        .unwrap_or_else(|| Rejection::new(RejectionReason::Expired))
}

/// Says how far the presented certificates lead, and what is missing there.
fn no_path(presented: &Presented<'_>, anchors: &Anchors) -> Rejection {
    let Some((mut index, mut last)) = presented.certificates.first().map(|(i, c)| (*i, c)) else {
        return Rejection::new(RejectionReason::NoCertificate);
    };
    // Each certificate can be followed once, which bounds a circle of issuers.
    for _ in &presented.certificates {
        let next = presented
            .certificates
            .iter()
            .skip(1)
            .find(|(_, c)| c.subject == last.issuer);
        match next {
            Some((i, issuer)) if !last.is_self_issued() => (index, last) = (*i, issuer),
            _ => break,
        }
    }
    let issuer = rfc4514(last.issuer);
    let hint = if let Some(problem) = &presented.passed_over {
        format!("a presented certificate cannot issue others, and was passed over: {problem}")
    } else if last.is_self_issued() {
        "the chain ends in its own root, which is not among the trust anchors: give that root as trust anchor, if it \
         is to be trusted"
            .to_owned()
    } else if anchors.named(last.issuer).next().is_some() {
        format!(
            "a trust anchor is named {issuer}, but its key did not sign this certificate: it comes from another CA of \
             the same name, or from the same CA before it changed its key"
        )
    } else {
        format!(
            "{issuer} issued this certificate, and is neither among the presented certificates nor among the trust \
             anchors: if it is an intermediate, the peer must send it after its leaf; if it is a root, give it as \
             trust anchor"
        )
    };
    Rejection::new(RejectionReason::UnknownIssuer)
        .about(index, last)
        .with_presented(format!("issuer {issuer}"))
        .with_hint(hint)
}
