//! Validity and lifetime of a certificate (RFC 5280, section 4.1.2.5).

use crate::policy::verdict::defect::Defect;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::{Rejection, rfc3339};
use crate::policy::verification::VerificationTime;
use crate::policy::verifier_policy::VerifierPolicy;
use crate::x509::Certificate;

pub(crate) fn window(certificate: &Certificate<'_>) -> String {
    format!(
        "from {} to {}",
        rfc3339(certificate.not_before),
        rfc3339(certificate.not_after)
    )
}

pub(crate) fn check_validity(
    index: usize,
    certificate: &Certificate<'_>,
    time: VerificationTime,
) -> Result<(), Rejection> {
    let reason = if time.is_before(certificate.not_before) {
        RejectionReason::NotYetValid
    } else if time.is_after(certificate.not_after) {
        RejectionReason::Expired
    } else {
        return Ok(());
    };
    Err(Rejection::new(reason)
        .about(index, certificate)
        .with_expected(format!(
            "valid from {} to {}",
            rfc3339(certificate.not_before),
            rfc3339(certificate.not_after)
        ))
        .with_presented(format!("now {}", rfc3339(time.now))))
}

pub(crate) fn lifetime_in_words(policy: &VerifierPolicy) -> String {
    match policy.max_leaf_lifetime {
        Some(longest) => format!("at most {} s", longest.as_secs()),
        None => "not limited".to_owned(),
    }
}

pub(crate) fn check_lifetime(
    leaf: &Certificate<'_>,
    policy: &VerifierPolicy,
) -> Result<(), Rejection> {
    let Some(longest) = policy.max_leaf_lifetime else {
        return Ok(());
    };
    // Both bounds are included (RFC 5280, section 4.1.2.5).
    let lifetime = leaf
        .not_after
        .as_secs()
        .saturating_sub(leaf.not_before.as_secs())
        .saturating_add(1);
    if lifetime > longest.as_secs() {
        Err(Defect::new(
            RejectionReason::LifetimeTooLong,
            format!("a leaf valid for at most {} s", longest.as_secs()),
            format!("{lifetime} s, {}", window(leaf)),
            "have the CA issue leaves for a shorter time, or raise `max_leaf_lifetime`",
        )
        .of(0, leaf))
    } else {
        Ok(())
    }
}
