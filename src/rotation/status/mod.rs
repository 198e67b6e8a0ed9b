pub(crate) mod anchor_digests;
pub(crate) mod channel;
pub(crate) mod expiry;
pub(crate) mod warnings;

use core::fmt;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::Crypto;
use crate::error::{ReloadFailure, UnusableTrustAnchor};
use crate::material::{IdentityWarning, RevocationList};
use crate::x509::rfc3339;
use anchor_digests::AnchorDigests;

/// The state of a client or server: the revision that serves, its expiry, and failures.
///
/// It is a copy of one moment. [`StatusChanges`](super::StatusChanges) waits for a new one.
/// `Display` writes a few lines for a log or a health page; programs read the values.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// let status = server.handle().status();
/// assert_eq!((status.revision(), status.rotations()), (1, 0));
/// assert_eq!((status.reloads(), status.failures()), (0, 0));
/// assert!(status.loaded_at() < status.identity_expires_at());
/// assert!(status.last_failure().is_none() && status.degraded().is_none());
/// assert_eq!(status.unusable_trust_anchors(), []);
/// println!("{status}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Status {
    pub(super) revision: u64,
    pub(super) loaded_at: UnixTime,
    pub(super) identity_expires_at: UnixTime,
    pub(super) identity_not_valid: Option<IdentityWarning>,
    pub(super) anchors_expire_at: UnixTime,
    pub(super) revocation_lists_expire_at: Option<UnixTime>,
    pub(super) revocation_lists_updated_at: Option<UnixTime>,
    pub(super) certificate_sha256: [u8; 32],
    pub(super) anchor_digests: Arc<AnchorDigests>,
    pub(super) crypto: Crypto,
    pub(super) has_post_quantum_identity: bool,
    pub(super) last_failure: Option<Arc<ReloadFailure>>,
    pub(super) degraded: Option<Arc<str>>,
    pub(super) is_withdrawn: bool,
    pub(super) unclaimed_lists: Arc<[Arc<RevocationList>]>,
    pub(super) unusable_anchors: Arc<[UnusableTrustAnchor]>,
    pub(super) rotations: u64,
    pub(super) reloads: u64,
    pub(super) failures: u64,
}

impl Status {
    /// Returns the number of the revision that serves new handshakes; the first is 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns when that revision was published, by the builder's clock.
    pub fn loaded_at(&self) -> UnixTime {
        self.loaded_at
    }

    /// Returns the last second in which every certificate of our own chain is valid.
    pub fn identity_expires_at(&self) -> UnixTime {
        self.identity_expires_at
    }

    /// Returns which certificate of our own chain has expired or is not valid yet; `None` if all
    /// are valid.
    ///
    /// Peers that verify dates reject it. It is always
    /// [`OutsideValidity`](IdentityWarning::OutsideValidity). `status()` checks at the time of the
    /// call, [`StatusChanges`](super::StatusChanges) at the time of publication.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// assert_eq!(server.handle().status().identity_not_valid(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn identity_not_valid(&self) -> Option<&IdentityWarning> {
        self.identity_not_valid.as_ref()
    }

    /// Returns the last second in which every trust anchor is valid.
    ///
    /// An expired anchor proves no peer; the others still do.
    pub fn anchors_expire_at(&self) -> UnixTime {
        self.anchors_expire_at
    }

    /// Returns the last second in which every revocation list is current (`nextUpdate`); `None`
    /// without lists.
    pub fn revocation_lists_expire_at(&self) -> Option<UnixTime> {
        self.revocation_lists_expire_at
    }

    /// Returns when the oldest revocation list was issued (`thisUpdate`); `None` without lists.
    ///
    /// Since then its CA may have revoked certificates that are still accepted here. A CA that
    /// issues a list each hour has one that is never much older, long before the list is stale.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// assert!(server.handle().status().revocation_lists_updated_at().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn revocation_lists_updated_at(&self) -> Option<UnixTime> {
        self.revocation_lists_updated_at
    }

    /// Returns the SHA-256 of our own leaf in DER.
    ///
    /// It shows whether a renewed certificate serves. `openssl x509 -in tls.crt -outform DER |
    /// sha256sum` prints the same value.
    pub fn certificate_sha256(&self) -> [u8; 32] {
        self.certificate_sha256
    }

    /// Returns the SHA-256 of each trust anchor's certificate in DER.
    ///
    /// [Unusable](Self::unusable_trust_anchors) anchors are included.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let status = server.handle().status();
    /// assert_eq!(status.trust_anchor_sha256s().len(), 1);
    /// assert_ne!(status.trust_anchor_sha256s()[0], status.certificate_sha256());
    /// println!("an anchor expires at {} s after 1970", status.anchors_expire_at().as_secs());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trust_anchor_sha256s(&self) -> &[[u8; 32]] {
        self.anchor_digests.as_slice()
    }

    /// Returns the trust anchors that cannot prove peers.
    ///
    /// Such an anchor is not a CA certificate, is outside its validity, or is limited to the other
    /// side. `status()` checks at the time of the call,
    /// [`StatusChanges`](super::StatusChanges) at the time of publication.
    pub fn unusable_trust_anchors(&self) -> &[UnusableTrustAnchor] {
        &self.unusable_anchors
    }

    /// Returns the revocation lists that no known CA has signed.
    ///
    /// Known are the trust anchors and the CAs of verified paths. Such a list revokes nothing yet.
    /// A list of an intermediate is among them until a peer presents that intermediate. `status()`
    /// checks at the time of the call, [`StatusChanges`](super::StatusChanges) at the time of
    /// publication.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let status = server.handle().status();
    /// assert_eq!(status.unclaimed_revocation_lists().len(), 0);
    /// assert!(status.revocation_lists_expire_at().is_none()); // there are no lists
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unclaimed_revocation_lists(&self) -> impl ExactSizeIterator<Item = &RevocationList> {
        self.unclaimed_lists.iter().map(|list| &**list)
    }

    /// Returns whether the preferred key exchange withstands a quantum computer.
    ///
    /// That is a hybrid with ML-KEM, in TLS 1.3. `None` if the backend does not report it. A peer
    /// that lacks it still negotiates another; [`SessionInfo`](crate::connection::SessionInfo) has
    /// the one of a connection.
    pub fn prefers_post_quantum_key_exchange(&self) -> Option<bool> {
        self.crypto.prefers_ml_kem
    }

    /// Returns whether the key of our own leaf is an ML-DSA key.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let status = server.handle().status();
    /// assert!(!status.has_post_quantum_identity()); // its key is an ECDSA key
    /// println!("{:?}, {:?}", status.prefers_post_quantum_key_exchange(), status.is_fips());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_post_quantum_identity(&self) -> bool {
        self.has_post_quantum_identity
    }

    /// Returns whether the configuration is in FIPS mode, as its crypto library defines it.
    ///
    /// It is rustls' `ClientConfig::fips` and `ServerConfig::fips`; `None` if the backend does not
    /// report it.
    pub fn is_fips(&self) -> Option<bool> {
        self.crypto.is_fips
    }

    /// Returns why the last attempt of the source failed; `None` if it succeeded.
    pub fn last_failure(&self) -> Option<&ReloadFailure> {
        self.last_failure.as_deref()
    }

    /// Returns why the source works in a degraded way; `None` if it does not.
    pub fn degraded(&self) -> Option<&str> {
        self.degraded.as_deref()
    }

    /// Returns whether the source has withdrawn our identity, and given none since.
    ///
    /// [`OnWithdrawal`](super::OnWithdrawal) says whether handshakes go on.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// assert!(!server.handle().status().is_withdrawn());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_withdrawn(&self) -> bool {
        self.is_withdrawn
    }

    /// Returns how many revisions `rotate` and the source published after the first one.
    pub fn rotations(&self) -> u64 {
        self.rotations
    }

    /// Returns how often the source succeeded since the client or server was built.
    ///
    /// It counts with and without a change.
    pub fn reloads(&self) -> u64 {
        self.reloads
    }

    /// Returns how often the source failed, or what it gave was rejected.
    pub fn failures(&self) -> u64 {
        self.failures
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let published = rfc3339(self.loaded_at);
        write!(f, "revision {}, published at {published}", self.revision)?;
        write!(
            f,
            "\nidentity: valid until {}, SHA-256 ",
            rfc3339(self.identity_expires_at)
        )?;
        (self.certificate_sha256.iter()).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        if let Some(warning) = &self.identity_not_valid {
            write!(f, "\nnot valid: {warning}")?;
        }
        let (anchors, until) = (self.anchor_digests.count(), self.anchors_expire_at);
        write!(
            f,
            "\ntrust anchors: {anchors}, the first is valid until {}",
            rfc3339(until)
        )?;
        for anchor in &*self.unusable_anchors {
            write!(f, "\nunusable: {anchor}")?;
        }
        if let Some(until) = self.revocation_lists_expire_at {
            let unclaimed = self.unclaimed_lists.len();
            write!(
                f,
                "\nrevocation lists: the first is stale after {}",
                rfc3339(until)
            )?;
            write!(f, ", signed by no known CA: {unclaimed}")?;
        }
        let (reloads, failures) = (self.reloads, self.failures);
        write!(
            f,
            "\nrotations: {}, reloads: {reloads}, failures: {failures}",
            self.rotations
        )?;
        if self.is_withdrawn {
            f.write_str("\nwithdrawn: the source has no identity for us any more")?;
        }
        if let Some(reason) = &self.degraded {
            write!(f, "\ndegraded: {reason}")?;
        }
        if let Some(failure) = &self.last_failure {
            write!(
                f,
                "\nlast failure, at {}: {failure}",
                rfc3339(failure.occurred_at())
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_status_is_a_few_lines() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let key = rcgen::KeyPair::generate().unwrap();
        let anchors = ["a.example", "b.example"].map(|name| {
            let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
            params.self_signed(&key).unwrap().der().clone()
        });
        let anchors = crate::material::TrustAnchors::from_der(anchors).unwrap();
        let mut status = Status {
            revision: 3,
            loaded_at: at(1_700_000_000),
            identity_expires_at: at(1_800_000_000),
            identity_not_valid: None,
            anchors_expire_at: at(1_900_000_000),
            revocation_lists_expire_at: None,
            revocation_lists_updated_at: None,
            certificate_sha256: [0xa5; 32],
            anchor_digests: Arc::new(AnchorDigests::new((&anchors).into())),
            crypto: Crypto::default(),
            has_post_quantum_identity: false,
            last_failure: None,
            degraded: None,
            is_withdrawn: false,
            unclaimed_lists: Arc::from([]),
            unusable_anchors: Arc::from([]),
            rotations: 2,
            reloads: 7,
            failures: 1,
        };
        let well = format!(
            "revision 3, published at 2023-11-14T22:13:20Z\n\
             identity: valid until 2027-01-15T08:00:00Z, SHA-256 {}\n\
             trust anchors: 2, the first is valid until 2030-03-17T17:46:40Z\n\
             rotations: 2, reloads: 7, failures: 1",
            "a5".repeat(32)
        );
        assert_eq!(status.to_string(), well);

        status.revocation_lists_expire_at = Some(at(1_750_000_000));
        status.degraded = Some("the files are only polled".into());
        let failure = Arc::new(ReloadFailure {
            occurred_at: at(1_700_000_060),
            consecutive: 1,
            origin: None,
            error: "the agent is away".into(),
        });
        status.last_failure = Some(Arc::clone(&failure));
        let text = status.to_string();
        for line in [
            "revocation lists: the first is stale after 2025-06-15T15:06:40Z, signed by no known CA: 0",
            "degraded: the files are only polled",
            &format!("last failure, at 2023-11-14T22:14:20Z: {failure}"),
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
        }
    }
}
