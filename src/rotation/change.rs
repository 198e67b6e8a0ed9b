use crate::material::{MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{TrustBundles, TrustSource, VerifierPolicy};

/// What the next revision has of its own; what is not given stays as it is.
///
/// Given to `rotate(..)` of a [`MtlsClient`](crate::MtlsClient) or [`MtlsServer`](crate::MtlsServer), and by a
/// [`Source`](crate::Source). All that is in one takes effect at once, or none of it.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # fn f(server: mtls::MtlsServer<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsIdentity, RevocationLists, Rotation};
///
/// let revision = server.rotate(
///     Rotation::new()
///         .identity(MtlsIdentity::from_pem_files("new.crt", "new.key")?)
///         .revocation_lists(RevocationLists::from_pem_file("ca.crl")?),
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
    pub(crate) trust: Option<TrustSource>,
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
        self.trust = Some(TrustSource::Anchors(anchors));
        self
    }

    /// Who vouches for the peers of each SPIFFE trust domain from now on. Takes the place of trust anchors, too.
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.trust = Some(TrustSource::Bundles(bundles));
        self
    }

    /// The lists by which the policy's revocation rules are judged from now on, in place of all that were given before.
    ///
    /// For each list that counts now (current, and its signature by an anchor, or by the CA of some peer, was seen to be
    /// good) there has to be one of the same issuer and scope that is current and no older: neither its number (RFC 5280,
    /// section 5.2.3) nor its date may be lower. Anything else is
    /// [`RevocationListsWorse`](crate::BuildError::RevocationListsWorse), unless the rotation takes the issuer's anchor or
    /// the rules away as well. To go back on purpose build a new client or server.
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

    /// Where this came from, for people: named where it is refused. The paths of files, the address of a service; no
    /// secrets.
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
