use std::sync::{Arc, OnceLock};

use pki_types::{ServerName, UnixTime};

use crate::backend::SessionVerifier;
use crate::crypto::Sha256;
use crate::peer::PeerIdentity;
use crate::policy::{Rejection, RejectionReason, Trust};

/// A peer to verify, with its side and the server's name. Many connections may share one.
pub(crate) struct VerificationSubject {
    key: OnceLock<Key>,
    pub(crate) peer: PeerIdentity,
    /// The name that a server was connected by.
    asked: Option<Arc<ServerName<'static>>>,
    /// The former revision and its trust, if the platform authenticated the path and does not show
    /// its anchor.
    proved_by: Option<(u64, Trust)>,
}

/// SHA-256 over everything that the verdict depends on.
pub(crate) type Key = [u8; 32];

/// What a revision verifies by.
#[derive(Clone)]
pub(crate) struct VerificationBasis {
    pub(crate) revision: u64,
    pub(crate) verifier: Arc<SessionVerifier>,
    pub(crate) trust: Trust,
}

impl VerificationSubject {
    pub(crate) fn new(
        peer: &PeerIdentity,
        asked: Option<Arc<ServerName<'static>>>,
        opened: impl FnOnce() -> VerificationBasis,
    ) -> Self {
        let mut subject = Self::shown(peer, asked);
        if peer.trust_anchor().is_none() {
            let opened = opened();
            subject.proved_by = Some((opened.revision, opened.trust));
        }
        subject
    }

    /// A peer whose whole path is shown.
    pub(super) fn shown(peer: &PeerIdentity, asked: Option<Arc<ServerName<'static>>>) -> Self {
        Self {
            key: OnceLock::new(),
            peer: peer.clone(),
            asked,
            proved_by: None,
        }
    }

    /// Returns the digest of everything that the verdict depends on.
    pub(crate) fn key(&self) -> &Key {
        self.key.get_or_init(|| {
            let proved_under = self.proved_by.as_ref().map(|(revision, _)| *revision);
            key(&self.peer, self.asked.as_deref(), proved_under)
        })
    }

    /// Verifies the peer as a handshake would now; returns until when its path is valid.
    pub(crate) fn verify(&self, basis: &VerificationBasis) -> Result<UnixTime, Rejection> {
        let peer = basis
            .verifier
            .verify_again(&self.peer, self.asked.as_deref())?;
        match &self.proved_by {
            Some((_, former)) if !has_all(&basis.trust, former) => {
                let rejection = Rejection::new(RejectionReason::UnknownIssuer);
                Err(rejection.with_hint(ANCHOR_GONE))
            }
            _ => Ok(peer.path_not_after()),
        }
    }
}

const ANCHOR_GONE: &str = "a trust anchor is gone, and native-tls does not show which of them authenticated this \
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

/// `proved_under` is the revision of a path that the platform authenticated.
fn key(peer: &PeerIdentity, asked: Option<&ServerName<'_>>, proved_under: Option<u64>) -> Key {
    let mut hash = Sha256::new();
    // Each with its length, so that different subjects have different bytes.
    let mut add = |bytes: &[u8]| {
        hash.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
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
    // The connections of a known peer share its identity, which keeps this.
    add(peer.chain_digest());
    hash.finish()
}
