use core::fmt;
use std::borrow::Cow;
use std::error::Error;

use pki_types::UnixTime;

use super::date::rfc3339;
use super::unknown_name::variant_names;

/// A trust anchor that cannot authenticate peers, and the reason.
///
/// It is an [`Event::UnusableTrustAnchor`](crate::Event::UnusableTrustAnchor) while another anchor
/// is usable. If none is, building returns
/// [`BuildError::UnusableTrustAnchors`](crate::BuildError::UnusableTrustAnchors).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusableTrustAnchor {
    /// The position among the anchors, from 0; in a trust bundle, among those of its trust domain.
    pub index: usize,
    /// The trust domain of its bundle; `None` if the anchors were given without bundles.
    pub trust_domain: Option<String>,
    /// The subject (RFC 4514).
    pub subject: String,
    /// The fault of the anchor.
    pub problem: TrustAnchorProblem,
}

impl UnusableTrustAnchor {
    /// Returns how to fix it.
    pub fn hint(&self) -> Cow<'_, str> {
        self.problem.hint()
    }
}

impl fmt::Display for UnusableTrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trust anchor {} ({}", self.index, self.subject)?;
        if let Some(domain) = &self.trust_domain {
            write!(f, ", trust domain {domain}")?;
        }
        write!(f, ") is unusable: {}", self.problem)
    }
}

impl Error for UnusableTrustAnchor {}

/// Why a trust anchor cannot authenticate peers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustAnchorProblem {
    /// Its key, its extensions or its form break a rule of the policy.
    #[error("expected {expected}, found {found}")]
    BrokenRule {
        /// What would be accepted.
        expected: String,
        /// What was found instead.
        found: String,
        /// How to fix it.
        advice: &'static str,
    },
    /// It is not a CA's certificate: basicConstraints `CA:TRUE` is missing.
    #[error("end-entity certificate (no basicConstraints CA:TRUE)")]
    EndEntity {
        /// Whether issuer and subject are equal, as in a self-signed certificate.
        is_self_issued: bool,
    },
    /// It cannot be read.
    #[error("{fault}")]
    Malformed {
        /// The fault that the parser found.
        fault: String,
        /// How to fix it.
        advice: &'static str,
    },
    /// Its keyUsage does not include keyCertSign.
    #[error("its keyUsage does not include keyCertSign")]
    MissingKeyCertSign,
    /// It is of an X.509 version without extensions, so it cannot state that it is a CA's.
    #[error("X.509 V{version} certificate")]
    OldVersion {
        /// The version: 1 or 2.
        version: u8,
    },
    /// It has expired, or is not valid yet.
    #[error("valid from {} to {}, not at {}", rfc3339(*.not_before), rfc3339(*.not_after), rfc3339(*.at))]
    OutsideValidity {
        /// The first second of its validity.
        not_before: UnixTime,
        /// The last second of its validity.
        not_after: UnixTime,
        /// The time of the check.
        at: UnixTime,
    },
}

variant_names!(TrustAnchorProblem, {
    BrokenRule => "anchor_breaks_rule",
    EndEntity => "anchor_not_ca",
    Malformed => "malformed_anchor",
    MissingKeyCertSign => "anchor_without_key_cert_sign",
    OldVersion => "anchor_of_old_version",
    OutsideValidity => "anchor_outside_validity",
});

impl TrustAnchorProblem {
    /// Returns how to fix it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::BrokenRule { advice, .. } | Self::Malformed { advice, .. } => advice,
            // Go and LND create such certificates by default.
            Self::EndEntity {
                is_self_issued: true,
            } => {
                "a self-signed leaf cannot authenticate itself: make a CA certificate \
                 (basicConstraints CA:TRUE), issue the leaf with it, and give the CA's certificate \
                 as trust anchor"
            }
            Self::EndEntity {
                is_self_issued: false,
            } => REPLACE_ANCHOR,
            Self::MissingKeyCertSign => REISSUE_ANCHOR,
            Self::OldVersion { .. } => {
                "reissue the CA certificate as X.509 version 3 with basicConstraints CA:TRUE and \
                 keyUsage keyCertSign: an older version cannot state that it is a CA's"
            }
            Self::OutsideValidity { .. } => {
                "replace the trust anchor by the CA certificate that is valid now; if its dates are right, the clock of this \
                 machine is wrong: `date -u` shows it"
            }
        })
    }
}

pub(crate) const REPLACE_ANCHOR: &str =
    "give the certificate of the CA that issues the peers' certificates";
pub(crate) const REISSUE_ANCHOR: &str =
    "reissue the CA certificate with basicConstraints CA:TRUE and keyUsage keyCertSign";
