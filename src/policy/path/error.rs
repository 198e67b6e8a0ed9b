//! Conversion of webpki's errors, and the certificate that each is about.

use pki_types::UnixTime;
use webpki::Error;

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
use crate::policy::verification::VerificationContext;
use crate::x509::{Certificate, Version, identified_name, is_same_name, rfc4514};

/// Converts webpki's error to a rejection and finds the certificate that it is about.
pub(crate) fn refusal(
    error: &Error,
    presented: &PresentedChain<'_>,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
) -> Rejection {
    use RejectionReason as R;
    let &VerificationContext { side, now, .. } = context;
    let reason = match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            return outside_validity(presented, now);
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
        Some((anchor.subject().to_owned(), limits))
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
            "more intermediates below one than its pathLenConstraint allows"
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

fn outside_validity(presented: &PresentedChain<'_>, now: UnixTime) -> Rejection {
    presented
        .certificates
        .iter()
        .find_map(|(index, c)| check_validity(*index, c, now).err())
        .unwrap_or_else(|| Rejection::new(RejectionReason::Expired))
}

/// The most certificates followed to find what is missing; the peer chooses their number.
const MAX_STEPS: usize = 16;

/// Reports how far the presented certificates lead, and what is missing there.
fn no_path(
    presented: &PresentedChain<'_>,
    anchors: &Anchors,
    context: &VerificationContext<'_>,
) -> Rejection {
    let Some((mut index, mut last)) = presented.certificates.first().map(|(i, c)| (*i, c)) else {
        return Rejection::new(RejectionReason::NoCertificate);
    };
    // Bounds a circle of issuers.
    for _ in 0..MAX_STEPS {
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
    if let Some(rejection) = self_issued_counted(presented, anchors) {
        return rejection;
    }
    let mut named = anchors.named(last.issuer).peekable();
    if let Some(first) = named.peek().copied()
        && named.all(|anchor| anchor.key_defect().is_some())
        && let Some(rejection) = first.defect_for(context.side)
    {
        return rejection;
    }
    let issuer = rfc4514(last.issuer);
    let issuer = cut(&issuer);
    let hint = if let Some(problem) = &presented.passed_over {
        format!("a presented certificate cannot issue others, and was passed over: {problem}")
    } else if let Some(domain) = context.trust_domain {
        format!(
            "only the bundle of {domain} vouches for {domain}, and a CA of another trust domain is not to be added to it: \
             the peer sends too few intermediates, or the bundle is not the newest, or the peer is not who it says"
        )
    } else if index == 0 && last.is_self_issued() {
        "the certificate is self-signed and no CA's, so that no trust anchor can vouch for it: make a CA certificate \
         (basicConstraints CA:TRUE), issue the leaf with it, and give the CA's certificate as trust anchor"
            .to_owned()
    } else if last.is_self_issued() {
        "the chain ends in its own root, which is not among the trust anchors: give that root as trust anchor, if it \
         is to be trusted"
            .to_owned()
    } else if let Some(hint) = spelled_otherwise(presented, last, anchors) {
        hint
    } else if anchors.named(last.issuer).next().is_some() {
        format!(
            "a trust anchor is named {issuer}, but its key did not sign this certificate: it comes from another CA of \
             the same name, or from the same CA before it changed its key; find the CA's certificate whose key did \
             (`openssl x509 -noout -ext authorityKeyIdentifier` of this one, `-ext subjectKeyIdentifier` of the CA's), \
             and give it as trust anchor as well, if it is to be trusted"
        )
    } else if let Some(anchor) = anchors.unusable_named(last.issuer) {
        format!("{anchor}; {}", anchor.hint())
    } else {
        format!(
            "{issuer} issued this certificate, and is neither among the presented certificates nor among the trust \
             anchors: if it is an intermediate, the peer must send it after its leaf; if it is a root that is to be \
             trusted, give it as trust anchor; else the peer needs a certificate of a CA that is"
        )
    };
    Rejection::new(RejectionReason::UnknownIssuer)
        .about(index, last)
        .with_presented(format!("issuer {issuer}"))
        .with_hint(hint)
}

/// Returns the hint for an issuer whose name has another encoding; paths are built byte for byte.
fn spelled_otherwise(
    presented: &PresentedChain<'_>,
    child: &Certificate<'_>,
    anchors: &Anchors,
) -> Option<String> {
    let encodings_differ =
        |subject: &[u8]| subject != child.issuer && is_same_name(subject, child.issuer);
    let mut issuers = presented.certificates.iter().skip(1);
    let is_presented = issuers.any(|(_, c)| encodings_differ(c.subject));
    let mut anchors = anchors.named(child.issuer);
    let is_anchor = anchors.any(|anchor| {
        Certificate::from_der(anchor.certificate()).is_ok_and(|a| encodings_differ(a.subject))
    });
    let place = match (is_anchor, is_presented) {
        (true, _) => "among the trust anchors",
        (false, true) => "among the presented certificates",
        (false, false) => return None,
    };
    let issuer = rfc4514(child.issuer);
    Some(format!(
        "{} is {place}, but writes its name in another encoding (string type, case or blanks) than this certificate \
         writes its issuer, and the two have to be the same bytes (`openssl x509 -noout -subject -issuer -nameopt \
         multiline,show_type` shows them): reissue the certificate from that CA certificate (`openssl x509 -req -CA FILE` \
         copies the name), or give the CA's certificate in the other encoding",
        cut(&issuer)
    ))
}

/// Returns the rejection for a path length that only self-issued certificates exceed.
///
/// rustls-webpki counts self-issued certificates in path lengths, which RFC 5280 (section 4.2.1.9)
/// does not, and reports only that it finds no path.
fn self_issued_counted(presented: &PresentedChain<'_>, anchors: &Anchors) -> Option<Rejection> {
    let mut left: Vec<_> = presented.certificates.iter().skip(1).collect();
    let mut last = presented.leaf().ok()?;
    let (mut counted, mut all) = (0_usize, 0_usize);
    let mut last_self_issued = None;
    let mut rejection = None;
    for _ in 0..MAX_STEPS {
        let is_issuer = |c: &Certificate<'_>| c.subject == last.issuer;
        let self_issued = left
            .iter()
            .position(|(_, c)| is_issuer(c) && c.is_self_issued());
        let Some(at) = self_issued.or_else(|| left.iter().position(|(_, c)| is_issuer(c))) else {
            // CAs of another hierarchy do not affect paths to our anchors.
            let mut anchors = anchors.named(last.issuer);
            return rejection.filter(|_| anchors.next().is_some());
        };
        let (index, issuer) = left.remove(at);
        let constraints = issuer.basic_constraints().ok().flatten();
        let limit = constraints
            .and_then(|c| c.path_len_constraint)
            .map(usize::from);
        if let Some(limit) = limit.filter(|limit| all > *limit && counted <= *limit) {
            rejection = Some(
                Rejection::new(RejectionReason::PathLengthExceeded)
                    .about(*index, issuer)
                    .with_expected(format!("at most {limit} intermediates below it"))
                    .with_presented(format!(
                        "{all}, of which certificate {} is self-issued",
                        last_self_issued.unwrap_or_default()
                    ))
                    .with_hint(format!(
                        "certificate {} is the CA's certificate by its own older key, and counts in path lengths here: give it \
                         as trust anchor and leave it out of what the peer presents, or reissue certificate {index} with a \
                         larger pathlen",
                        last_self_issued.unwrap_or_default()
                    )),
            );
        }
        all = all.saturating_add(1);
        if issuer.is_self_issued() {
            last_self_issued = Some(*index);
        } else {
            counted = counted.saturating_add(1);
        }
        last = issuer;
    }
    None
}
