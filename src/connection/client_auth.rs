use crate::peer::PeerIdentity;

/// Bytes of CA names in a certificate request. More would slow every handshake, and some clients
/// refuse it; beyond it none is named, since a client may take a shortened list for the whole.
pub const MAX_CA_NAMES_BYTES: usize = 16 * 1024;

/// A client without a certificate is refused: `peer()` is a [`PeerIdentity`].
#[derive(Debug)]
pub enum Required {}

/// A client may stay anonymous: `peer()` is an `Option` of a [`PeerIdentity`].
#[derive(Debug)]
pub enum Optional {}

/// Whether a server's clients must present a certificate: [`Required`] or [`Optional`].
#[expect(private_bounds, reason = "sealed: there is no third answer")]
pub trait ClientAuth: PeerOf<Known = <Self as ClientAuth>::Peer> {
    /// What a stream knows about its client: a [`PeerIdentity`], or an `Option` of one.
    type Peer;

    /// The client, unless it is anonymous.
    fn identity(peer: &Self::Peer) -> Option<&PeerIdentity>;
}

/// What a server does with what a client presented.
pub(crate) trait PeerOf {
    type Known;

    /// Whether a client without a certificate is rejected.
    const REQUIRED: bool;

    /// What a stream holds of the client that a handshake showed; `None` where it had to show one
    /// and did not.
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
