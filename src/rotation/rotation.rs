use crate::material::{MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{Trust, TrustBundles, VerifierPolicy};

/// The changes for the next revision; what it does not set stays as it is.
///
/// Give it to [`RotationHandle::rotate`](super::RotationHandle::rotate), or return it
/// from a [`Source`](crate::Source). Its changes take effect together, or none does.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn f(server: mtls::MtlsServer<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, RevocationLists, Rotation};
///
/// let revision = server.handle().rotate(
///     Rotation::new()
///         .identity(MtlsIdentity::from_files("new.crt", "new.key")?)
///         .revocation_lists(RevocationLists::from_file("ca.crl")?),
/// )?;
/// println!("revision {revision} serves");
/// # Ok(())
/// # }
/// # Ok(())
/// # }
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

    /// Sets the trust anchors that vouch for our peers. They replace trust bundles, too.
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.trust = Some(Trust::Anchors(anchors));
        self
    }

    /// Sets the trust anchors of each SPIFFE trust domain. They replace trust anchors, too.
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.trust = Some(Trust::Bundles(bundles));
        self
    }

    /// Sets the lists that the policy's revocation rules use, replacing all earlier ones.
    ///
    /// A list counts once its signature has been verified by the key of an anchor, or of a CA in a
    /// peer's path. For each list that counts, the given lists must meet these conditions, by
    /// issuer (name and key) and scope. Otherwise the error is
    /// [`RevocationListRegression`](crate::BuildError::RevocationListRegression):
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
    pub fn degraded(mut self, reason: impl Into<String>) -> Self {
        self.degraded = Some(reason.into());
        self
    }
}
