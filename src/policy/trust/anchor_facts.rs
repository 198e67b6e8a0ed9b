//! One trust anchor, verified as far as possible before a peer connects.

use std::sync::Arc;

use const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS;
use pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::error::anchor::{REISSUE_ANCHOR, REPLACE_ANCHOR};
use crate::error::{TrustAnchorProblem, UnusableTrustAnchor};
use crate::policy::certificate::form::anchor_defect;
use crate::policy::certificate::key_identifiers::{Identifiers, check_link};
use crate::policy::certificate::key_usage::anchor_purpose_defect;
use crate::policy::certificate::name_constraints::NameLimits;
use crate::policy::certificate::public_key::{KeyRules, acceptable_key, unacceptable_key};
use crate::policy::certificate::web_pki;
use crate::policy::profile::CertificateProfile;
use crate::policy::signature::SignatureAlgorithms;
use crate::policy::verdict::defect::Defect;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::{Rejection, rfc3339};
use crate::policy::verification::{VerificationContext, VerificationTime};
use crate::policy::verifier_policy::VerifierPolicy;
use crate::side::Side;
use crate::x509::pkix::KeyUsages;
use crate::x509::{CanonicalName, Certificate, Version, X509Error, rfc4514};

/// The properties of an anchor that webpki does not keep.
pub(crate) struct AnchorFacts {
    /// The index of the anchor in the input.
    index: usize,
    der: Arc<CertificateDer<'static>>,
    subject: String,
    not_before: UnixTime,
    not_after: UnixTime,
    path_length: Option<usize>,
    /// `None` if the profile does not check key identifiers.
    identifiers: Option<Identifiers<'static>>,
    name_limits: Option<NameLimits>,
    /// The defect of its key or form; it rejects the paths that lead to this anchor.
    defect: Option<Defect>,
    /// Why it is unusable for clients, and for servers.
    purpose_defects: [Option<Defect>; 2],
}

impl AnchorFacts {
    pub(in crate::policy) fn certificate(&self) -> &Arc<CertificateDer<'static>> {
        &self.der
    }

    pub(in crate::policy) fn subject(&self) -> &str {
        &self.subject
    }

    pub(in crate::policy) fn name_limits(&self) -> Option<&NameLimits> {
        self.name_limits.as_ref()
    }

    /// Describes subject and validity, for `explain`.
    pub(in crate::policy) fn in_words(&self) -> String {
        format!("{} {}", self.subject, self.window())
    }

    /// Verifies validity, form and purposes.
    pub(in crate::policy) fn check(
        &self,
        context: &VerificationContext<'_>,
    ) -> Result<(), Rejection> {
        self.check_validity(context.time)?;
        match self.defect_for(context.side) {
            None => Ok(()),
            Some(rejection) => Err(rejection),
        }
    }

    /// Returns the defect of its key, which makes the anchor unusable.
    pub(in crate::policy) fn key_defect(&self) -> Option<&Defect> {
        let defect = self.defect.as_ref()?;
        (defect.reason == RejectionReason::UnsupportedKey).then_some(defect)
    }

    /// Returns its first defect that does not depend on the time.
    fn defect(&self, side: Side) -> Option<&Defect> {
        let purpose_flaw = match (&self.purpose_defects, side) {
            ([client, _], Side::Client) => client,
            ([_, server], Side::Server) => server,
        };
        self.defect.as_ref().or(purpose_flaw.as_ref())
    }

    pub(in crate::policy) fn defect_for(&self, side: Side) -> Option<Rejection> {
        let defect = self.defect(side)?;
        let rejection = Rejection::new(defect.reason)
            .with_expected(defect.expected.clone())
            .with_presented(format!(
                "{} in the trust anchor {}",
                defect.presented, self.subject
            ));
        Some(rejection.with_hint(defect.hint))
    }

    pub(crate) fn check_path_length(&self, intermediates: usize) -> Result<(), Rejection> {
        match self.path_length {
            Some(limit) if intermediates > limit => {
                Err(Rejection::new(RejectionReason::PathLengthExceeded)
                    .with_expected(format!(
                        "at most {limit} intermediates under the trust anchor {}",
                        self.subject
                    ))
                    .with_presented(intermediates.to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_child(&self, child: (usize, &Certificate<'_>)) -> Result<(), Rejection> {
        match &self.identifiers {
            Some(identifiers) => check_link(child.0, child.1, identifiers),
            None => Ok(()),
        }
    }

    /// Returns why the anchor is unusable for peers on `side` at this time.
    ///
    /// Without a side, it must be unusable for both.
    pub(crate) fn unusable(
        &self,
        side: Option<Side>,
        time: Option<VerificationTime>,
    ) -> Option<UnusableTrustAnchor> {
        let defect = match side {
            Some(side) => self.defect(side),
            None => self
                .defect(Side::Client)
                .filter(|_| self.defect(Side::Server).is_some()),
        };
        let broken_rule = defect.map(|defect| TrustAnchorProblem::BrokenRule {
            expected: defect.expected.clone().into_owned(),
            found: defect.presented.clone(),
            advice: defect.hint,
        });
        let outside_validity = || {
            let at = time.filter(|time| !self.is_valid_at(*time))?.now;
            let (not_before, not_after) = self.validity();
            Some(TrustAnchorProblem::OutsideValidity {
                not_before,
                not_after,
                at,
            })
        };
        Some(UnusableTrustAnchor {
            index: self.index,
            trust_domain: None,
            subject: self.subject.clone(),
            problem: broken_rule.or_else(outside_validity)?,
        })
    }

    pub(in crate::policy) fn validity(&self) -> (UnixTime, UnixTime) {
        (self.not_before, self.not_after)
    }

    fn is_valid_at(&self, time: VerificationTime) -> bool {
        time.is_within(self.not_before, self.not_after)
    }

    fn check_validity(&self, time: VerificationTime) -> Result<(), Rejection> {
        if self.is_valid_at(time) {
            Ok(())
        } else {
            Err(Rejection::new(RejectionReason::AnchorExpired)
                .with_expected(format!("{} valid {}", self.subject, self.window()))
                .with_presented(format!("now {}", rfc3339(time.now))))
        }
    }

    fn window(&self) -> String {
        format!(
            "from {} to {}",
            rfc3339(self.not_before),
            rfc3339(self.not_after)
        )
    }
}

/// An anchor that no path may lead to, with its subject.
pub(crate) type UnusableEntry = (CanonicalName, Box<UnusableTrustAnchor>);

/// Parses and verifies an anchor; returns it with its subject.
pub(crate) fn examine(
    index: usize,
    der: &CertificateDer<'static>,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Result<(CanonicalName, TrustAnchor<'static>, AnchorFacts), UnusableEntry> {
    let unusable = |name: &[u8], subject: &str, problem| {
        let anchor = UnusableTrustAnchor {
            index,
            trust_domain: None,
            subject: subject.to_owned(),
            problem,
        };
        (CanonicalName::of(name), Box::new(anchor))
    };
    let certificate = Certificate::from_der(der)
        .map_err(|error| unusable(&[], "(unreadable)", malformed(&error, REPLACE_ANCHOR)))?;
    let name = certificate.subject;
    let subject = rfc4514(name);
    let unfit = |problem| unusable(name, &subject, problem);
    let path_length = check_is_ca(&certificate).map_err(unfit)?;
    let identifiers = match policy.profile {
        CertificateProfile::Interoperable => None,
        _ => Some(
            Identifiers::read(&certificate)
                .map_err(|error| unfit(malformed(&error, REPLACE_ANCHOR)))?
                .into_owned(),
        ),
    };
    let anchor = webpki::anchor_from_trusted_cert(der)
        .map_err(|error| unfit(malformed(&error, REPLACE_ANCHOR)))?;
    let facts = AnchorFacts {
        index,
        der: Arc::new(der.clone()),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        path_length,
        identifiers,
        name_limits: NameLimits::of(&certificate),
        defect: key_defect_of(&certificate, policy, algorithms)
            .or_else(|| form_defect_of(&certificate, policy.profile)),
        purpose_defects: [Side::Client, Side::Server]
            .map(|side| anchor_purpose_defect(&certificate, side)),
        subject,
    };
    Ok((CanonicalName::of(name), anchor.to_owned(), facts))
}

fn malformed(error: &dyn core::fmt::Display, advice: &'static str) -> TrustAnchorProblem {
    TrustAnchorProblem::Malformed {
        fault: error.to_string(),
        advice,
    }
}

/// Returns the defect of an anchor's key.
///
/// It is no build error while other anchors are usable, so that CAs can migrate to an algorithm
/// that the crypto library does not have.
fn key_defect_of(
    certificate: &Certificate<'_>,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Option<Defect> {
    let rules = KeyRules::of(policy);
    let found = acceptable_key(&certificate.public_key, rules, algorithms).err()?;
    Some(unacceptable_key(found, rules, algorithms))
}

fn form_defect_of(certificate: &Certificate<'_>, profile: CertificateProfile) -> Option<Defect> {
    let of_web = || match profile {
        CertificateProfile::WebPki => web_pki::check_anchor(certificate).err(),
        _ => None,
    };
    anchor_defect(certificate, profile).or_else(of_web)
}

/// Returns whether a CA's certificate has name constraints.
pub(in crate::policy) fn constrains_names(certificate: &Certificate<'_>) -> bool {
    certificate.extension(ID_CE_NAME_CONSTRAINTS).is_some()
}

/// Verifies that a certificate can be a trust anchor; returns its path length constraint.
fn check_is_ca(certificate: &Certificate<'_>) -> Result<Option<usize>, TrustAnchorProblem> {
    let unreadable = |error: X509Error| malformed(&error, REISSUE_ANCHOR);
    match certificate.version {
        Version::V1 => return Err(TrustAnchorProblem::OldVersion { version: 1 }),
        Version::V2 => return Err(TrustAnchorProblem::OldVersion { version: 2 }),
        Version::V3 => {}
    }
    let constraints = certificate.basic_constraints().map_err(unreadable)?;
    let Some(constraints) = constraints.filter(|c| c.ca) else {
        return Err(TrustAnchorProblem::EndEntity {
            is_self_issued: certificate.is_self_issued(),
        });
    };
    let key_usage = certificate.key_usage().map_err(unreadable)?;
    if key_usage.is_some_and(|usage| !usage.0.contains(KeyUsages::KeyCertSign)) {
        return Err(TrustAnchorProblem::MissingKeyCertSign);
    }
    Ok(constraints.path_len_constraint.map(usize::from))
}
