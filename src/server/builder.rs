use core::marker::PhantomData;
use std::sync::Arc;

use super::{ClientAuthentication, MtlsServer, Optional, Required};
use crate::backend::{ClientAuth, End, ServerBackend, ServerSettings};
use crate::builder::{Builder, Draft};
use crate::error::BuildError;
use crate::policy::{TrustSource, VerifierPolicy};
use crate::rotation::{self, Made, Parts};
use crate::x509::Certificate;

/// Bytes of CA names in a certificate request. More would slow every handshake, and some clients
/// refuse it; beyond it none is named, since a client may take a shortened list for the whole.
pub const MAX_CA_NAMES_BYTES: usize = 16 * 1024;

/// Collects what a [`MtlsServer`] is made of.
pub type ServerBuilder<A = Required> = Builder<ServerEnd<A>>;

/// What only a server's builder has: how it asks clients for their certificates.
#[derive(Debug)]
pub struct ServerEnd<A> {
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
            end: ServerEnd {
                names_anchors: NamesAnchors::Yes,
                client_auth: PhantomData,
            },
        }
    }

    /// Lets clients connect without a certificate; `peer()` is an `Option` then.
    ///
    /// One that is presented is judged all the same, and refused when it fails: never taken for
    /// anonymous.
    #[must_use]
    pub fn optional_client_auth(self) -> ServerBuilder<Optional> {
        Builder {
            draft: self.draft,
            end: ServerEnd {
                names_anchors: self.end.names_anchors,
                client_auth: PhantomData,
            },
        }
    }
}

impl<A: ClientAuthentication> ServerBuilder<A> {
    /// Leaves the trust anchors' subjects out of the certificate request (RFC 8446, section 4.2.4).
    ///
    /// Initially they are in it, up to [`MAX_CA_NAMES_BYTES`], so that a client with several
    /// certificates can choose; everyone who connects can read them.
    #[must_use]
    pub fn without_ca_names(mut self) -> Self {
        self.end.names_anchors = NamesAnchors::No;
        self
    }

    /// Checks everything and makes the server.
    ///
    /// # Errors
    /// [`BuildError`]: something required is missing, an anchor is no CA's certificate, our chain
    /// is not signed as it should be, or the backend refuses or cannot enforce a setting.
    pub fn build<B: ServerBackend>(self, backend: B) -> Result<MtlsServer<B, A>, BuildError> {
        let begun = self.draft.begin()?;
        let fixed = begun.fixed;
        let handshake_timeout = fixed.handshake_timeout;
        let names_anchors = self.end.names_anchors;
        let make = move |parts: &Parts| {
            let checked = fixed.check(
                End::Server,
                parts,
                VerifierPolicy::check_for_server,
                &backend,
            )?;
            let config = backend.build_server(ServerSettings {
                identity: parts.identity.clone(),
                verifier: Arc::clone(&checked.verifier),
                alpn: checked.alpn,
                versions: checked.versions,
                resumption: checked.resumption,
                client_auth: match A::REQUIRED {
                    true => ClientAuth::Required,
                    false => ClientAuth::Optional,
                },
                ca_names: match names_anchors {
                    NamesAnchors::Yes => ca_names(&parts.trust),
                    NamesAnchors::No => Vec::new(),
                },
            })?;
            Ok(Made {
                crypto: B::server_crypto(&config),
                config,
                verifier: checked.verifier,
                warnings: checked.warnings,
            })
        };
        let make = Box::new(make);
        Ok(MtlsServer {
            service: rotation::start(
                begun.parts,
                make,
                begun.rotation,
                begun.bell,
                begun.deadline,
            )?,
            handshake_timeout,
            client_auth: PhantomData,
        })
    }
}

/// The anchors' subjects, each once, or none when they are too many.
fn ca_names(trust: &TrustSource) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let mut bytes: usize = 0;
    for anchor in trust.certificates() {
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
