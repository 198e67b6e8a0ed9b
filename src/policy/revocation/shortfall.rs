//! What lists lack if none of them proves a certificate good, with hints.

use super::list_verdict::ListVerdict;
use crate::policy::signature::SignatureProblem;
use crate::x509::{Exclusion, Reasons};

/// The fault of one issuer's lists, ordered by how little is needed to repair it.
///
/// It is the fault of the list that comes nearest to proving the certificate good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shortfall {
    NoList,
    OtherKey,
    UnsupportedSignature,
    IssuerMayNotSign,
    OtherKind(Kind),
    OtherPoint,
    NoPoint,
    SomeReasons,
    Early,
    Stale,
}

/// The kind of certificates that a list covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Cas,
    Users,
}

impl Shortfall {
    /// Returns `None` for a list that lacks nothing.
    pub(super) fn of(verdict: &ListVerdict) -> Option<Self> {
        Some(match verdict {
            ListVerdict::Current(Reasons::ALL) | ListVerdict::Revokes(_) => return None,
            ListVerdict::Early(Reasons::ALL) => Self::Early,
            ListVerdict::Stale(Reasons::ALL) => Self::Stale,
            ListVerdict::Current(_) | ListVerdict::Early(_) | ListVerdict::Stale(_) => {
                Self::SomeReasons
            }
            ListVerdict::IssuerMayNotSign => Self::IssuerMayNotSign,
            ListVerdict::OtherKey(SignatureProblem::UnsupportedAlgorithm { .. }) => {
                Self::UnsupportedSignature
            }
            ListVerdict::OtherKey(_) => Self::OtherKey,
            ListVerdict::OutOfScope(Exclusion::Ca) => Self::OtherKind(Kind::Users),
            ListVerdict::OutOfScope(Exclusion::NotCa) => Self::OtherKind(Kind::Cas),
            ListVerdict::OutOfScope(Exclusion::NoPoint) => Self::NoPoint,
            ListVerdict::OutOfScope(Exclusion::OtherPoint) => Self::OtherPoint,
        })
    }

    /// Returns the hint, for the leaf or a certificate above it.
    pub(super) fn hint(self, is_leaf: bool) -> &'static str {
        match self {
            Self::NoList if is_leaf => {
                "give the current list of this issuer to `revocation_lists`; its CA publishes one, \
                 or makes one by `openssl ca -gencrl`"
            }
            Self::NoList => {
                "give the current list of this issuer to `revocation_lists` as well; or check \
                 leaves alone, by `RevocationDepth::Leaf`"
            }
            Self::OtherKey => {
                "give the list that the CA signed with the key of the issuer's certificate in this \
                 path: a CA that has changed its key signs a list with each of them, and another \
                 CA may have the same name"
            }
            Self::UnsupportedSignature => {
                "have the CA sign its list with the digest with which it signed this certificate, \
                 SHA-256 for instance (`openssl ca -gencrl -md sha256`)"
            }
            Self::IssuerMayNotSign => {
                "reissue the issuer's certificate, for the same name and key, with keyUsage \
                 keyCertSign and cRLSign, and put it in the place of the old one: among the \
                 presented certificates, or the trust anchors; its lists stay as they are"
            }
            Self::OtherKind(Kind::Cas) => {
                "give the issuer's list about user certificates as well (onlyContainsUserCerts), \
                 or one about all"
            }
            Self::OtherKind(Kind::Users) => {
                "give the issuer's list about CA certificates as well (onlyContainsCACerts), or \
                 one about all; or check leaves alone, by `RevocationDepth::Leaf`"
            }
            Self::OtherPoint => {
                "give the issuer's list of a distribution point that the certificate names \
                 (`openssl x509 -in CERT -noout -ext crlDistributionPoints` shows them), or one \
                 without issuingDistributionPoint"
            }
            Self::NoPoint => {
                "if this list covers everything that its CA issues, state it by \
                 `RevocationRules::danger_cover_certificates_without_distribution_point`; or have \
                 the CA make a list without issuingDistributionPoint, or name its point in the \
                 certificates (crlDistributionPoints)"
            }
            Self::SomeReasons => {
                "give the issuer's lists for the other reasons as well (onlySomeReasons): together \
                 they must cover all; or one for all reasons"
            }
            Self::Early => {
                "compare this machine's clock with the CA's: the list is from the future; until it \
                 is valid, give the one before it"
            }
            Self::Stale => {
                "give the list that the issuer has made since, as `openssl crl -in FILE -noout \
                 -lastupdate -nextupdate` shows; when it looks current, compare the clocks"
            }
        }
    }
}
