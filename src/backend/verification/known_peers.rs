//! The peers that one revision has accepted.

use core::hash::{BuildHasher, Hasher};
use std::collections::hash_map::RandomState;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::bounded_table::BoundedTable;
use crate::peer::PeerIdentity;
use crate::policy::{PeerVerifier, Rejection, SignatureMemo, VerifiedSignatures};

/// What an identity takes beside its chain, about.
const IDENTITY: usize = 512;
/// What one of its names takes at most, beside the text that is in the chain.
const NAME: usize = 96;

/// The identities of peers that the verifier of one revision has accepted, by their chains.
///
/// A chain proves the same path as long as anchors and policy stay. So a peer that is met again is
/// checked for what may have changed ([`PeerVerifier::accepts_again`]), and its connections share
/// one identity.
pub(crate) struct KnownPeers {
    accepted: BoundedTable<PeerIdentity>,
    hasher: RandomState,
}

/// What a verification found out about an accepted peer.
///
/// It is remembered when the peer has proved its key.
pub(crate) struct Finding {
    /// Where its chain is to be kept; `None` if it is known.
    place: Option<u64>,
    peer: PeerIdentity,
    verified: VerifiedSignatures,
}

/// The verdict on a presented chain, and what it adds to the memory.
pub(crate) struct Examined {
    pub(crate) verdict: Result<PeerIdentity, Rejection>,
    /// `None` for a peer that was rejected or is known.
    pub(crate) finding: Option<Finding>,
}

impl KnownPeers {
    /// Keeps peers in as many bytes as the memo has for signatures.
    pub(crate) fn new(memo: &SignatureMemo) -> Self {
        Self {
            accepted: BoundedTable::new(memo.max_bytes()),
            hasher: RandomState::new(),
        }
    }

    /// Verifies a peer by this verifier, the one of the revision; a server has a name.
    pub(super) fn examine(
        &self,
        verifier: &PeerVerifier,
        chain: &[CertificateDer<'_>],
        name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> Examined {
        let place = self.place(chain);
        let known = self
            .find(place, chain)
            .filter(|peer| verifier.accepts_again(peer, name, now));
        if let Some(peer) = known {
            return Examined {
                verdict: Ok(peer),
                finding: None,
            };
        }
        let verified = VerifiedSignatures::default();
        let verdict = verifier.verify_peer(chain, name, now, &verified);
        let peer = verdict.as_ref().ok().cloned();
        Examined {
            verdict,
            finding: peer.map(|peer| Finding {
                place: Some(place),
                peer,
                verified,
            }),
        }
    }

    /// Remembers a peer that this verifier has accepted, and that has proved its key.
    pub(super) fn remember(&self, verifier: &PeerVerifier, finding: Finding) {
        let Finding {
            place,
            peer,
            verified,
        } = finding;
        verifier.remember(verified);
        if let Some(place) = place {
            let bytes = bytes_of(&peer);
            self.accepted.put(place, peer, bytes);
        }
    }

    fn find(&self, place: u64, chain: &[CertificateDer<'_>]) -> Option<PeerIdentity> {
        self.accepted.find(place, |peer| {
            peer.has_presented(chain).then(|| peer.clone())
        })
    }

    /// Returns where this chain is kept. Another chain may have the same place.
    fn place(&self, chain: &[CertificateDer<'_>]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        // The ends are signatures, which differ; more would cost time at each meeting.
        for certificate in chain {
            hasher.write_usize(certificate.len());
            hasher.write(certificate.last_chunk::<32>().map_or(&[], |end| &end[..]));
        }
        hasher.finish()
    }
}

fn bytes_of(peer: &PeerIdentity) -> usize {
    let chain: usize = peer
        .certificates()
        .map(|certificate| certificate.len())
        .sum();
    let names = peer.names().count().saturating_mul(NAME);
    // The chain twice, since a user may ask for a copy.
    let chain = chain.saturating_mul(2);
    chain.saturating_add(names).saturating_add(IDENTITY)
}

impl Examined {
    /// Adds the signatures that the shadow policy's verification has verified.
    ///
    /// A known peer has a finding only if there are such.
    pub(super) fn with_shadow(mut self, verified: VerifiedSignatures) -> Self {
        match (&self.finding, &self.verdict) {
            (Some(finding), _) => finding.verified.append(verified),
            (None, Ok(peer)) if !verified.is_empty() => {
                self.finding = Some(Finding {
                    place: None,
                    peer: peer.clone(),
                    verified,
                });
            }
            (None, _) => {}
        }
        self
    }
}

impl Finding {
    /// The leaf that must prove its key.
    pub(crate) fn peer(&self) -> &PeerIdentity {
        &self.peer
    }

    /// The signatures that the memo did not have.
    pub(super) fn into_verified(self) -> VerifiedSignatures {
        self.verified
    }
}
