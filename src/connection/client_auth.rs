use crate::peer::PeerIdentity;
use crate::policy;

/// The most bytes of CA names in a certificate request.
///
/// More would slow every handshake, and some clients reject it. Beyond this limit no CA is named,
/// because a client may take a shortened list for the whole.
pub const MAX_CA_NAMES_BYTES: usize = policy::MAX_CA_NAMES_BYTES;

/// Rejects a client without a certificate: `peer()` is a [`PeerIdentity`].
///
/// ```
/// use mtls::connection::Required;
/// use mtls::{MtlsServer, Rustls, ServerBuilder};
///
/// let builder: ServerBuilder<Required> = MtlsServer::builder();
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it has no values")]
pub enum Required {}

/// Accepts an anonymous client: `peer()` is an `Option` of a [`PeerIdentity`].
///
/// ```
/// use mtls::connection::Optional;
/// use mtls::{MtlsServer, Rustls, ServerBuilder};
///
/// let builder: ServerBuilder<Optional> = MtlsServer::builder().optional_client_auth();
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "it has no values")]
pub enum Optional {}

/// Whether a server's clients must present a certificate: [`Required`] or [`Optional`].
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// use mtls::connection::{ClientAuth, Optional, Required};
///
/// fn greeting<A: ClientAuth>(peer: &A::Peer) -> String {
///     A::identity(peer).map_or("hello".to_owned(), |peer| format!("hello {peer}"))
/// }
/// # let peer = pki::peer();
/// assert_eq!(greeting::<Optional>(&None), "hello");
/// assert_eq!(greeting::<Required>(&peer), "hello spiffe://prod.example/payments");
/// ```
#[expect(private_bounds, reason = "sealed: there is no third answer")]
pub trait ClientAuth: PeerOf<Known = <Self as ClientAuth>::Peer> + 'static {
    /// What a stream holds of its client: a [`PeerIdentity`], or an `Option` of one.
    type Peer: Send + Sync + 'static;

    /// Returns the client's identity, unless the client is anonymous.
    fn identity(peer: &Self::Peer) -> Option<&PeerIdentity>;
}

/// The conversion of a handshake's peer into what a stream holds.
pub(crate) trait PeerOf {
    type Known;

    /// Whether a client without a certificate is rejected.
    const REQUIRED: bool;

    /// Converts the peer of a handshake; `None` if a required certificate is missing.
    fn peer(shown: Option<PeerIdentity>) -> Option<Self::Known>;
}

impl ClientAuth for Required {
    type Peer = PeerIdentity;

    fn identity(peer: &PeerIdentity) -> Option<&PeerIdentity> {
        Some(peer)
    }
}

impl ClientAuth for Optional {
    type Peer = Option<PeerIdentity>;

    fn identity(peer: &Option<PeerIdentity>) -> Option<&PeerIdentity> {
        peer.as_ref()
    }
}

impl PeerOf for Required {
    type Known = PeerIdentity;

    const REQUIRED: bool = true;

    fn peer(shown: Option<PeerIdentity>) -> Option<PeerIdentity> {
        shown
    }
}

impl PeerOf for Optional {
    type Known = Option<PeerIdentity>;

    const REQUIRED: bool = false;

    fn peer(shown: Option<PeerIdentity>) -> Option<Option<PeerIdentity>> {
        Some(shown)
    }
}
