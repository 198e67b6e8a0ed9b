//! What is known of one trust anchor before a peer connects.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::error::{TrustAnchorProblem, UnusableTrustAnchor};
use crate::material::TrustAnchors;
use crate::policy::certificate::key_identifiers::{Identifiers, check_link};
use crate::policy::certificate::name_constraints::NameLimits;
use crate::policy::verdict::defect::Defect;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::{Rejection, rfc3339};
use crate::policy::verification::{VerificationContext, VerificationTime};
use crate::side::Side;
use crate::x509::{Certificate, Outline, Span, content, rfc4514};

/// What is known of one trust anchor.
///
/// There may be thousands, and a peer leads to one of them. So it copies nothing of the
/// certificate, and makes the words of a rejection when they are needed.
#[derive(Clone)]
pub(crate) struct AnchorFacts {
    /// The set that it is of, which has its bytes.
    pub(super) anchors: TrustAnchors,
    /// The index of the anchor in the set.
    pub(super) index: usize,
    /// The certificate for those who keep it; made when it is first needed.
    pub(super) shared: OnceLock<Arc<CertificateDer<'static>>>,
    pub(super) outline: Outline,
    /// The content of the name constraints, without the header.
    pub(super) name_constraints: Option<Span>,
    pub(super) path_length: Option<u8>,
    /// Whether the profile checks key identifiers.
    pub(super) checks_identifiers: bool,
    pub(super) name_limits: Option<Box<NameLimits>>,
    pub(super) defects: Option<Box<Defects>>,
}

/// Why no path may end in an anchor, whatever the time.
#[derive(Clone)]
pub(super) struct Defects {
    /// The defect of its key or form.
    pub(super) common: Option<Defect>,
    /// Why it is unusable for clients.
    pub(super) client: Option<Defect>,
    pub(super) server: Option<Defect>,
}

impl Defects {
    pub(super) fn is_any(&self) -> bool {
        self.common.is_some() || self.client.is_some() || self.server.is_some()
    }
}

impl AnchorFacts {
    /// Returns the same facts for an anchor with the same bytes in another set.
    pub(super) fn moved_to(&self, anchors: &TrustAnchors, index: usize) -> Self {
        Self {
            anchors: anchors.clone(),
            index,
            ..self.clone()
        }
    }

    pub(in crate::policy) fn der(&self) -> &CertificateDer<'static> {
        static NONE: CertificateDer<'static> = CertificateDer::from_slice(&[]);
        self.anchors.as_slice().get(self.index).unwrap_or(&NONE)
    }

    /// Returns the certificate for those who keep it; the bytes are copied once.
    pub(in crate::policy) fn certificate(&self) -> &Arc<CertificateDer<'static>> {
        self.shared.get_or_init(|| Arc::new(self.der().clone()))
    }

    pub(in crate::policy) fn subject(&self) -> String {
        rfc4514(self.name())
    }

    /// Returns the subject, a `Name` with its header.
    pub(super) fn name(&self) -> &[u8] {
        self.outline.subject.part(self.der())
    }

    /// Returns the content of the `SubjectPublicKeyInfo`.
    pub(super) fn key(&self) -> &[u8] {
        content(self.outline.spki.part(self.der()))
    }

    pub(super) fn key_identifier(&self) -> Option<&[u8]> {
        Some(self.outline.key_identifier?.part(self.der()))
    }

    /// Returns the anchor as webpki takes it, borrowed: contents of the certificate's elements.
    pub(super) fn webpki(&self) -> TrustAnchor<'_> {
        let name_constraints = self.name_constraints.map(|span| span.part(self.der()));
        TrustAnchor {
            subject: content(self.name()).into(),
            subject_public_key_info: self.key().into(),
            name_constraints: name_constraints.map(Into::into),
        }
    }

    pub(in crate::policy) fn name_limits(&self) -> Option<&NameLimits> {
        self.name_limits.as_deref()
    }

    pub(super) fn has_defects(&self) -> bool {
        self.defects.is_some()
    }

    /// Describes subject and validity, for `explain`.
    pub(in crate::policy) fn in_words(&self) -> String {
        format!("{} {}", self.subject(), self.window())
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
        let defect = self.defects.as_ref()?.common.as_ref()?;
        (defect.reason == RejectionReason::UnsupportedKey).then_some(defect)
    }

    /// Returns its first defect that does not depend on the time.
    fn defect(&self, side: Side) -> Option<&Defect> {
        let defects = self.defects.as_ref()?;
        let of_purpose = match side {
            Side::Client => &defects.client,
            Side::Server => &defects.server,
        };
        defects.common.as_ref().or(of_purpose.as_ref())
    }

    pub(in crate::policy) fn defect_for(&self, side: Side) -> Option<Rejection> {
        let defect = self.defect(side)?;
        let rejection = Rejection::new(defect.reason)
            .with_expected(defect.expected.clone())
            .with_presented(format!(
                "{} in the trust anchor {}",
                defect.presented,
                self.subject()
            ));
        Some(rejection.with_hint(defect.hint))
    }

    pub(crate) fn check_path_length(&self, intermediates: usize) -> Result<(), Rejection> {
        match self.path_length.map(usize::from) {
            Some(limit) if intermediates > limit => {
                Err(Rejection::new(RejectionReason::PathLengthExceeded)
                    .with_expected(format!(
                        "at most {limit} intermediates under the trust anchor {}",
                        self.subject()
                    ))
                    .with_presented(intermediates.to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_child(&self, child: (usize, &Certificate<'_>)) -> Result<(), Rejection> {
        if !self.checks_identifiers {
            return Ok(());
        }
        let der = self.der();
        let identifiers = Identifiers {
            key: self.key_identifier().map(Cow::Borrowed),
            serial: self.outline.serial.part(der),
            issuer: self.outline.issuer.part(der),
        };
        check_link(child.0, child.1, &identifiers)
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
        let problem = broken_rule.or_else(outside_validity)?;
        Some(UnusableTrustAnchor {
            index: self.index,
            trust_domain: None,
            subject: self.subject(),
            problem,
        })
    }

    pub(in crate::policy) fn validity(&self) -> (UnixTime, UnixTime) {
        (self.outline.not_before, self.outline.not_after)
    }

    fn is_valid_at(&self, time: VerificationTime) -> bool {
        time.is_within(self.outline.not_before, self.outline.not_after)
    }

    fn check_validity(&self, time: VerificationTime) -> Result<(), Rejection> {
        if self.is_valid_at(time) {
            Ok(())
        } else {
            Err(Rejection::new(RejectionReason::AnchorExpired)
                .with_expected(format!("{} valid {}", self.subject(), self.window()))
                .with_presented(format!("now {}", rfc3339(time.now))))
        }
    }

    fn window(&self) -> String {
        format!(
            "from {} to {}",
            rfc3339(self.outline.not_before),
            rfc3339(self.outline.not_after)
        )
    }
}
