use pki_types::{ServerName, UnixTime};
use sha2::{Digest, Sha256};

use crate::backend::Judge;
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

/// What is judged: a peer, in its role. Many connections may share one.
pub(super) struct Subject {
    pub(super) key: Key,
    pub(super) peer: PeerIdentity,
    /// By which name, for a server.
    asked: Option<ServerName<'static>>,
}

/// SHA-256 over the role, the name and the chain.
pub(super) type Key = [u8; 32];

impl Subject {
    pub(super) fn new(peer: &PeerIdentity, asked: Option<&ServerName<'_>>) -> Self {
        Self {
            key: key(peer, asked),
            peer: peer.clone(),
            asked: asked.map(ServerName::to_owned),
        }
    }

    /// As a handshake would be judged now: until when the path that was found is valid.
    pub(super) fn judge(&self, judge: &Judge) -> Result<UnixTime, Rejection> {
        let peer = judge.judge_again(&self.peer, self.asked.as_ref())?;
        Ok(peer.path_not_after())
    }
}

fn key(peer: &PeerIdentity, asked: Option<&ServerName<'_>>) -> Key {
    let mut hash = Sha256::new();
    // Each with its length, so that no two subjects are the same bytes.
    let mut add = |bytes: &[u8]| {
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(bytes);
    };
    match asked {
        None => add(b"client"),
        Some(name) => {
            add(b"server");
            add(name.to_str().as_bytes());
        }
    }
    // A path that the platform proved is judged by the leaf alone.
    add(match peer.trust_anchor() {
        Some(_) => b"chain",
        None => b"leaf",
    });
    peer.chain().iter().for_each(|certificate| add(certificate));
    hash.finalize().into()
}
