/// Which certificates must be known not to be revoked, and what becomes of those of which nothing
/// is known.
///
/// Given to [`VerifierPolicy::revocation`](crate::VerifierPolicy::revocation); the lists
/// themselves are given beside the policy, since they change on their own: `revocation_lists(..)`
/// on a builder, or
/// [`PeerVerifier::with_revocation_lists`](crate::PeerVerifier::with_revocation_lists).
///
/// For each certificate that is asked about, every list of its issuer counts, in any order: those
/// that have the issuer's name and a signature by the issuer's key of the proved path (RFC 5280,
/// section 6.3.3).
///
/// - One of them lists the certificate: it is refused as
///   [`Revoked`](crate::RejectionReason::Revoked), for whatever reason, `certificateHold` and a
///   date in the future included, and even if that list is stale, of another distribution point,
///   older than one that does not list it, or signed by an issuer without cRLSign.
/// - None does, and one of them is current (`thisUpdate` to `nextUpdate`, both included), is about
///   this certificate, and its issuer may sign lists (cRLSign, where it has a keyUsage): it is
///   good. Lists for some reasons only (`onlySomeReasons`) have to cover all reasons together.
/// - The lists that could say so are not current:
///   [`RevocationListStale`](crate::RejectionReason::RevocationListStale).
/// - Otherwise: [`RevocationStatusUnknown`](crate::RejectionReason::RevocationStatusUnknown).
///
/// A list with an issuing distribution point is about the certificates that it says (of CAs, of
/// others) and, where the point has names, about those that carry one of them in their
/// cRLDistributionPoints (RFC 5280, section 6.3.3, (b)(2)).
///
/// CRL numbers are optional, and never take an entry back: a list with a lower number that is given
/// beside a newer one revokes what it lists. To lift a hold, leave the old list out. Where a
/// rotation replaces lists, no older one takes the place of one that a signature has proved: the
/// number and `thisUpdate` may both only grow, and a list without a number never follows one with a
/// number ([`BuildError::RevocationListRegression`](crate::BuildError::RevocationListRegression)).
///
/// ```
/// use mtls::{RevocationRules, VerifierPolicy};
/// use mtls::policy::RevocationDepth;
/// let policy = VerifierPolicy::allow_any_authenticated()
///     .revocation(RevocationRules::require(RevocationDepth::Chain));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationRules {
    pub(crate) depth: RevocationDepth,
    pub(crate) unknown: UnknownStatus,
    pub(crate) stale: StaleLists,
    pub(crate) unnamed: UnnamedPoint,
}

/// Which certificates of a path [`RevocationRules`] ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationDepth {
    /// The leaf and every intermediate. The trust anchor that ends the path is not asked about,
    /// unless its issuer is a trust anchor as well: to trust an intermediate does not keep its own
    /// CA from revoking it.
    Chain,
    /// The leaf alone.
    Leaf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownStatus {
    Allow,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StaleLists {
    Allow,
    Reject,
}

/// Whether a certificate that names no distribution point belongs to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnnamedPoint {
    All,
    None,
}

impl RevocationRules {
    /// Every certificate to this depth must be known not to be revoked, by a current list.
    pub fn require(depth: RevocationDepth) -> Self {
        Self {
            depth,
            unknown: UnknownStatus::Reject,
            stale: StaleLists::Reject,
            unnamed: UnnamedPoint::None,
        }
    }

    /// Dangerous: admits a certificate whose status no list tells. Only what is listed is refused
    /// then, so a list that is missing, or of another CA, goes unnoticed.
    #[must_use]
    pub fn danger_allow_unknown_status(mut self) -> Self {
        self.unknown = UnknownStatus::Allow;
        self
    }

    /// Dangerous: takes the word of a list past its `nextUpdate` that a certificate is good. Who
    /// can keep newer lists from arriving decides then who is revoked. A list before its
    /// `thisUpdate` proves nothing all the same.
    #[must_use]
    pub fn danger_allow_stale_lists(mut self) -> Self {
        self.stale = StaleLists::Allow;
        self
    }

    /// Dangerous where a CA has more than one list at a time: takes each list of a distribution
    /// point to be about the certificates that name no such point, too.
    ///
    /// RFC 5280, section 6.3.3, does not have it so, but some CAs (step-ca among them) name a point
    /// in their one list and none in their certificates.
    #[must_use]
    pub fn danger_cover_certificates_without_distribution_point(mut self) -> Self {
        self.unnamed = UnnamedPoint::All;
        self
    }

    /// Which certificates are asked about.
    pub fn depth(&self) -> RevocationDepth {
        self.depth
    }
}
