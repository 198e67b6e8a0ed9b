use crate::error::unknown_name::stable_names;

/// The rules for revocation: the certificates that are checked, and the status they need.
///
/// Pass the rules to [`VerifierPolicy::revocation`](crate::VerifierPolicy::revocation). The lists
/// are passed separately, since they change independently: by `revocation_lists(..)` on a builder,
/// or by [`PeerVerifier::with_revocation_lists`](crate::PeerVerifier::with_revocation_lists).
///
/// For each checked certificate, every list of its issuer counts, in any order: those that have the
/// issuer's name and a signature by the issuer's key of the verified path (RFC 5280, section
/// 6.3.3).
///
/// - One of them lists the certificate: it is rejected as
///   [`Revoked`](crate::RejectionReason::Revoked). This holds for every reason code,
///   `certificateHold` included, and for a revocation date in the future. It holds even if that
///   list is stale, belongs to another distribution point, is older than one that does not list it,
///   or is signed by an issuer without cRLSign.
/// - None lists it, and one of them is current (`thisUpdate` to `nextUpdate`, both included),
///   covers this certificate, and its issuer may sign lists (cRLSign, if it has a keyUsage): the
///   certificate is good. Lists for some reasons only (`onlySomeReasons`) must together cover all
///   reasons.
/// - The lists that could prove it good are not current:
///   [`RevocationListStale`](crate::RejectionReason::RevocationListStale).
/// - Otherwise: [`RevocationStatusUnknown`](crate::RejectionReason::RevocationStatusUnknown).
///
/// A list with an issuing distribution point covers the certificates that it states (CAs, or
/// others). If the point has names, it covers those that have one of these names in their
/// cRLDistributionPoints (RFC 5280, section 6.3.3, (b)(2)).
///
/// CRL numbers are optional and never withdraw an entry: a list with a lower number still revokes
/// what it lists when it is passed beside a newer one. To lift a hold, leave the old list out. A
/// rotation that replaces lists cannot replace a list with a verified signature by an older one:
/// the number and `thisUpdate` never decrease, and a list without a number never follows one with a
/// number ([`RevocationListRegression`](crate::error::RevocationListRegression)).
///
/// ```
/// use mtls::{RevocationRules, VerifierPolicy};
/// use mtls::policy::RevocationDepth;
///
/// let rules = RevocationRules::require(RevocationDepth::Chain);
/// assert_eq!(rules.depth(), RevocationDepth::Chain);
/// let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationRules {
    pub(crate) depth: RevocationDepth,
    pub(crate) unknown: UnknownStatus,
    pub(crate) stale: StaleLists,
    pub(crate) unnamed: UnnamedPoint,
}

/// Which certificates of a path [`RevocationRules`] apply to.
///
/// ```
/// use mtls::RevocationRules;
/// use mtls::policy::RevocationDepth;
///
/// let rules = RevocationRules::require(RevocationDepth::Leaf);
/// assert_eq!(rules.depth(), RevocationDepth::Leaf);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationDepth {
    /// The leaf and every intermediate.
    ///
    /// The trust anchor of the path is not checked, unless its issuer is a trust anchor as well:
    /// trusting an intermediate does not prevent its own CA from revoking it.
    Chain,
    /// The leaf alone.
    Leaf,
}

stable_names!(RevocationDepth, "revocation depth", {
    Chain => "chain",
    Leaf => "leaf",
});

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
    /// Requires a current list that proves every certificate to this depth not revoked.
    pub fn require(depth: RevocationDepth) -> Self {
        Self {
            depth,
            unknown: UnknownStatus::Reject,
            stale: StaleLists::Reject,
            unnamed: UnnamedPoint::None,
        }
    }

    /// Dangerous: accepts a certificate whose revocation status is unknown.
    ///
    /// Only listed certificates are rejected then, so a list that is missing, or of another CA,
    /// goes unnoticed.
    ///
    /// ```
    /// # use mtls::{RevocationRules, policy::RevocationDepth};
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// assert_ne!(rules, rules.danger_allow_unknown_status());
    /// ```
    #[must_use]
    pub fn danger_allow_unknown_status(mut self) -> Self {
        self.unknown = UnknownStatus::Allow;
        self
    }

    /// Dangerous: accepts a list past its `nextUpdate` as proof that a certificate is good.
    ///
    /// An attacker who blocks newer lists can then keep a revoked certificate in use. A list before
    /// its `thisUpdate` still proves nothing.
    ///
    /// ```
    /// # use mtls::{RevocationRules, policy::RevocationDepth};
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// assert_ne!(rules, rules.danger_allow_stale_lists());
    /// ```
    #[must_use]
    pub fn danger_allow_stale_lists(mut self) -> Self {
        self.stale = StaleLists::Allow;
        self
    }

    /// Dangerous: applies a distribution point's list to certificates that name no point.
    ///
    /// This is dangerous if a CA has more than one list at a time. RFC 5280, section 6.3.3, does
    /// not allow it, but some CAs (step-ca among them) name a point in their only list and none in
    /// their certificates.
    ///
    /// ```
    /// # use mtls::{RevocationRules, policy::RevocationDepth};
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// assert_ne!(rules, rules.danger_cover_certificates_without_distribution_point());
    /// ```
    #[must_use]
    pub fn danger_cover_certificates_without_distribution_point(mut self) -> Self {
        self.unnamed = UnnamedPoint::All;
        self
    }

    /// Returns which certificates are checked.
    pub fn depth(&self) -> RevocationDepth {
        self.depth
    }
}
