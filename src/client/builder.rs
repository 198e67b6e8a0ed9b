use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::MtlsClient;
use crate::backend::{ClientBackend, ClientSettings, Event, ProtocolVersion};
use crate::builder::Draft;
use crate::error::BuildError;
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::policy::VerifierPolicy;
use crate::rotation::Current;

/// Collects what a [`MtlsClient`] is made of.
#[derive(Debug)]
pub struct ClientBuilder {
    draft: Draft,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            draft: Draft::new(),
        }
    }

    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Who vouches for servers. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.draft.anchors = Some(anchors);
        self
    }

    /// Which servers are admitted beyond the check of their name, which is made in any case.
    ///
    /// Initially [`VerifierPolicy::allow_any_authenticated`].
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.policy = Some(policy);
        self
    }

    /// The application protocols to offer, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. A server that speaks none of them ends the handshake.
    #[must_use]
    pub fn alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        self.draft.set_alpn(protocols);
        self
    }

    /// The TLS versions to speak. Initially 1.2 and 1.3.
    #[must_use]
    pub fn protocol_versions(
        mut self,
        versions: impl IntoIterator<Item = ProtocolVersion>,
    ) -> Self {
        self.draft.versions = versions.into_iter().collect();
        self
    }

    /// How long a handshake may take as a whole. Initially 10 seconds; more than zero.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.draft.handshake_timeout = timeout;
        self
    }

    /// Where the time comes from that certificates are judged by. Initially the system's clock.
    ///
    /// native-tls proves the path by the system's clock all the same.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.draft.set_clock(clock);
        self
    }

    /// Is told of every refusal, also in handshakes that run on the configuration from
    /// [`config`](MtlsClient::config). It must be quick, and not panic.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.draft.set_observer(observer);
        self
    }

    /// Checks everything and makes the client.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain is not signed
    /// as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ClientBackend>(mut self, backend: B) -> Result<MtlsClient<B>, BuildError> {
        let handshake_timeout = self.draft.handshake_timeout;
        let policy = self
            .draft
            .policy
            .take()
            .unwrap_or_else(VerifierPolicy::allow_any_authenticated);
        policy.check_for_client()?;
        let policy_relaxes = policy.relaxes();
        let checks_server_name = policy.checks_server_name();
        let checked = self.draft.check(policy, &backend)?;
        let judge = Arc::clone(&checked.judge);
        let config = backend.build_client(ClientSettings {
            identity: checked.identity,
            anchors: checked.anchors,
            judge: checked.judge,
            alpn: checked.alpn,
            versions: checked.versions,
            policy_relaxes,
            checks_server_name,
        })?;
        Ok(MtlsClient {
            current: Arc::new(Current::first(config, judge)),
            handshake_timeout,
        })
    }
}
