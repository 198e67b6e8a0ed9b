//! What an observer receives.

pub(crate) mod connection_end;
pub(crate) mod handshake;

use core::time::Duration;
use std::io;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::session::connection_info::ConnectionInfo;
use crate::error::unknown_name::stable_names;
use crate::error::{ReloadFailure, UnusableTrustAnchor};
use crate::material::{IdentityWarning, RevocationList};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;
use crate::side::Side;
use connection_end::{EndCause, EndReason};
use handshake::HandshakeEvent;

/// An event that an [`observer`](crate::ClientBuilder::observer) receives.
///
/// ```
/// # fn f(builder: mtls::ServerBuilder) {
/// use mtls::Event;
///
/// let builder = builder.observer(|event| match event {
///     Event::Handshake(handshake) => eprintln!("{:?}: {:?}", handshake.remote_addr, handshake.outcome),
///     Event::ReloadFailed(failure) => eprintln!("{failure}"),
///     Event::Rotated { revision, .. } => eprintln!("revision {revision} serves"),
///     other => eprintln!("{other:?}"),
/// });
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The system could not give a `MtlsListener` the next connection.
    ///
    /// Sent in the task that calls `accept`, which tries again. The hint of the error's
    /// [`Report`](crate::Report) says what to do.
    AcceptFailed(&'a io::Error),
    /// The connection of a stream has ended: the stream was dropped.
    ///
    /// Sent once for each accepted [`Handshake`](Self::Handshake), on the thread that drops the
    /// stream.
    #[non_exhaustive]
    ConnectionEnded {
        /// The connection.
        connection: &'a ConnectionInfo,
        /// How it ended.
        cause: EndCause,
        /// How long it was open.
        duration: Duration,
    },
    /// This side wants an open connection to end.
    ///
    /// Its peer would now be rejected, or our identity or trust has changed. Sent once for each
    /// reason and [tracked](crate::connection::LiveConnections) connection, on the thread that also
    /// calls [`on_end`](crate::ConnectionHandle::on_end). With `LiveConnections::Close`, all
    /// connections of a rejected peer have been closed before.
    #[non_exhaustive]
    ConnectionEnding {
        /// The connection.
        connection: &'a ConnectionInfo,
        /// Why it should end.
        reason: &'a EndReason,
    },
    /// A handshake has ended: the connection is open, or there is none.
    ///
    /// Sent once for each call of `connect`, `accept` and their asynchronous twins, on the thread
    /// of the handshake, before the call returns; also if the future of the call is dropped. A
    /// `MtlsListener` sends it once for each connection that it accepts.
    /// Handshakes that another library drives are reported by [`PeerVerified`](Self::PeerVerified).
    Handshake(&'a HandshakeEvent<'a>),
    /// Our own identity works but has a fault that should be corrected.
    ///
    /// Sent once for each [warning](crate::MtlsIdentity::warnings), on the thread of the `build` or
    /// `rotate`, or on the one that polls the source. Every `build` sends it after the client or
    /// server was made, though starting the source's thread may still fail. A rotation that changes
    /// the identity or its warnings sends it after publishing and before
    /// [`Rotated`](Self::Rotated). [`KeyPermissions`](crate::material::KeyPermissions) decides
    /// about key files that others can access.
    IdentityWarning(&'a IdentityWarning),
    /// An item of the current revision expires soon or has expired.
    ///
    /// Sent once for each time of [`warn_before_expiry`](crate::ClientBuilder::warn_before_expiry),
    /// on the thread that polls the source.
    #[non_exhaustive]
    Expiring {
        /// The kind of item.
        what: ExpiringItem,
        /// The item's subject, or the issuer of a revocation list (RFC 4514).
        subject: &'a str,
        /// The last second in which the item is valid.
        expires_at: UnixTime,
        /// The time from now until then; zero if it has passed.
        left: Duration,
    },
    /// A handshake that another library drives has verified its peer.
    ///
    /// It runs on the configuration from `config()` or `live_config()`. This is as much as the
    /// library shows: not whether the handshake succeeds after it, who the connection belongs to,
    /// or when it ends. A handshake that fails before the peer's certificate arrives is not
    /// reported, nor is a client without a certificate that rustls rejects by itself. OpenSSL may
    /// try another path after a rejected one, which is reported separately.
    #[non_exhaustive]
    PeerVerified {
        /// The side that we are.
        side: Side,
        /// The peer, or why it was rejected.
        verdict: Result<&'a PeerIdentity, &'a Rejection>,
    },
    /// The source returned an error or an invalid rotation.
    ///
    /// Sent at each attempt, on the thread that polls the source. The last valid revision stays in
    /// force.
    ReloadFailed(&'a ReloadFailure),
    /// Another revision is now in force.
    ///
    /// Sent on the thread that called `rotate`, or that polls the source. If two threads rotate
    /// concurrently, the event of the later revision may come first.
    #[non_exhaustive]
    Rotated {
        /// The number of the revision.
        revision: u64,
    },
    /// The policy of a new revision relaxes a rule by one of its `danger_` settings.
    ///
    /// One event for each, on the thread of the `build`, or of the rotation that brings it. A
    /// shadow policy, which is not enforced, sends none.
    #[non_exhaustive]
    RuleRelaxed {
        /// The setting, such as `danger_allow_x509_v1_leaf`.
        setting: &'static str,
    },
    /// A trust anchor that cannot authenticate our peers, beside others that can.
    ///
    /// It is no CA's certificate, has expired, or is for the other side. One event for each, on the
    /// thread of the `build`, or of the rotation that changes trust or policy.
    UnusableTrustAnchor(&'a UnusableTrustAnchor),
    /// A revocation list that no known CA has signed, so that it revokes nothing yet.
    ///
    /// Neither a trust anchor signed it nor any CA that a peer presented to the previous revision.
    /// The CA may be an intermediate that no peer has presented yet; or the list belongs to another
    /// CA, and the required list is missing. One event for each such list of a revision, on the
    /// thread that publishes it.
    /// [`Status::unclaimed_revocation_lists`](crate::Status::unclaimed_revocation_lists) returns
    /// those that remain.
    UnclaimedRevocationList(&'a RevocationList),
    /// The [shadow policy](crate::ClientBuilder::shadow_policy) would have accepted a peer that was
    /// rejected.
    ///
    /// Sent once for each handshake, on the handshake's thread, before the handshake ends.
    #[non_exhaustive]
    ShadowAccepted {
        /// The peer that the shadow policy would have accepted.
        peer: &'a PeerIdentity,
        /// Why the policy in force rejected it.
        rejection: &'a Rejection,
    },
    /// The [shadow policy](crate::ClientBuilder::shadow_policy) would have rejected a peer that was
    /// accepted.
    ///
    /// Sent once for each handshake, on the handshake's thread, before the handshake is complete: a
    /// later step may still fail.
    #[non_exhaustive]
    ShadowRejected {
        /// The peer that the policy in force accepted.
        peer: &'a PeerIdentity,
        /// Why the shadow policy would have rejected it.
        rejection: &'a Rejection,
    },
}

pub(crate) type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;
pub(crate) type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// The kind of item that [`Event::Expiring`] reports.
///
/// ```
/// use mtls::event::ExpiringItem;
/// println!("{} is about to expire", ExpiringItem::TrustAnchor);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpiringItem {
    /// A certificate of our own chain.
    Identity,
    /// A revocation list, by its `nextUpdate`.
    RevocationList,
    /// A trust anchor.
    TrustAnchor,
}

stable_names!(ExpiringItem, "item", {
    Identity => "identity",
    RevocationList => "revocation_list",
    TrustAnchor => "trust_anchor",
});
