use crate::material::{MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{Trust, TrustBundles, VerifierPolicy};

/// The changes for the next revision; what it does not set stays as it is.
///
/// Give it to [`RotationHandle::rotate`](super::RotationHandle::rotate), or return it
/// from a [`Source`](crate::Source). Its changes take effect together, or none does.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # use mtls::{Rustls, VerifierPolicy};
/// # let (identity, anchors) = (pki::server_identity(), pki::anchors());
/// # let server = pki::server_builder().build(Rustls::default())?;
/// use mtls::Rotation;
///
/// let rotation = Rotation::new()
///     .identity(identity)
///     .trust_anchors(anchors)
///     .policy(VerifierPolicy::allow_any_authenticated().max_intermediates(1))
///     .origin("the configuration of 1 May");
/// assert_eq!(server.handle().rotate(rotation)?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it has no effect before it is given to `rotate`"]
pub struct Rotation {
    pub(crate) identity: Option<MtlsIdentity>,
    pub(crate) trust: Option<Trust>,
    pub(crate) revocation_lists: Option<RevocationLists>,
    pub(crate) policy: Option<VerifierPolicy>,
    pub(crate) shadow: Option<VerifierPolicy>,
    pub(crate) origin: Option<String>,
    pub(crate) degraded: Option<String>,
}

impl Rotation {
    /// Creates an empty rotation.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets our own identity.
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Sets the trust anchors that prove our peers. They replace trust bundles, too.
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.trust = Some(Trust::Anchors(anchors));
        self
    }

    /// Sets the trust anchors of each SPIFFE trust domain. They replace trust anchors, too.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # use mtls::{Rotation, TrustBundles};
    /// # let anchors = pki::anchors();
    /// let bundles = TrustBundles::new([("prod.example", anchors)])?;
    /// let rotation = Rotation::new().trust_bundles(bundles);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.trust = Some(Trust::Bundles(bundles));
        self
    }

    /// Sets the lists that the policy's revocation rules use, replacing all earlier ones.
    ///
    /// A list counts once its signature has been verified by the key of an anchor, or of a CA in a
    /// peer's path. For each list that counts, the given lists must meet these conditions, by
    /// issuer (name and key) and scope. Otherwise the error is
    /// [`RevocationListRegression`](crate::error::RevocationListRegression):
    ///
    /// - No list may be older, whatever the clock shows: if there are any, one of them has at least
    ///   its number (RFC 5280, section 5.2.3), if it has one, and at least its `thisUpdate`. This
    ///   also holds for lists that are gone (the last 256 of them), until the policy has no rules
    ///   any more.
    /// - None may be missing while the old list is current, may be stale by the rules, or lists a
    ///   certificate that would be accepted without it because the rules allow unknown status.
    /// - The new list must be current while the old one is. In place of a stale list, a newer list
    ///   that is stale is also accepted.
    ///
    /// The last two conditions hold while an anchor is trusted in which paths over the issuer have
    /// ended (by subject and key; 8 of them are remembered). So the lists of a CA may go together
    /// with its anchor, and must be given again when the anchor is trusted again. To go back on
    /// purpose, build a new client or server.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # use mtls::Rotation;
    /// # let lists = pki::lists();
    /// let rotation = Rotation::new().revocation_lists(lists);
    /// ```
    pub fn revocation_lists(mut self, lists: RevocationLists) -> Self {
        self.revocation_lists = Some(lists);
        self
    }

    /// Sets which peers are accepted.
    ///
    /// Two policies are equal if their rules are. Matchers of the kind
    /// [`custom`](crate::PeerMatcher::custom) are equal if they are clones of one.
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Sets the shadow policy, which is evaluated beside the policy and not enforced.
    ///
    /// ```
    /// use mtls::{PeerMatcher, Rotation, VerifierPolicy};
    /// let narrower = VerifierPolicy::allow(PeerMatcher::trust_domain("prod.example")?);
    /// let rotation = Rotation::new().shadow_policy(narrower);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shadow_policy(mut self, policy: VerifierPolicy) -> Self {
        self.shadow = Some(policy);
        self
    }

    /// Sets where this came from, for people: a failure names it.
    ///
    /// It has the paths of files or the address of a service, and no secrets.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Marks that the [`Source`](crate::Source) works by a fallback.
    ///
    /// `reason` is shown in [`Status::degraded`](crate::Status::degraded) until a rotation of the
    /// source comes without one.
    ///
    /// ```
    /// let rotation = mtls::Rotation::new().degraded("the agent is away; this is its last answer");
    /// ```
    pub fn degraded(mut self, reason: impl Into<String>) -> Self {
        self.degraded = Some(reason.into());
        self
    }
}
