//! Trust anchors, judged. webpki takes any certificate as an anchor and looks at neither its validity, nor its CA
//! flag, nor its path length (RFC 5280, section 6.1.1 leaves that to us).

use std::sync::Arc;

use const_oid::db::rfc5280::{ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS};
use pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::VerifiedPath;
use x509_cert::ext::pkix::KeyUsages;

use super::leaf::acceptable_key;
use super::rejection::{Rejection, RejectionReason, rfc3339};
use crate::error::BuildError;
use crate::material::TrustAnchors;
use crate::x509::{Certificate, Version, rfc4514};

/// Anchors ready for use, sorted by subject so that a large set costs no more than a small one.
pub(super) struct Anchors {
    webpki: Vec<TrustAnchor<'static>>,
    /// In the order of `webpki`.
    facts: Vec<Facts>,
}

/// What webpki does not keep of an anchor.
struct Facts {
    der: Arc<CertificateDer<'static>>,
    not_before: UnixTime,
    not_after: UnixTime,
    path_length: Option<usize>,
}

/// So few anchors are handed over as they are; of more, only those that a presented certificate names.
const FEW: usize = 16;

impl Anchors {
    pub(super) fn new(anchors: &TrustAnchors) -> Result<Self, BuildError> {
        let mut judged = Vec::with_capacity(anchors.as_slice().len());
        for (index, der) in anchors.as_slice().iter().enumerate() {
            judged.push(judge(der).map_err(|(subject, problem)| BuildError::Anchor {
                index,
                subject,
                problem,
            })?);
        }
        judged.sort_by(|a, b| a.0.subject.as_ref().cmp(b.0.subject.as_ref()));
        let (webpki, facts) = judged.into_iter().unzip();
        Ok(Self { webpki, facts })
    }

    /// Runs `verify` with the anchors that could end a path from one of the `issuers`.
    pub(super) fn with_candidates<T>(
        &self,
        issuers: impl Iterator<Item = impl AsRef<[u8]>>,
        verify: impl FnOnce(&[TrustAnchor<'_>]) -> T,
    ) -> T {
        if self.webpki.len() <= FEW {
            return verify(&self.webpki);
        }
        let mut candidates = Vec::new();
        for issuer in issuers {
            let content = name_content(issuer.as_ref());
            let is_there = |a: &TrustAnchor<'_>| a.subject.as_ref() == content;
            if candidates.iter().any(is_there) {
                continue;
            }
            let same = self.webpki.iter().skip(self.first_of(content));
            candidates.extend(same.take_while(|a| is_there(a)).map(borrow));
        }
        verify(&candidates)
    }

    /// The certificates of the anchors with this subject (a `Name` with its header).
    pub(super) fn named<'a>(
        &'a self,
        subject: &'a [u8],
    ) -> impl Iterator<Item = &'a Arc<CertificateDer<'static>>> {
        let content = name_content(subject);
        let start = self.first_of(content);
        self.webpki
            .iter()
            .zip(&self.facts)
            .skip(start)
            .take_while(move |(anchor, _)| anchor.subject.as_ref() == content)
            .map(|(_, facts)| &facts.der)
    }

    /// Judges the anchor that a path ends in: its validity and its path length.
    pub(super) fn check_end_of_path(
        &self,
        path: &VerifiedPath<'_>,
        now: UnixTime,
    ) -> Result<&Arc<CertificateDer<'static>>, Rejection> {
        let subject = path.anchor().subject.as_ref();
        let key = path.anchor().subject_public_key_info.as_ref();
        let start = self.first_of(subject);
        let same = self
            .webpki
            .iter()
            .zip(&self.facts)
            .skip(start)
            .take_while(|(a, _)| a.subject.as_ref() == subject)
            .filter(|(a, _)| a.subject_public_key_info.as_ref() == key);
        // The same CA may be configured twice, say old and renewed: one that is in order suffices.
        let mut verdict = Err(Rejection::new(RejectionReason::UnknownIssuer));
        for (_, facts) in same {
            verdict = facts.check(path, now).map(|()| &facts.der);
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }

    /// Judges the validity of one anchor, given by its certificate.
    pub(super) fn check_validity(der: &Certificate<'_>, now: UnixTime) -> Result<(), Rejection> {
        check_validity(der.subject, der.not_before, der.not_after, now)
    }

    /// Whether one of these anchors limits the names below it.
    pub(super) fn constrain_names(&self, subject: &[u8]) -> bool {
        let content = name_content(subject);
        self.webpki
            .iter()
            .skip(self.first_of(content))
            .take_while(|a| a.subject.as_ref() == content)
            .any(|a| a.name_constraints.is_some())
    }

    fn first_of(&self, subject: &[u8]) -> usize {
        self.webpki
            .partition_point(|a| a.subject.as_ref() < subject)
    }
}

impl Facts {
    fn check(&self, path: &VerifiedPath<'_>, now: UnixTime) -> Result<(), Rejection> {
        check_validity(
            path.anchor().subject.as_ref(),
            self.not_before,
            self.not_after,
            now,
        )?;
        let Some(limit) = self.path_length else {
            return Ok(());
        };
        // Self-issued certificates do not count (RFC 5280, section 4.2.1.9).
        let intermediates = path
            .intermediate_certificates()
            .filter(|c| c.subject() != c.issuer())
            .count();
        match intermediates > limit {
            true => Err(Rejection::new(RejectionReason::PathLengthExceeded)
                .with_expected(format!(
                    "at most {limit} intermediates under the trust anchor"
                ))
                .with_presented(intermediates.to_string())),
            false => Ok(()),
        }
    }
}

fn judge(der: &CertificateDer<'static>) -> Result<(TrustAnchor<'static>, Facts), (String, String)> {
    let certificate = match Certificate::from_der(der) {
        Ok(certificate) => certificate,
        Err(error) => return Err(("(unreadable)".to_owned(), error.to_string())),
    };
    let subject = || rfc4514(certificate.subject);
    let path_length = match refuse_unfit(&certificate) {
        Ok(path_length) => path_length,
        Err(problem) => return Err((subject(), problem)),
    };
    let anchor = match webpki::anchor_from_trusted_cert(der) {
        Ok(anchor) => anchor.to_owned(),
        Err(error) => return Err((subject(), error.to_string())),
    };
    let facts = Facts {
        der: Arc::new(der.clone()),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        path_length,
    };
    Ok((anchor, facts))
}

/// Whether a CA's certificate limits the names below it.
pub(super) fn constrains_names(certificate: &Certificate<'_>) -> bool {
    certificate.extension(ID_CE_NAME_CONSTRAINTS).is_some()
}

/// What an anchor must be; gives its path length.
fn refuse_unfit(certificate: &Certificate<'_>) -> Result<Option<usize>, String> {
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
    acceptable_key(&certificate.public_key)
        .map_err(|found| format!("its key is not acceptable: {found}"))?;
    Ok(constraints.path_len_constraint.map(usize::from))
}

fn check_validity(
    subject: &[u8],
    not_before: UnixTime,
    not_after: UnixTime,
    now: UnixTime,
) -> Result<(), Rejection> {
    if (not_before..=not_after).contains(&now) {
        return Ok(());
    }
    let name = match rfc4514(subject).as_str() {
        // webpki keeps the content of the name, without its header.
        "(unreadable)" => String::new(),
        name => format!("{name} "),
    };
    Err(Rejection::new(RejectionReason::AnchorExpired)
        .with_expected(format!(
            "{name}valid from {} to {}",
            rfc3339(not_before),
            rfc3339(not_after)
        ))
        .with_presented(format!("now {}", rfc3339(now))))
}

/// The content of a `Name` that is given with its header: how webpki keeps subjects.
fn name_content(name: &[u8]) -> &[u8] {
    use der::Decode;
    der::asn1::AnyRef::from_der(name).map_or(&[], |any| any.value())
}

fn borrow<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: anchor.subject.as_ref().into(),
        subject_public_key_info: anchor.subject_public_key_info.as_ref().into(),
        name_constraints: anchor.name_constraints.as_ref().map(|n| n.as_ref().into()),
    }
}
