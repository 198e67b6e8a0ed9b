pub(crate) mod channel;
pub(crate) mod expiry;
pub(crate) mod warnings;

use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::Crypto;
use crate::error::{ReloadFailure, UnusableTrustAnchor};
use crate::material::RevocationList;

/// How a client or server stands: which revision serves, until when, and what went wrong.
///
/// A copy of one moment; [`StatusChanges`](crate::rotation::StatusChanges) tells when there is a new one.
#[derive(Clone, Debug)]
pub struct Status {
    pub(super) revision: u64,
    pub(super) loaded_at: UnixTime,
    pub(super) identity_expires_at: UnixTime,
    pub(super) anchors_expire_at: UnixTime,
    pub(super) revocation_lists_expire_at: Option<UnixTime>,
    pub(super) certificate_sha256: [u8; 32],
    pub(super) trust_anchor_sha256s: Arc<[[u8; 32]]>,
    pub(super) crypto: Crypto,
    pub(super) has_post_quantum_identity: bool,
    pub(super) last_failure: Option<Arc<ReloadFailure>>,
    pub(super) degraded: Option<Arc<str>>,
    pub(super) unclaimed_lists: Arc<[Arc<RevocationList>]>,
    pub(super) unusable_anchors: Arc<[UnusableTrustAnchor]>,
    pub(super) rotations: u64,
    pub(super) reloads: u64,
    pub(super) failures: u64,
}

impl Status {
    /// The number of the revision that serves new handshakes; the first is 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// When that revision was published, by the builder's clock.
    pub fn loaded_at(&self) -> UnixTime {
        self.loaded_at
    }

    /// The last second in which every certificate of our own chain is valid.
    pub fn identity_expires_at(&self) -> UnixTime {
        self.identity_expires_at
    }

    /// The last second in which every trust anchor is valid. One that has expired vouches for
    /// nobody; the others still do.
    pub fn anchors_expire_at(&self) -> UnixTime {
        self.anchors_expire_at
    }

    /// The last second in which every revocation list is current (`nextUpdate`); `None` without
    /// lists.
    pub fn revocation_lists_expire_at(&self) -> Option<UnixTime> {
        self.revocation_lists_expire_at
    }

    /// The SHA-256 of our own leaf in DER: whether a renewed certificate serves already. It is what
    /// `openssl x509 -in tls.crt -outform DER | sha256sum` prints.
    pub fn certificate_sha256(&self) -> [u8; 32] {
        self.certificate_sha256
    }

    /// The SHA-256 of each trust anchor's certificate in DER, those included that are
    /// [unusable](Self::unusable_trust_anchors).
    pub fn trust_anchor_sha256s(&self) -> &[[u8; 32]] {
        &self.trust_anchor_sha256s
    }

    /// The trust anchors that cannot vouch for peers: no CA's, outside their validity, for the
    /// other side.
    ///
    /// `status()` looks at the moment of the call, [`StatusChanges`](crate::rotation::StatusChanges) at the
    /// moment of publication.
    pub fn unusable_trust_anchors(&self) -> &[UnusableTrustAnchor] {
        &self.unusable_anchors
    }

    /// The revocation lists that neither a trust anchor signed nor any CA of a verified path: they
    /// revoke nothing so far.
    ///
    /// A list of an intermediate is among them until a peer presents that intermediate. `status()`
    /// looks at the moment of the call, [`StatusChanges`](crate::rotation::StatusChanges) at the moment of
    /// publication.
    pub fn unclaimed_revocation_lists(&self) -> impl ExactSizeIterator<Item = &RevocationList> {
        self.unclaimed_lists.iter().map(|list| &**list)
    }

    /// Whether the key exchange that is preferred withstands a quantum computer: a hybrid with
    /// ML-KEM, in TLS 1.3.
    ///
    /// `None` where the backend does not tell. A peer that lacks it still gets another;
    /// [`SessionInfo`](crate::connection::SessionInfo) says what a connection has.
    pub fn prefers_post_quantum_key_exchange(&self) -> Option<bool> {
        self.crypto.prefers_ml_kem
    }

    /// Whether the key of our own leaf is one of ML-DSA.
    pub fn has_post_quantum_identity(&self) -> bool {
        self.has_post_quantum_identity
    }

    /// Whether the configuration is one that the crypto library calls FIPS mode (rustls'
    /// `ClientConfig::fips` and `ServerConfig::fips`); `None` where the backend does not tell.
    pub fn is_fips(&self) -> Option<bool> {
        self.crypto.is_fips
    }

    /// Why the last attempt of the source came to nothing; `None` when it succeeded.
    pub fn last_failure(&self) -> Option<&ReloadFailure> {
        self.last_failure.as_deref()
    }

    /// What the source says is not as it should be, although it gives.
    pub fn degraded(&self) -> Option<&str> {
        self.degraded.as_deref()
    }

    /// How many revisions were published after the first, by `rotate` and by the source.
    pub fn rotations(&self) -> u64 {
        self.rotations
    }

    /// How often the source gave something good since the client or server was built, be it new or
    /// not.
    pub fn reloads(&self) -> u64 {
        self.reloads
    }

    /// How often it did not.
    pub fn failures(&self) -> u64 {
        self.failures
    }
}
