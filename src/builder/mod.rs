//! The builder settings that clients and servers share.

mod clock;
mod first_rotation;
mod key_permissions;
mod rotation_settings;
mod settings;
mod static_settings;
mod telemetry_settings;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use crate::backend::{Event, ProtocolVersion, Resumption};
use crate::material::{KeyPermissions, MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{SignatureMemo, Trust, TrustBundles, VerifierPolicy};

pub(crate) use settings::BuilderSettings;
#[allow(unused_imports, reason = "settings of code are written nowhere else")]
pub(crate) use settings::Locate;

/// The settings of a client or a server that is not built yet.
///
/// [`ClientBuilder`](crate::ClientBuilder) and [`ServerBuilder`](crate::ServerBuilder) add a few
/// settings of their own and `build`.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (identity, anchors) = (pki::client_identity(), pki::anchors());
/// use mtls::connection::ProtocolVersion;
/// use mtls::material::KeyPermissions;
/// use mtls::{MtlsClient, PeerMatcher, Rustls, VerifierPolicy};
/// use std::time::Duration;
///
/// let client = MtlsClient::builder()
///     .identity(identity)
///     .key_permissions(KeyPermissions::Deny)
///     .trust_anchors(anchors)
///     .policy(VerifierPolicy::allow(PeerMatcher::dns_suffix("internal")?))
///     .protocol_versions([ProtocolVersion::Tls13])
///     .alpn(["h2", "http/1.1"])
///     .handshake_timeout(Duration::from_secs(5))
///     .build(Rustls::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Builder<T> {
    pub(crate) settings: BuilderSettings,
    side: PhantomData<fn() -> T>,
}

impl<T> Builder<T> {
    pub(crate) fn new() -> Self {
        Self::with(BuilderSettings::new())
    }

    pub(crate) fn with(settings: BuilderSettings) -> Self {
        Self {
            settings,
            side: PhantomData,
        }
    }

    /// Sets our own identity. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.settings.identity = Some(identity);
        self
    }

    /// Sets how insecure permissions of a private key's file are handled.
    ///
    /// Permissions are insecure if every user of the machine can read or write the file, or its
    /// group can write it. By default ([`KeyPermissions::Warn`]) the [`observer`](Self::observer)
    /// receives a warning. Without an observer there is no warning.
    #[must_use]
    pub fn key_permissions(mut self, permissions: KeyPermissions) -> Self {
        self.settings.key_permissions = permissions;
        self
    }

    /// Sets the trust anchors that prove our peers. Required; the system's anchors are never
    /// added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.settings.trust = Some(Trust::Anchors(anchors));
        self
    }

    /// Sets the trust anchors of each SPIFFE trust domain.
    ///
    /// A peer is verified by the bundle of its own trust domain. Trust bundles replace
    /// [`trust_anchors`](Self::trust_anchors), and the other way round: the last call counts. Not
    /// on native-tls.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (builder, anchors) = (pki::server_builder(), pki::anchors());
    /// let bundles = mtls::TrustBundles::new([("prod.example", anchors)])?;
    /// let server = builder.trust_bundles(bundles).build(mtls::Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.settings.trust = Some(Trust::Bundles(bundles));
        self
    }

    /// Sets the lists that the policy's [`RevocationRules`](crate::RevocationRules) are evaluated
    /// with.
    ///
    /// Required if the policy has such rules, rejected if it has none. Not on native-tls.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (builder, lists) = (pki::server_builder(), pki::lists());
    /// use mtls::policy::RevocationDepth;
    /// use mtls::{RevocationRules, Rustls, VerifierPolicy};
    ///
    /// let rules = RevocationRules::require(RevocationDepth::Leaf);
    /// let server = builder
    ///     .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
    ///     .revocation_lists(lists)
    ///     .build(Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn revocation_lists(mut self, lists: RevocationLists) -> Self {
        self.settings.revocation_lists = Some(lists);
        self
    }

    /// Sets which of the authenticated peers are accepted.
    ///
    /// Required on a server. A client's default is [`VerifierPolicy::allow_any_authenticated`],
    /// which accepts every authenticated peer. A client verifies the server's name in any case; its
    /// policy adds to that.
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.settings.policy = Some(policy);
        self
    }

    /// Sets a second policy that is evaluated, but not enforced.
    ///
    /// It tries a change before it is made. The [`observer`](Self::observer) receives an event for
    /// each peer on which the two policies disagree: [`Event::ShadowRejected`] for a peer that was
    /// accepted and would be rejected, [`Event::ShadowAccepted`] for a peer that was rejected and
    /// would be accepted. The shadow policy changes neither the verdict nor the alert, the stream
    /// or the time of verification. If one of its [custom](crate::PeerMatcher::custom) matchers
    /// panics, it rejects the peer
    /// ([`VerifierPanicked`](crate::RejectionReason::VerifierPanicked)).
    ///
    /// It is evaluated once for each handshake, also in handshakes that run on the configuration
    /// from `config()`. It is not evaluated when the finished handshake is verified again. It is a
    /// whole second verification, which searches the path of a known peer too; the
    /// [memo](Self::signature_memo) saves its signatures. It may double the memory for the
    /// anchors. On native-tls it is evaluated where the policy is, after the platform has accepted
    /// the peer. A peer that the platform rejects is not compared.
    ///
    /// Its revocation rules, if it has any, use the same [lists](Self::revocation_lists), which are
    /// then required. `build` returns a [`BuildError`](crate::BuildError) unless there is an
    /// observer, and this side and its backend could enforce the shadow policy.
    ///
    /// It inherits nothing from the policy in force. Without the same revocation rules, limits and
    /// profile it would accept peers that those reject, and the observer receives an event for each
    /// of them.
    ///
    /// To narrow a policy, set the narrower one as shadow policy. Put it in force when it rejects
    /// no peer any more:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::{
    ///     Event, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors, VerifierPolicy,
    /// };
    ///
    /// let server = MtlsServer::builder()
    ///     .identity(MtlsIdentity::from_files("server.crt", "server.key")?)
    ///     .trust_anchors(TrustAnchors::from_file("client-ca.crt")?)
    ///     .policy(VerifierPolicy::allow_any_authenticated())
    ///     .shadow_policy(VerifierPolicy::allow(PeerMatcher::trust_domain("prod.example")?))
    ///     .observer(|event| match event {
    ///         Event::ShadowRejected { peer, rejection, .. } => {
    ///             eprintln!("{peer} would be rejected: {rejection}");
    ///         }
    ///         _ => {}
    ///     })
    ///     .build(Rustls::default())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn shadow_policy(mut self, policy: VerifierPolicy) -> Self {
        self.settings.shadow = Some(policy);
        self
    }

    /// Sets the application protocols, the preferred one first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// By default none. If both sides name protocols and have none in common, the handshake fails.
    #[must_use]
    pub fn alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.settings.alpn = protocols.into_iter().map(|p| p.as_ref().to_vec()).collect();
        self
    }

    /// Sets the TLS versions that are negotiated. The default is 1.2 and 1.3.
    #[must_use]
    pub fn protocol_versions(
        mut self,
        versions: impl IntoIterator<Item = ProtocolVersion>,
    ) -> Self {
        self.settings.versions = versions.into_iter().collect();
        self
    }

    /// Sets whether sessions are resumed, and on which conditions.
    ///
    /// The default is [`Resumption::Off`]. Only rustls supports other values.
    ///
    /// ```
    /// use mtls::connection::Resumption;
    /// let max_age = std::time::Duration::from_secs(3600);
    /// let setting = Resumption::BoundToRevision { max_age };
    /// let builder = mtls::MtlsClient::builder().resumption(setting);
    /// ```
    #[must_use]
    pub fn resumption(mut self, resumption: Resumption) -> Self {
        self.settings.resumption = resumption;
        self
    }

    /// Sets the memo of verified signatures, to size it, to share it or to switch it off.
    ///
    /// By default each client and server has a memo of its own of
    /// [`SignatureMemo::DEFAULT_MAX_BYTES`]. It changes no verdict.
    ///
    /// ```
    /// use mtls::policy::SignatureMemo;
    /// let builder = mtls::MtlsClient::builder().signature_memo(SignatureMemo::off());
    /// ```
    #[must_use]
    pub fn signature_memo(mut self, memo: SignatureMemo) -> Self {
        self.settings.signature_memo = memo;
        self
    }

    /// Sets how long a whole handshake may take. The default is 10 seconds; it must be more than
    /// zero.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Sets the callback that receives every [`Event`].
    ///
    /// - On the thread of each handshake: [`Handshake`](Event::Handshake), it has ended, in
    ///   whatever way; [`PeerVerified`](Event::PeerVerified), as much as is seen of a handshake
    ///   that another library drives; [`ShadowRejected`](Event::ShadowRejected) and
    ///   [`ShadowAccepted`](Event::ShadowAccepted), the [shadow policy](Self::shadow_policy)
    ///   disagrees.
    /// - On the thread that calls `build` or `rotate`, or that polls the source:
    ///   [`IdentityWarning`](Event::IdentityWarning), our own identity should be corrected;
    ///   [`UnusableTrustAnchor`](Event::UnusableTrustAnchor), an anchor proves no peer;
    ///   [`UnclaimedRevocationList`](Event::UnclaimedRevocationList), a list revokes nothing yet;
    ///   [`RuleRelaxed`](Event::RuleRelaxed), the policy has a `danger_` setting.
    /// - On the thread that calls `rotate` or polls the source: [`Rotated`](Event::Rotated),
    ///   another revision serves.
    /// - On the thread that polls the source (`mtls-rotation`):
    ///   [`ReloadFailed`](Event::ReloadFailed), the source failed or what it gave was rejected;
    ///   [`Expiring`](Event::Expiring), something expires soon.
    /// - On the thread that drops a stream: [`ConnectionEnded`](Event::ConnectionEnded).
    /// - On a thread of its own (`mtls-notifier`): [`ConnectionEnding`](Event::ConnectionEnding),
    ///   the peer of an open connection would now be rejected, or our identity or trust changed.
    ///
    /// Nothing is allocated for events if there is no observer.
    ///
    /// The callback may run on several threads at once. It must be quick, since each of these
    /// threads waits for it. A panic in it is caught and does not change the verdict.
    ///
    /// It may call `status()` and `rotate(..)` of the client's or server's
    /// [`handle()`](crate::MtlsServer::handle). If the callback holds a clone of the client, the
    /// server or the handle, that is a reference cycle: the client or server, its threads and its
    /// source then live forever. Hold a [`Weak`](std::sync::Weak) of an `Arc` of it instead, or a
    /// channel to a thread that owns it.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) {
    /// use mtls::event::HandshakeOutcome;
    /// use mtls::{Event, Report};
    /// builder.observer(|event| match event {
    ///     Event::Handshake(handshake) => match handshake.outcome {
    ///         HandshakeOutcome::Failed(error) => eprintln!("{}", Report::new(error)),
    ///         outcome => eprintln!("{}", outcome.as_str()),
    ///     },
    ///     other => eprintln!("{other:?}"),
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.settings.observer = Some(Arc::new(observer));
        self
    }
}

impl<T> Clone for Builder<T> {
    fn clone(&self) -> Self {
        Self::with(self.settings.clone())
    }
}

impl<T> fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
