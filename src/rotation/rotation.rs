use crate::material::{MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{Trust, TrustBundles, VerifierPolicy};

/// What the next revision has of its own; what is not given stays as it is.
///
/// SourceBaseline to `rotate(..)` of a [`MtlsClient`](crate::MtlsClient) or
/// [`MtlsServer`](crate::MtlsServer), and by a [`Source`](crate::Source). All that is in one takes
/// effect at once, or none of it.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn f(server: mtls::MtlsServer<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, RevocationLists, Rotation};
///
/// let revision = server.rotate(
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
    /// Of nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who we are from now on.
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Who vouches for our peers from now on. Takes the place of trust bundles, too.
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.trust = Some(Trust::Anchors(anchors));
        self
    }

    /// Who vouches for the peers of each SPIFFE trust domain from now on. Takes the place of trust
    /// anchors, too.
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.trust = Some(Trust::Bundles(bundles));
        self
    }

    /// The lists by which the policy's revocation rules are judged from now on, in place of all
    /// that were given before.
    ///
    /// A list counts once its signature was seen to be good: by the key of an anchor, or of a CA in
    /// some peer's path. In place of each list that counts, what is given is held to this, by
    /// issuer (name and key) and scope, else it is
    /// [`RevocationListRegression`](crate::BuildError::RevocationListRegression):
    ///
    /// - None older, whatever the clock says: where there are any, one of them has at least its
    ///   number (RFC 5280, section 5.2.3), if it has one, and at least its `thisUpdate`. This holds
    ///   for lists that are gone as well (the last 256 of them), until the policy has no rules any
    ///   more.
    /// - Not missing, while the old list is current, may be stale by the rules, or lists anyone who
    ///   would be admitted without it, since the rules allow unknown status.
    /// - Current, while the old list is. In place of one that is stale a newer one will do that is
    ///   stale, too.
    ///
    /// The last two hold while one of the anchors (by subject and key; 8 of them are remembered) is
    /// trusted in which paths over the issuer were seen to end: the lists of a CA may go together
    /// with its anchor, and whoever trusts the anchor again gives them again. To go back on purpose
    /// build a new client or server.
    pub fn revocation_lists(mut self, lists: RevocationLists) -> Self {
        self.revocation_lists = Some(lists);
        self
    }

    /// Whom to admit from now on. Policies are the same where their rules are; matchers of the kind
    /// [`custom`](crate::PeerMatcher::custom), where they are clones of one.
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// What is judged beside the policy, and not enforced, from now on.
    pub fn shadow_policy(mut self, policy: VerifierPolicy) -> Self {
        self.shadow = Some(policy);
        self
    }

    /// Where this came from, for people: named where it is refused. The paths of files, the address
    /// of a service; no secrets.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// For a [`Source`](crate::Source) that still gives, but not as it should: `reason` is shown in
    /// [`Status::degraded`](crate::Status::degraded) until it gives without.
    pub fn degraded(mut self, reason: impl Into<String>) -> Self {
        self.degraded = Some(reason.into());
        self
    }
}
