use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::{ClientAuthentication, MtlsServer, Optional, Required};
use crate::backend::{ClientAuth, Event, ProtocolVersion, ServerBackend, ServerSettings};
use crate::builder::Draft;
use crate::error::BuildError;
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::policy::VerifierPolicy;
use crate::rotation::Current;
use crate::x509::Certificate;

/// Bytes of CA names in a certificate request. More would slow every handshake, and some clients refuse it; beyond it
/// none is named, since a client may take a shortened list for the whole.
pub const MAX_CA_NAMES_BYTES: usize = 16 * 1024;

/// Collects what a [`MtlsServer`] is made of.
#[derive(Debug)]
pub struct ServerBuilder<A = Required> {
    draft: Draft,
    names_anchors: NamesAnchors,
    client_auth: PhantomData<fn() -> A>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamesAnchors {
    No,
    Yes,
}

impl ServerBuilder<Required> {
    pub(super) fn new() -> Self {
        Self {
            draft: Draft::new(),
            names_anchors: NamesAnchors::Yes,
            client_auth: PhantomData,
        }
    }

    /// Lets clients connect without a certificate; `peer()` is an `Option` then.
    ///
    /// One that is presented is judged all the same, and refused when it fails: never taken for anonymous.
    #[must_use]
    pub fn optional_client_auth(self) -> ServerBuilder<Optional> {
        ServerBuilder {
            draft: self.draft,
            names_anchors: self.names_anchors,
            client_auth: PhantomData,
        }
    }
}

impl<A: ClientAuthentication> ServerBuilder<A> {
    /// Who we are. Required.
    #[must_use]
    pub fn identity(mut self, identity: MtlsIdentity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Who vouches for clients. Required; the system's anchors are never added.
    #[must_use]
    pub fn trust_anchors(mut self, anchors: TrustAnchors) -> Self {
        self.draft.anchors = Some(anchors);
        self
    }

    /// Which clients are admitted. Required; [`VerifierPolicy::allow_any_authenticated`] admits all that the trust
    /// anchors vouch for.
    #[must_use]
    pub fn policy(mut self, policy: VerifierPolicy) -> Self {
        self.draft.policy = Some(policy);
        self
    }

    /// The application protocols that are spoken, most wanted first (RFC 7301): `["h2", "http/1.1"]`.
    ///
    /// Initially none. A client that offers protocols, but none of these, is refused.
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
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.draft.set_clock(clock);
        self
    }

    /// Is told of every refusal, also in handshakes that run on the configuration from
    /// [`config`](MtlsServer::config); but there rustls, by itself and in silence, refuses a client that presents no
    /// certificate. It must be quick, and not panic.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.draft.set_observer(observer);
        self
    }

    /// Leaves the trust anchors' subjects out of the certificate request (RFC 8446, section 4.2.4).
    ///
    /// Initially they are in it, up to [`MAX_CA_NAMES_BYTES`], so that a client with several certificates can choose;
    /// everyone who connects can read them.
    #[must_use]
    pub fn without_ca_names(mut self) -> Self {
        self.names_anchors = NamesAnchors::No;
        self
    }

    /// Checks everything and makes the server.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain is not signed
    /// as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ServerBackend>(mut self, backend: B) -> Result<MtlsServer<B, A>, BuildError> {
        let handshake_timeout = self.draft.handshake_timeout;
        let policy = self.draft.policy.take().ok_or(BuildError::MissingPolicy)?;
        policy.check_for_server()?;
        let checked = self.draft.check(policy, &backend)?;
        let judge = Arc::clone(&checked.judge);
        let config = backend.build_server(ServerSettings {
            identity: checked.identity,
            judge: checked.judge,
            alpn: checked.alpn,
            versions: checked.versions,
            client_auth: match A::REQUIRED {
                true => ClientAuth::Required,
                false => ClientAuth::Optional,
            },
            ca_names: match self.names_anchors {
                NamesAnchors::Yes => ca_names(&checked.anchors),
                NamesAnchors::No => Vec::new(),
            },
        })?;
        Ok(MtlsServer {
            current: Arc::new(Current::first(config, judge)),
            handshake_timeout,
            client_auth: PhantomData,
        })
    }
}

/// The anchors' subjects, each once, or none when they are too many.
fn ca_names(anchors: &TrustAnchors) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut bytes: usize = 0;
    for anchor in anchors.as_slice() {
        let Ok(anchor) = Certificate::from_der(anchor) else {
            continue;
        };
        if names.iter().any(|name| name == anchor.subject) {
            continue;
        }
        // Each name has a length of two bytes before it.
        bytes = bytes.saturating_add(anchor.subject.len()).saturating_add(2);
        if bytes > MAX_CA_NAMES_BYTES {
            return Vec::new();
        }
        names.push(anchor.subject.to_vec());
    }
    names
}
