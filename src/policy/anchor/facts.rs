//! One trust anchor, judged as far as it can be before a peer comes.

use std::sync::Arc;

use const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS;
use pki_types::{CertificateDer, TrustAnchor, UnixTime};
use x509_cert::ext::pkix::KeyUsages;

use crate::error::UnusableTrustAnchor;
use crate::policy::algorithms::SignatureAlgorithms;
use crate::policy::flaw::Flaw;
use crate::policy::judgement::Judgement;
use crate::policy::leaf::{acceptable_key, unacceptable_key};
use crate::policy::links::{Identifiers, check_link};
use crate::policy::name_constraints::NameLimits;
use crate::policy::profile::{CertificateProfile, flaw_of_anchor};
use crate::policy::reason::RejectionReason;
use crate::policy::rejection::{Rejection, rfc3339};
use crate::policy::usage::{Role, flaw_of_anchors_purpose};
use crate::policy::verifier_policy::VerifierPolicy;
use crate::policy::webpki_profile;
use crate::x509::{CanonicalName, Certificate, Version, X509Error, rfc4514};

/// What webpki does not keep of an anchor.
pub(in crate::policy) struct Facts {
    /// Its place among those that were given.
    index: usize,
    der: Arc<CertificateDer<'static>>,
    subject: String,
    not_before: UnixTime,
    not_after: UnixTime,
    path_length: Option<usize>,
    /// `None` where the profile does not ask whether they fit.
    identifiers: Option<Identifiers<'static>>,
    name_limits: Option<NameLimits>,
    /// What is wrong with its form: the paths that end in it are refused for that.
    flaw: Option<Flaw>,
    /// Why it does not vouch for clients, and for servers.
    purpose_flaws: [Option<Flaw>; 2],
}

impl Facts {
    pub(in crate::policy) fn certificate(&self) -> &Arc<CertificateDer<'static>> {
        &self.der
    }

    pub(in crate::policy) fn subject(&self) -> &str {
        &self.subject
    }

    pub(in crate::policy) fn name_limits(&self) -> Option<&NameLimits> {
        self.name_limits.as_ref()
    }

    /// Subject and validity, for `explain`.
    pub(in crate::policy) fn in_words(&self) -> String {
        format!("{} {}", self.subject, self.window())
    }

    /// Validity, form and purposes.
    pub(in crate::policy) fn check(&self, judgement: &Judgement<'_>) -> Result<(), Rejection> {
        self.check_validity(judgement.now)?;
        match self.flaw_for(judgement.role) {
            None => Ok(()),
            Some(rejection) => Err(rejection),
        }
    }

    /// What is wrong with its key: it can vouch for no one.
    pub(in crate::policy) fn key_flaw(&self) -> Option<&Flaw> {
        let flaw = self.flaw.as_ref()?;
        (flaw.reason == RejectionReason::UnacceptableKey).then_some(flaw)
    }

    /// The first thing that is wrong with it, whatever the time.
    fn flaw(&self, role: Role) -> Option<&Flaw> {
        let purpose_flaw = match (&self.purpose_flaws, role) {
            ([client, _], Role::Client) => client,
            ([_, server], Role::Server) => server,
        };
        self.flaw.as_ref().or(purpose_flaw.as_ref())
    }

    pub(in crate::policy) fn flaw_for(&self, role: Role) -> Option<Rejection> {
        let flaw = self.flaw(role)?;
        let rejection = Rejection::new(flaw.reason)
            .with_expected(flaw.expected.clone())
            .with_presented(format!(
                "{} in the trust anchor {}",
                flaw.presented, self.subject
            ));
        Some(rejection.with_hint(flaw.hint))
    }

    pub(super) fn check_path_length(&self, intermediates: usize) -> Result<(), Rejection> {
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

    pub(super) fn check_child(&self, child: (usize, &Certificate<'_>)) -> Result<(), Rejection> {
        match &self.identifiers {
            Some(identifiers) => check_link(child.0, child.1, identifiers),
            None => Ok(()),
        }
    }

    /// Why it cannot vouch, for peers in this role and at this time; a role that is not known may
    /// be any.
    pub(super) fn unusable(
        &self,
        role: Option<Role>,
        now: Option<UnixTime>,
    ) -> Option<UnusableTrustAnchor> {
        let problem = |problem: String, hint: &str| UnusableTrustAnchor {
            index: self.index,
            trust_domain: None,
            subject: self.subject.clone(),
            problem,
            hint: hint.to_owned().into(),
        };
        let flaw = match role {
            Some(role) => self.flaw(role),
            None => self
                .flaw(Role::Client)
                .filter(|_| self.flaw(Role::Server).is_some()),
        };
        let flaw = flaw.map(|flaw| {
            let words = format!("expected {}, found {}", flaw.expected, flaw.presented);
            problem(words, flaw.hint)
        });
        flaw.or_else(|| {
            let now = now?;
            let outside = self.check_validity(now).err()?;
            let words = format!("it is valid {}, and now is {}", self.window(), rfc3339(now));
            Some(problem(words, outside.hint()))
        })
    }

    fn check_validity(&self, now: UnixTime) -> Result<(), Rejection> {
        match (self.not_before..=self.not_after).contains(&now) {
            true => Ok(()),
            false => Err(Rejection::new(RejectionReason::AnchorExpired)
                .with_expected(format!("{} valid {}", self.subject, self.window()))
                .with_presented(format!("now {}", rfc3339(now)))),
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

/// An anchor that no path may end in, by its subject.
pub(super) type Refused = (CanonicalName, Box<UnusableTrustAnchor>);

/// Reads and judges an anchor, by its subject.
pub(super) fn judge(
    index: usize,
    der: &CertificateDer<'static>,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Result<(CanonicalName, TrustAnchor<'static>, Facts), Refused> {
    let unusable = |name: &[u8], subject: &str, (problem, hint): Unfit| {
        let anchor = UnusableTrustAnchor {
            index,
            trust_domain: None,
            subject: subject.to_owned(),
            problem,
            hint: hint.into(),
        };
        (CanonicalName::of(name), Box::new(anchor))
    };
    let certificate = Certificate::from_der(der)
        .map_err(|error| unusable(&[], "(unreadable)", (error.to_string(), REPLACE)))?;
    let name = certificate.subject;
    let subject = rfc4514(name);
    let unfit = |unfit| unusable(name, &subject, unfit);
    let path_length = refuse_unfit(&certificate).map_err(unfit)?;
    let identifiers = match policy.profile {
        CertificateProfile::Interoperable => None,
        _ => Some(
            Identifiers::read(&certificate)
                .map_err(|error| unfit((error.to_string(), REPLACE)))?
                .into_owned(),
        ),
    };
    let anchor = webpki::anchor_from_trusted_cert(der)
        .map_err(|error| unfit((error.to_string(), REPLACE)))?;
    let facts = Facts {
        index,
        der: Arc::new(der.clone()),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        path_length,
        identifiers,
        name_limits: NameLimits::of(&certificate),
        flaw: flaw_of_key(&certificate, policy, algorithms)
            .or_else(|| flaw_of_form(&certificate, policy.profile)),
        purpose_flaws: [Role::Client, Role::Server]
            .map(|role| flaw_of_anchors_purpose(&certificate, role)),
        subject,
    };
    Ok((CanonicalName::of(name), anchor.to_owned(), facts))
}

/// What is wrong with an anchor, and what to do about it.
type Unfit = (String, &'static str);

const REPLACE: &str = "give the certificate of the CA that issues the peers' certificates";
const REISSUE: &str =
    "reissue the CA certificate with basicConstraints CA:TRUE and keyUsage keyCertSign";

/// Beside anchors that can vouch, one whose algorithm is not at hand does no harm: CAs can be
/// changed over to it.
fn flaw_of_key(
    certificate: &Certificate<'_>,
    policy: &VerifierPolicy,
    algorithms: &SignatureAlgorithms,
) -> Option<Flaw> {
    let found = acceptable_key(&certificate.public_key, policy, algorithms).err()?;
    Some(unacceptable_key(found, policy, algorithms))
}

fn flaw_of_form(certificate: &Certificate<'_>, profile: CertificateProfile) -> Option<Flaw> {
    let of_web = || match profile {
        CertificateProfile::WebPki => webpki_profile::check_anchor(certificate).err(),
        _ => None,
    };
    flaw_of_anchor(certificate, profile).or_else(of_web)
}

/// Whether a CA's certificate limits the names below it.
pub(in crate::policy) fn constrains_names(certificate: &Certificate<'_>) -> bool {
    certificate.extension(ID_CE_NAME_CONSTRAINTS).is_some()
}

/// What an anchor must be; gives its path length.
fn refuse_unfit(certificate: &Certificate<'_>) -> Result<Option<usize>, Unfit> {
    let unreadable = |error: X509Error| (error.to_string(), REISSUE);
    if certificate.version != Version::V3 {
        let problem = format!(
            "it is an X.509 {:?} certificate, which cannot say that it is a CA's",
            certificate.version
        );
        return Err((problem, REISSUE));
    }
    let constraints = certificate.basic_constraints().map_err(unreadable)?;
    let Some(constraints) = constraints.filter(|c| c.ca) else {
        let problem = "it is an end-entity certificate (no basicConstraints CA:TRUE)".to_owned();
        let hint = if certificate.is_self_issued() {
            SELF_SIGNED
        } else {
            REPLACE
        };
        return Err((problem, hint));
    };
    let key_usage = certificate.key_usage().map_err(unreadable)?;
    if key_usage.is_some_and(|usage| !usage.0.contains(KeyUsages::KeyCertSign)) {
        let problem = "its keyUsage does not include keyCertSign".to_owned();
        return Err((problem, REISSUE));
    }
    Ok(constraints.path_len_constraint.map(usize::from))
}

/// As Go and LND make them by default.
const SELF_SIGNED: &str = "a self-signed leaf cannot vouch for itself: make a CA certificate (basicConstraints CA:TRUE), \
                           issue the leaf with it, and give the CA's certificate as trust anchor";
