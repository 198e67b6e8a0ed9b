use std::sync::Arc;

use pki_types::{ServerName, UnixTime};
use sha2::{Digest, Sha256};

use crate::backend::SessionVerifier;
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason, Trust};

/// What is judged: a peer, in its role. Many connections may share one.
pub(crate) struct VerificationSubject {
    pub(crate) key: Key,
    pub(crate) peer: PeerIdentity,
    /// By which name, for a server.
    asked: Option<ServerName<'static>>,
    /// Where the platform proved the path to one of these and does not show which.
    proved_by: Option<Trust>,
}

/// SHA-256 over all that the judgement depends on.
pub(crate) type Key = [u8; 32];

/// What a revision judges by.
#[derive(Clone)]
pub(crate) struct VerificationBasis {
    pub(crate) revision: u64,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) trust: Trust,
}

impl VerificationSubject {
    pub(crate) fn new(
        peer: &PeerIdentity,
        asked: Option<&ServerName<'_>>,
        opened: &VerificationBasis,
    ) -> Self {
        let is_shown = peer.trust_anchor().is_some();
        Self {
            key: key(
                peer,
                asked,
                if is_shown {
                    None
                } else {
                    Some(opened.revision)
                },
            ),
            peer: peer.clone(),
            asked: asked.map(ServerName::to_owned),
            proved_by: if is_shown {
                None
            } else {
                Some(opened.trust.clone())
            },
        }
    }

    /// As a handshake would be judged now: until when the path that was found is valid.
    pub(crate) fn verifier(&self, basis: &VerificationBasis) -> Result<UnixTime, Rejection> {
        let peer = basis
            .verifier
            .verify_again(&self.peer, self.asked.as_ref())?;
        match &self.proved_by {
            Some(former) if !has_all(&basis.trust, former) => {
                let rejection = Rejection::new(RejectionReason::UnknownIssuer);
                Err(rejection.with_hint(ANCHOR_GONE))
            }
            _ => Ok(peer.path_not_after()),
        }
    }
}

const ANCHOR_GONE: &str = "a trust anchor is gone, and native-tls does not show which of them vouched for this \
     peer; connect again";

fn has_all(trust: &Trust, former: &Trust) -> bool {
    trust == former || {
        let now = trust.certificates();
        former
            .certificates()
            .iter()
            .all(|anchor| now.contains(anchor))
    }
}

/// `proved_under` is the revision of a path that the platform proved.
fn key(peer: &PeerIdentity, asked: Option<&ServerName<'_>>, proved_under: Option<u64>) -> Key {
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
    match proved_under {
        None => add(b"shown"),
        Some(revision) => add(&revision.to_be_bytes()),
    }
    peer.chain().iter().for_each(|certificate| add(certificate));
    hash.finalize().into()
}
