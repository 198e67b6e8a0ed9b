//! What a client and a server are made of, as far as it is the same for both.

mod key_permissions;
mod rotation_settings;
mod settings;
mod static_settings;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use crate::backend::{Event, ProtocolVersion, Resumption};
use crate::material::{KeyPermissions, MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::{Trust, TrustBundles, VerifierPolicy};

pub(crate) use settings::BuilderSettings;

/// Collects what a client or a server is made of: a [`ClientBuilder`](crate::ClientBuilder) or a
/// [`ServerBuilder`](crate::ServerBuilder), which have a few settings of their own and `build`.
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

    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.settings.identity = Some(identity);
        self
    }

    /// What to make of a private key whose file is open to every user of the machine. Initially
    /// [`KeyPermissions::Warn`]: the [`observer`](Self::observer) hears of it, and without one nobody does.
    #[must_use]
    pub fn key_permissions(mut self, permissions: KeyPermissions) -> Self {
        self.settings.key_permissions = permissions;
        self
    }

    /// Who vouches for our peers. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.settings.trust = Some(Trust::Anchors(anchors));
        self
    }

    /// Who vouches for our peers, by the SPIFFE trust domain that each of them is of. In place of
    /// [`trust_anchors`](Self::trust_anchors); of the two the last that is called counts. Not on native-tls.
    #[must_use]
    pub fn trust_bundles(mut self, bundles: TrustBundles) -> Self {
        self.settings.trust = Some(Trust::Bundles(bundles));
        self
    }

    /// The lists by which the policy's [`RevocationRules`](crate::RevocationRules) are judged. Required where it has
    /// rules, and refused where it has none. Not on native-tls.
    #[must_use]
    pub fn revocation_lists(mut self, lists: RevocationLists) -> Self {
        self.settings.revocation_lists = Some(lists);
        self
    }

    /// Which peers are admitted of those that the trust anchors vouch for.
    ///
    /// A server must be given one; [`VerifierPolicy::allow_any_authenticated`] admits them all, and is what a client
    /// has initially. A client's policy adds to the check of the server's name, which is made in any case.
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.settings.policy = Some(policy);
        self
    }

    /// A second policy that is judged and not enforced: how to try a change before it is made.
    ///
    /// The [`observer`](Self::observer) is told of each peer about which the two disagree: [`Event::ShadowRejected`] for
    /// one that was admitted and would not be, [`Event::ShadowAccepted`] for one that was refused and would be. Nothing
    /// else changes: not the verdict, the alert, the stream or the time it is judged by; and a shadow policy whose
    /// [custom](crate::PeerMatcher::custom) matcher panics would have refused
    /// ([`VerifierPanicked`](crate::RejectionReason::VerifierPanicked)).
    ///
    /// It is judged once for each handshake, also in those that run on the configuration from `config()`, and not in
    /// the second look afterwards. It is a whole second judgement, signatures included: while it is there, judging costs
    /// twice as much, and the anchors twice the memory. On native-tls it is judged where the policy is, after the
    /// platform has agreed: about a peer that the platform refuses, no shadow is asked.
    ///
    /// Its revocation rules, if it has any, are judged by the same [lists](Self::revocation_lists), which are required then
    /// too. It must be one that this end and its backend could enforce, and there must be an observer; anything else is a
    /// [`BuildError`](crate::BuildError).
    ///
    /// It is a policy of its own and takes nothing over from the one in force. Without the same revocation rules, limits
    /// and profile it would admit whom those refuse, and the observer is told so for each such peer.
    ///
    /// To narrow a policy, give the narrower one as shadow, and put it in force when nobody is named any more:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::{Event, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors, VerifierPolicy};
    ///
    /// let server = MtlsServer::builder()
    ///     .identity(MtlsIdentity::from_files("server.crt", "server.key")?)
    ///     .trust_anchors(TrustAnchors::from_file("client-ca.crt")?)
    ///     .policy(VerifierPolicy::allow_any_authenticated())
    ///     .shadow_policy(VerifierPolicy::allow(PeerMatcher::trust_domain("prod.example")?))
    ///     .observer(|event| match event {
    ///         Event::ShadowRejected { peer, rejection, .. } => {
    ///             eprintln!("{peer} would be shut out: {rejection}");
    ///         }
    ///         Event::PeerRejected(rejection) => eprintln!("refused: {rejection}"),
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

    /// The application protocols, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. Where both ends name protocols and have none in common, there is no handshake.
    #[must_use]
    pub fn alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.settings.alpn = protocols.into_iter().map(|p| p.as_ref().to_vec()).collect();
        self
    }

    /// The TLS versions to speak. Initially 1.2 and 1.3.
    #[must_use]
    pub fn protocol_versions(
        mut self,
        versions: impl IntoIterator<Item = ProtocolVersion>,
    ) -> Self {
        self.settings.versions = versions.into_iter().collect();
        self
    }

    /// Whether sessions are resumed, and under which terms. Initially [`Resumption::Off`]; on rustls alone it can be
    /// anything else.
    #[must_use]
    pub fn resumption(mut self, resumption: Resumption) -> Self {
        self.settings.resumption = resumption;
        self
    }

    /// How long a handshake may take as a whole. Initially 10 seconds; more than zero.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handshake_timeout = timeout;
        self
    }

    /// Where the time comes from that certificates are judged by. Initially the system's clock.
    ///
    /// native-tls proves the path by the system's clock all the same.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Is told what happens, by [`Event`]:
    ///
    /// - on the thread of each handshake: [`PeerRejected`](Event::PeerRejected), a peer was refused;
    ///   [`ShadowRejected`](Event::ShadowRejected) and [`ShadowAccepted`](Event::ShadowAccepted), the
    ///   [shadow policy](Self::shadow_policy) disagrees;
    /// - on that of `build`, of `rotate`, or of the source: [`IdentityWarning`](Event::IdentityWarning), our own identity
    ///   should be mended; [`UnusableTrustAnchor`](Event::UnusableTrustAnchor), an anchor that vouches for no peer;
    ///   [`UnclaimedRevocationList`](Event::UnclaimedRevocationList), a list that revokes nothing so far;
    /// - on that of `rotate` or of the source: [`Rotated`](Event::Rotated), another revision serves;
    /// - on that of the source (`mtls-rotation`): [`ReloadFailed`](Event::ReloadFailed), it gave nothing good;
    ///   [`Expiring`](Event::Expiring), something is about to run out;
    /// - on one of its own (`mtls-live-tell`): [`ConnectionRejected`](Event::ConnectionRejected), a peer that has a connection
    ///   open would be refused now.
    ///
    /// It hears of handshakes that run on the configuration from `config()` or `live_config()`, too; but there a rustls
    /// server, by itself and in silence, refuses a client that presents no certificate. It may be called on several threads
    /// at once, and must be quick, since each of them waits for it; should it panic, the verdict stands.
    ///
    /// It may call `status()` and `rotate(..)` of the client or server. But a clone that it holds keeps that alive for ever,
    /// with its threads and its source, since the client or server holds the observer: give it a
    /// [`Weak`](std::sync::Weak) of an `Arc` of it, or a channel to somebody who has it.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) {
    /// use mtls::Event;
    /// builder.observer(|event| match event {
    ///     Event::PeerRejected(rejection) => eprintln!("refused: {rejection}; {}", rejection.hint()),
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
