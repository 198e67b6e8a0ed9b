use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::error::{ReloadFailure, UnusableTrustAnchor};
use crate::material::{IdentityWarning, RevocationList};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;

/// What an [`observer`](crate::ClientBuilder::observer) is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The peer of a connection that is open would not be admitted any more. Told once for each
    /// connection that is [tracked](crate::connection::LiveConnections), on the thread that also calls
    /// [`on_rejected`](crate::ConnectionHandle::on_rejected), after all connections of that peer were
    /// closed that are to be.
    #[non_exhaustive]
    ConnectionRejected {
        /// Whom it was opened with.
        peer: &'a PeerIdentity,
        /// Why it would be refused now.
        rejection: &'a Rejection,
    },
    /// Something about our own identity works but should be mended. Told once for each
    /// [warning](crate::MtlsIdentity::warnings), on the thread of the `build` or `rotate`, or on
    /// the one that asks the source: by every `build`, when client or server have been made (a
    /// thread for the source may yet be refused), and by a rotation that changes the identity, or
    /// what there is to warn of, after it has been published and before [`Rotated`](Self::Rotated).
    /// [`KeyPermissions`](crate::material::KeyPermissions) decides about keys that are open to others.
    IdentityWarning(&'a IdentityWarning),
    /// Something of the revision that serves is about to run out, or has: told once for each of the
    /// times of [`warn_before_expiry`](crate::ClientBuilder::warn_before_expiry), on the thread
    /// that asks the source.
    #[non_exhaustive]
    Expiring {
        /// What it is.
        what: ExpiringItem,
        /// Its subject, or the issuer of a revocation list (RFC 4514).
        subject: &'a str,
        /// The last second in which it is valid.
        expires_at: UnixTime,
        /// How long that is from now; zero where it is over.
        left: Duration,
    },
    /// A peer was refused. Told once for each handshake, on the handshake's thread, before the
    /// alert is sent; but OpenSSL may show another path of the peer's after one that was refused,
    /// and that is judged, and told, by itself.
    PeerRejected(&'a Rejection),
    /// The source gave nothing good. Told at each attempt, on the thread that asks it; the last
    /// good revision serves on.
    ReloadFailed(&'a ReloadFailure),
    /// Another revision serves from now on. Where two threads rotate at a time, the later one may
    /// be told first. Told on the thread that called `rotate`, or that asks the source.
    #[non_exhaustive]
    Rotated {
        /// Its number.
        revision: u64,
    },
    /// A trust anchor that cannot vouch for our peers, beside others that can: it is no CA's
    /// certificate, has expired, or is for the other side. One event for each, on the thread of the
    /// `build`, or of the rotation that changes trust or policy.
    UnusableTrustAnchor(&'a UnusableTrustAnchor),
    /// A revocation list that no trust anchor signed, nor any CA that a peer presented to the
    /// revision before: it revokes nothing so far. The CA may be an intermediate that no peer has
    /// presented yet; or the list is another CA's, and the one that is needed is missing. One event
    /// for each such list of a revision, on the thread that publishes it.
    /// [`Status::unclaimed_revocation_lists`](crate::Status::unclaimed_revocation_lists) tells
    /// which are left later.
    UnclaimedRevocationList(&'a RevocationList),
    /// A peer was refused that the [shadow policy](crate::ClientBuilder::shadow_policy) would have
    /// admitted. Told once for each handshake, right after [`PeerRejected`](Self::PeerRejected).
    #[non_exhaustive]
    ShadowAccepted {
        /// Whom the shadow policy would have admitted.
        peer: &'a PeerIdentity,
        /// Why the policy that is in force refused.
        rejection: &'a Rejection,
    },
    /// A peer was admitted that the [shadow policy](crate::ClientBuilder::shadow_policy) would have
    /// refused. Told once for each handshake, on the handshake's thread, before the handshake is
    /// over: what comes after it may still fail.
    #[non_exhaustive]
    ShadowRejected {
        /// Whom the policy that is in force admitted.
        peer: &'a PeerIdentity,
        /// Why the shadow policy would have refused.
        rejection: &'a Rejection,
    },
}

pub(crate) type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;
pub(crate) type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// What [`Event::Expiring`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpiringItem {
    /// A certificate of our own chain.
    Identity,
    /// A revocation list, whose `nextUpdate` it is.
    RevocationList,
    /// A trust anchor.
    TrustAnchor,
}

impl fmt::Display for ExpiringItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "a certificate of our own chain",
            Self::RevocationList => "a revocation list",
            Self::TrustAnchor => "a trust anchor",
        })
    }
}
