//! native-tls: OpenSSL, Schannel or Secure Transport, whichever the platform has.
//!
//! The platform proves the path to our anchors and shows the leaf alone, after the handshake: what
//! needs more than that cannot be enforced here, and `build_client` refuses it.

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
use crate::error::{BackendKind, BuildError};
use crate::policy::SignatureAlgorithms;

pub(crate) use stream::NativeTlsStream;

/// native-tls, the platform's own TLS library. For clients only: it cannot ask for a client
/// certificate.
///
/// The platform verifies the server's chain by the trust anchors that were given, never by its own,
/// and by the system's clock. After the handshake, before the application gets the connection, the
/// policy judges the server's leaf, its name included. The leaf is never judged more loosely than
/// on the other backends. Above the leaf the platform's rules hold:
///
/// - it chooses the number of intermediates, their keys, and the signature algorithms of the path;
/// - it judges their form: OpenSSL accepts intermediates without key identifiers, policyConstraints
///   that are not critical, and name constraints with empty sequences of subtrees;
/// - it evaluates name constraints: OpenSSL accepts `*.example.com` where `host.example.com` is
///   excluded, and evaluates directory names, which no other backend does.
///
/// In a connection:
///
/// - in TLS 1.3 our certificate has been sent by the time the policy rejects a server, and the
///   rejection ends the connection without an alert that names its reason;
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
