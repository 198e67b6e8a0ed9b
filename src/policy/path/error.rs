//! Conversion of webpki's errors, and the certificate that each is about.

use webpki::Error;

use super::no_path::no_path;
use crate::peer::{NameRanges, cut};
use crate::policy::certificate::extensions::check_known;
use crate::policy::certificate::key_usage::{issuer_hint, purpose, purpose_defect, purposes_of};
use crate::policy::certificate::name_constraints::NameLimits;
use crate::policy::certificate::validity::check_validity;
use crate::policy::name::server_name::list_of;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::trust::anchors::Anchors;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::{VerificationContext, VerificationTime};
use crate::x509::{Certificate, Version, identified_name, rfc4514};

/// Converts webpki's error to a rejection and finds the certificate that it is about.
pub(crate) fn rejection(
    error: &Error,
    presented: &PresentedChain<'_>,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
) -> Rejection {
    use RejectionReason as R;
    let &VerificationContext { side, time, .. } = context;
    let reason = match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            return outside_validity(presented, time);
        }
        // For a peer with another CA of the same name, a missing path and a wrong signature are the
        // same fault. Which of them webpki reports depends on the certificates that the TLS library
        // passes.
        Error::UnknownIssuer
        | Error::InvalidSignatureForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            return no_path(presented, anchors, context);
        }
        Error::UnsupportedSignatureAlgorithmContext(_) => R::UnsupportedSignatureAlgorithm,
        Error::CaUsedAsEndEntity => R::LeafIsCa,
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
        // Where a CA constrains names, webpki stops at a name that it cannot read.
        Error::BadDer if has_unreadable_name(presented) => R::NameConstraintViolated,
        Error::UnsupportedCriticalExtension => R::UnhandledCriticalExtension,
        Error::UnsupportedCertVersion => R::UnsupportedVersion,
        _ => R::MalformedCertificate,
    };
    let rejection = match reason {
        R::NameConstraintViolated => {
            Rejection::new(reason).with_hint(constraint_hint(presented, anchors))
        }
        _ => Rejection::new(reason),
    };
    let Some((index, certificate)) = culprit(reason, presented, context) else {
        return rejection.with_presented(in_words(error));
    };
    let rejection = rejection.about(index, certificate);
    match reason {
        R::WrongExtendedKeyUsage => rejection
            .with_expected(purpose(side).1)
            .with_presented(purposes_of(certificate))
            .with_hint(issuer_hint(side)),
        R::UnhandledCriticalExtension => match check_known(certificate) {
            Err(defect) => rejection.with_presented(defect.presented),
            Ok(()) => rejection.with_presented(in_words(error)),
        },
        R::NameConstraintViolated => {
            let names = NameRanges::read(certificate).unwrap_or_default();
            rejection.with_presented(list_of(names.of(certificate.der)))
        }
        _ => rejection.with_presented(in_words(error)),
    }
}

/// Returns the hint for name constraints; those on some kinds reject every name of the kind.
fn constraint_hint(presented: &PresentedChain<'_>, anchors: &Anchors) -> String {
    let issuers = presented.certificates.iter().skip(1);
    let of_issuers = issuers.filter_map(|(_, c)| Some((rfc4514(c.subject), NameLimits::of(c)?)));
    let named = presented.certificates.iter().map(|(_, c)| c.issuer);
    let anchors = named.flat_map(|issuer| anchors.named(issuer));
    let of_anchors = anchors.filter_map(|anchor| {
        let limits = anchor.name_limits()?.clone();
        Some((anchor.subject(), limits))
    });
    let limits: Vec<(String, NameLimits)> = of_issuers.chain(of_anchors).collect();
    for (ca, limits) in &limits {
        let ca = cut(ca);
        if limits.limits_directory_names() {
            return format!(
                "{ca} limits directory names, which are not evaluated and reject every certificate with a subject: issue the \
                 leaf with an empty subject and its names in a critical subjectAltName, or under a CA that limits DNS names \
                 and IP addresses alone"
            );
        }
        if let Some(kind) = limits.not_evaluated() {
            return format!(
                "{ca} limits {kind}, which are not evaluated and reject every leaf with such a name: issue the leaf without \
                 {kind}, or under a CA that limits DNS names and IP addresses alone"
            );
        }
    }
    let cas: Vec<_> = limits.iter().take(2).map(|(ca, _)| cut(ca)).collect();
    format!(
        "issue the leaf for names that {} permits (`openssl x509 -noout -ext nameConstraints` shows them), or under a CA \
         that permits these",
        if cas.is_empty() {
            "its CA".to_owned()
        } else {
            cas.join(", ")
        }
    )
}

fn has_unreadable_name(presented: &PresentedChain<'_>) -> bool {
    let leaf = presented.leaf().ok();
    leaf.is_some_and(|leaf| {
        let names = NameRanges::read(leaf).unwrap_or_default();
        names.of(leaf.der).unreadable().next().is_some()
    })
}

/// Describes an error; webpki's own texts are only names.
fn in_words(error: &Error) -> String {
    let words = match error {
        Error::CaUsedAsEndEntity => "basicConstraints CA:TRUE",
        Error::EndEntityUsedAsCa => "no basicConstraints CA:TRUE",
        Error::PathLenConstraintViolated => {
            "more intermediates below a CA than its pathLenConstraint allows"
        }
        Error::MaximumPathDepthExceeded => "more than 6 intermediates",
        Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::MaximumNameConstraintComparisonsExceeded => "more alternatives than are tried",
        Error::UnsupportedSignatureAlgorithmContext(context) => {
            return format!(
                "{}, which is not accepted or which the crypto library does not have",
                identified_name(&context.signature_algorithm_id)
            );
        }
        other => return other.to_string(),
    };
    words.to_owned()
}

/// Returns the certificate that webpki's error is about, if the chain shows it.
fn culprit<'p, 'a>(
    reason: RejectionReason,
    presented: &'p PresentedChain<'a>,
    &VerificationContext {
        side, algorithms, ..
    }: &VerificationContext<'_>,
) -> Option<(usize, &'p Certificate<'a>)> {
    let mut certificates = presented.certificates.iter().map(|(i, c)| (*i, c));
    match reason {
        RejectionReason::IssuerNotCa => certificates
            .skip(1)
            .find(|(_, c)| !c.is_ca().unwrap_or(false)),
        // The leaf's usage was checked before.
        RejectionReason::WrongExtendedKeyUsage => certificates
            .skip(1)
            .find(|(_, c)| purpose_defect(c, side).is_some()),
        RejectionReason::UnsupportedSignatureAlgorithm => {
            certificates.find(|(_, c)| !algorithms.take_signature(c.signature_algorithm))
        }
        RejectionReason::UnhandledCriticalExtension => {
            certificates.find(|(_, c)| check_known(c).is_err())
        }
        // The leaf's was checked before.
        RejectionReason::UnsupportedVersion => {
            certificates.skip(1).find(|(_, c)| c.version != Version::V3)
        }
        RejectionReason::PathTooLong
        | RejectionReason::PathLengthExceeded
        | RejectionReason::MalformedCertificate => None,
        _ => certificates.next(),
    }
}

fn outside_validity(presented: &PresentedChain<'_>, time: VerificationTime) -> Rejection {
    presented
        .certificates
        .iter()
        .find_map(|(index, c)| check_validity(*index, c, time).err())
        .unwrap_or_else(|| Rejection::new(RejectionReason::Expired))
}
