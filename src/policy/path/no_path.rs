//! Why no path leads to a trust anchor.

use crate::peer::cut;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::trust::anchors::Anchors;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::VerificationContext;
use crate::x509::{Certificate, is_same_name, rfc4514};

/// The most certificates followed to find what is missing; the peer chooses their number.
const MAX_STEPS: usize = 16;

/// Reports how far the presented certificates lead, and what is missing there.
pub(super) fn no_path(
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
            "only the bundle of {domain} authenticates {domain}, and a CA of another trust domain must not be added to it: \
             the peer sends too few intermediates, or the bundle is not the newest, or the peer is not who it claims to be"
        )
    } else if index == 0 && last.is_self_issued() {
        "the certificate is self-signed and no CA's, so no trust anchor can authenticate it: make a CA certificate \
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
    } else if index == 0 {
        format!(
            "the peer presents no certificate of {issuer}, which issued its leaf. Most likely {issuer} is an intermediate: append \
             its certificate to the chain that the peer presents, and do not trust it here. If {issuer} is a root that is to \
             be trusted, give it as trust anchor. If it is neither, have the peer's certificate issued by a CA below a \
             trust anchor"
        )
    } else {
        format!(
            "{issuer} issued this certificate, and is neither among the presented certificates nor among the trust anchors. If \
             it is a root that is to be trusted, give it as trust anchor. If it is an intermediate, append its certificate to \
             the chain that the peer presents, and do not trust it here. If it is neither, have the peer's certificate \
             issued by a CA below a trust anchor"
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
