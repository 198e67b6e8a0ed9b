//! One trust anchor, judged as far as it can be before a peer comes.

use std::sync::Arc;

use const_oid::db::rfc5280::{ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS};
use pki_types::{CertificateDer, TrustAnchor, UnixTime};
use x509_cert::ext::pkix::KeyUsages;

use crate::policy::judgement::Judgement;
use crate::policy::leaf::acceptable_key;
use crate::policy::links::{Identifiers, check_link};
use crate::policy::name_constraints::constrains_emails;
use crate::policy::profile::{CertificateProfile, Flaw, flaw_of_anchor};
use crate::policy::reason::RejectionReason;
use crate::policy::rejection::{Rejection, rfc3339};
use crate::policy::usage::{Role, flaw_of_anchors_purpose};
use crate::policy::verifier_policy::VerifierPolicy;
use crate::policy::webpki_profile;
use crate::x509::{CanonicalName, Certificate, Version, rfc4514};

/// What webpki does not keep of an anchor.
pub(in crate::policy) struct Facts {
    der: Arc<CertificateDer<'static>>,
    subject: String,
    not_before: UnixTime,
    not_after: UnixTime,
    path_length: Option<usize>,
    identifiers: Identifiers<'static>,
    constrains_emails: bool,
    /// What is wrong with its form: the paths that end in it are refused for that.
    flaw: Option<Flaw>,
    /// Why it does not vouch for clients, and for servers.
    purpose_flaws: [Option<Flaw>; 2],
}

impl Facts {
    pub(in crate::policy) fn certificate(&self) -> &Arc<CertificateDer<'static>> {
        &self.der
    }

    pub(in crate::policy) fn constrains_emails(&self) -> bool {
        self.constrains_emails
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

    /// The first thing that is wrong with it, whatever the time.
    pub(super) fn flaw_for(&self, role: Role) -> Option<Rejection> {
        let purpose_flaw = match (&self.purpose_flaws, role) {
            ([client, _], Role::Client) => client,
            ([_, server], Role::Server) => server,
        };
        let flaw = self.flaw.as_ref().or(purpose_flaw.as_ref())?;
        Some(
            Rejection::new(flaw.reason)
                .with_expected(flaw.expected.clone())
                .with_presented(format!(
                    "{} in the trust anchor {}",
                    flaw.presented, self.subject
                )),
        )
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

    pub(super) fn check_child(
        &self,
        child: (usize, &Certificate<'_>),
        profile: CertificateProfile,
    ) -> Result<(), Rejection> {
        check_link(child.0, child.1, &self.identifiers, profile)
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

/// Reads and judges an anchor, by its subject; the error is its subject and what is wrong with it.
pub(super) fn judge(
    der: &CertificateDer<'static>,
    policy: &VerifierPolicy,
) -> Result<(CanonicalName, TrustAnchor<'static>, Facts), (String, String)> {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => return Err(("(unreadable)".to_owned(), error.to_string())),
    };
    let subject = rfc4514(certificate.subject);
    let unfit = |problem: String| (subject.clone(), problem);
    let path_length = refuse_unfit(&certificate, policy).map_err(unfit)?;
    let identifiers = Identifiers::read(&certificate).map_err(|e| unfit(e.to_string()))?;
    let anchor = webpki::anchor_from_trusted_cert(der).map_err(|e| unfit(e.to_string()))?;
    let facts = Facts {
        der: Arc::new(der.clone()),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        path_length,
        identifiers: identifiers.into_owned(),
        constrains_emails: constrains_emails(&certificate),
        flaw: flaw_of_form(&certificate, policy.profile),
        purpose_flaws: [Role::Client, Role::Server]
            .map(|role| flaw_of_anchors_purpose(&certificate, role)),
        subject,
    };
    let name = CanonicalName::of(certificate.subject);
    Ok((name, anchor.to_owned(), facts))
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
fn refuse_unfit(
    certificate: &Certificate<'_>,
    policy: &VerifierPolicy,
) -> Result<Option<usize>, String> {
    if certificate.version != Version::V3 {
        return Err(format!(
            "it is an X.509 {:?} certificate, which cannot say that it is a CA's; reissue it with basicConstraints \
             CA:TRUE",
            certificate.version
        ));
    }
    let constraints = certificate.basic_constraints().map_err(|e| e.to_string())?;
    let Some(constraints) = constraints.filter(|c| c.ca) else {
        return Err("it is an end-entity certificate (no basicConstraints CA:TRUE)".to_owned());
    };
    let key_usage = certificate.key_usage().map_err(|e| e.to_string())?;
    if certificate.extension(ID_CE_KEY_USAGE).is_some()
        && !key_usage.is_some_and(|usage| usage.0.contains(KeyUsages::KeyCertSign))
    {
        return Err("its keyUsage does not include keyCertSign".to_owned());
    }
    acceptable_key(&certificate.public_key, policy)
        .map_err(|found| format!("its key is not acceptable: {found}"))?;
    Ok(constraints.path_len_constraint.map(usize::from))
}
