//! native-tls: the platform's OpenSSL, Schannel or Secure Transport.
//!
//! The platform authenticates the path to our anchors and shows only the leaf, after the handshake.
//! What needs more cannot be enforced here, and `build_client` rejects it.

mod client;
mod config;
mod convert;
mod error;
pub(crate) mod record_observer;
mod server;
mod stream;
mod verifier;

use std::io::{Read, Write};

use super::adapter::Adapter;
use crate::error::BackendKind;
use crate::policy::{BuildError, SignatureAlgorithms};

pub(crate) use stream::NativeTlsStream;

/// native-tls, the platform's own TLS library, for clients only.
///
/// It cannot request a client certificate.
///
/// The platform authenticates the server's chain by the given trust anchors, never by its own, and
/// by the system's clock. After the handshake, before the application receives the connection, the
/// policy verifies the server's leaf, including its name. The leaf is never verified less strictly
/// than on the other backends. Above the leaf the platform's rules apply:
///
/// - it chooses the number of intermediates, their keys, and the signature algorithms of the path;
/// - it decides about their form: OpenSSL accepts intermediates without key identifiers,
///   policyConstraints that are not critical, and name constraints with empty sequences of
///   subtrees;
/// - it evaluates name constraints: OpenSSL accepts `*.example.com` where `host.example.com` is
///   excluded, and evaluates directory names, which no other backend does.
///
/// In a connection:
///
/// - in TLS 1.3, our certificate is sent before the policy rejects a server, and the rejection ends
///   the connection without an alert that names its reason;
/// - the policy's rules about certificates above the leaf, and its opt-ins that relax, are
///   [`BuildError::Unsupported`].
///
/// ```
/// use mtls::{BuildError, MtlsClient, NativeTls};
///
/// let error = MtlsClient::builder().build(NativeTls::default()).unwrap_err();
/// assert!(matches!(error, BuildError::MissingIdentity));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NativeTls {}

impl Adapter for NativeTls {
    const LIBRARY: BackendKind = BackendKind::NativeTls;

    type Stream<IO: Read + Write + Send> = NativeTlsStream<IO>;

    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError> {
        Ok(None)
    }
}
