//! What webpki's errors mean, and which certificate they are about.

use const_oid::ObjectIdentifier;
use der::{Decode, SliceReader};
use pki_types::UnixTime;
use webpki::Error;

use super::extensions::check_known;
use super::judgement::Judgement;
use super::leaf::check_validity;
use super::presented::Presented;
use super::reason::RejectionReason;
use super::rejection::Rejection;
use super::server_name::list_of;
use super::usage::{Role, flaw_of_purpose, purposes_of};
use crate::peer::{NameRanges, cut};
use crate::x509::{Certificate, is_same_name, rfc4514};

/// Turns webpki's error into ours, and finds the certificate that it is about.
pub(super) fn refusal(
    error: &Error,
    presented: &Presented<'_>,
    judgement: &Judgement<'_>,
) -> Rejection {
    use RejectionReason as R;
    let &Judgement { role, now, .. } = judgement;
    let reason = match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            return outside_validity(presented, now);
        }
        // To a peer with another CA of the same name, a missing path and a wrong signature are one thing; and which
        // of them is seen depends on the certificates that the TLS library shows.
        Error::UnknownIssuer
        | Error::InvalidSignatureForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            return no_path(presented, judgement);
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
        | Error::InvalidNetworkMaskConstraint
        | Error::MalformedDnsIdentifier => R::NameConstraintViolated,
        // Where a CA limits names, webpki stops at one that it cannot read.
        Error::BadDer if has_unreadable_name(presented) => R::NameConstraintViolated,
        Error::UnsupportedCriticalExtension => R::UnhandledCriticalExtension,
        Error::UnsupportedCertVersion => R::UnsupportedVersion,
        _ => R::MalformedCertificate,
    };
    let rejection = Rejection::new(reason);
    let Some((index, certificate)) = culprit(reason, presented, role) else {
        return rejection.with_presented(in_words(error));
    };
    let rejection = rejection.about(index, certificate);
    match reason {
        R::WrongExtendedKeyUsage => rejection
            .with_expected(role.purpose_name())
            .with_presented(purposes_of(certificate)),
        R::UnhandledCriticalExtension => match check_known(certificate) {
            Err(flaw) => rejection.with_presented(flaw.presented),
            Ok(()) => rejection.with_presented(in_words(error)),
        },
        R::NameConstraintViolated => {
            let names = NameRanges::read(certificate).unwrap_or_default();
            rejection.with_presented(list_of(names.of(certificate.der)))
        }
        _ => rejection.with_presented(in_words(error)),
    }
}

fn has_unreadable_name(presented: &Presented<'_>) -> bool {
    let leaf = presented.leaf().ok();
    leaf.is_some_and(|leaf| {
        let names = NameRanges::read(leaf).unwrap_or_default();
        names.of(leaf.der).unreadable().next().is_some()
    })
}

/// webpki's errors are named, not worded.
fn in_words(error: &Error) -> String {
    let words = match error {
        Error::CaUsedAsEndEntity => "basicConstraints CA:TRUE",
        Error::EndEntityUsedAsCa => "no basicConstraints CA:TRUE",
        Error::PathLenConstraintViolated => {
            "more intermediates below one than its pathLenConstraint allows"
        }
        Error::MaximumPathDepthExceeded => "more than 6 intermediates",
        Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => "more alternatives than are tried",
        Error::UnsupportedSignatureAlgorithmContext(context) => {
            return algorithm_name(&context.signature_algorithm_id);
        }
        other => return other.to_string(),
    };
    words.to_owned()
}

/// The identifier in the content of an `AlgorithmIdentifier`.
fn algorithm_name(content: &[u8]) -> String {
    let oid: der::Result<ObjectIdentifier> =
        SliceReader::new(content).and_then(|mut r| ObjectIdentifier::decode(&mut r));
    match oid {
        Ok(oid) => format!("algorithm {oid}"),
        Err(_) => "an algorithm without a name".to_owned(),
    }
}

/// The certificate that an error of webpki's must be about, where the chain itself tells.
fn culprit<'p, 'a>(
    reason: RejectionReason,
    presented: &'p Presented<'a>,
    role: Role,
) -> Option<(usize, &'p Certificate<'a>)> {
    let mut certificates = presented.certificates.iter().map(|(i, c)| (*i, c));
    match reason {
        RejectionReason::IssuerNotCa => certificates
            .skip(1)
            .find(|(_, c)| !c.is_ca().unwrap_or(false)),
        // The leaf's was judged before.
        RejectionReason::WrongExtendedKeyUsage => certificates
            .skip(1)
            .find(|(_, c)| flaw_of_purpose(c, role).is_some()),
        RejectionReason::UnhandledCriticalExtension => {
            certificates.find(|(_, c)| check_known(c).is_err())
        }
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
fn no_path(presented: &Presented<'_>, judgement: &Judgement<'_>) -> Rejection {
    let Some((mut index, mut last)) = presented.certificates.first().map(|(i, c)| (*i, c)) else {
        return Rejection::new(RejectionReason::NoCertificate);
    };
    // Each certificate can be followed once, which bounds a circle of issuers.
    for _ in &presented.certificates {
        let next = presented
            .certificates
            .iter()
            .skip(1)
            .find(|(_, c)| is_same_name(c.subject, last.issuer));
        match next {
            Some((i, issuer)) if !last.is_self_issued() => (index, last) = (*i, issuer),
            _ => break,
        }
    }
    let issuer = rfc4514(last.issuer);
    let issuer = cut(&issuer);
    let hint = if let Some(problem) = &presented.passed_over {
        format!("a presented certificate cannot issue others, and was passed over: {problem}")
    } else if let Some(domain) = judgement.trust_domain {
        format!(
            "only the bundle of {domain} vouches for {domain}, and a CA of another trust domain is not to be added to it: \
             the peer sends too few intermediates, or the bundle is not the newest, or the peer is not who it says"
        )
    } else if last.is_self_issued() {
        "the chain ends in its own root, which is not among the trust anchors: give that root as trust anchor, if it \
         is to be trusted"
            .to_owned()
    } else if judgement.anchors.named(last.issuer).next().is_some() {
        format!(
            "a trust anchor is named {issuer}, but its key did not sign this certificate: it comes from another CA of \
             the same name, or from the same CA before it changed its key"
        )
    } else if let Some(anchor) = judgement.anchors.unusable_named(last.issuer) {
        format!("{anchor}; {}", anchor.hint())
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
