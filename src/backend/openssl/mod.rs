//! OpenSSL, by the openssl crate.
//!
//! OpenSSL implements TLS and computes signatures; our own verifier verifies the peer.

mod algorithms;
mod client;
mod convert;
mod error;
mod io_fault;
mod server;
mod slot;
mod stream;
#[cfg(test)]
mod tests;
pub(crate) mod transport_adapter;
mod verifier;
pub(crate) mod verify_codes;

use std::io::{Read, Write};
use std::sync::LazyLock;

use super::adapter::Adapter;
use super::key_export::{BoxError, KeyExportAdapter};
use crate::error::BackendKind;
use crate::policy::{BuildError, SignatureAlgorithms};

pub(crate) use stream::OpenSslStream;

pub use client::OpenSslClientConfig;
pub use server::OpenSslServerConfig;

/// OpenSSL: the system's, or one built from source with the feature `openssl-vendored`.
///
/// OpenSSL's own verification never accepts a certificate. The same
/// [`PeerVerifier`](crate::PeerVerifier) verifies every peer as on the other backends. The system's
/// trust store is not read.
///
/// The abilities of OpenSSL are detected at run time. From 3.5 on it has ML-DSA certificates and
/// the key exchange X25519MLKEM768, which is then preferred.
///
/// ```
/// # fn main() -> Result<(), mtls::BuildError> {
/// let algorithms = mtls::OpenSsl::default().signature_algorithms()?;
/// assert!(!algorithms.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OpenSsl {}

impl OpenSsl {
    /// Returns OpenSSL's signature algorithms on the crate's list, for a
    /// [`PeerVerifier`](crate::PeerVerifier).
    ///
    /// # Errors
    /// None at present. ML-DSA is missing if this OpenSSL is older than 3.5.
    pub fn signature_algorithms(&self) -> Result<SignatureAlgorithms, BuildError> {
        // One for the process: it has one OpenSSL.
        static ALL: LazyLock<SignatureAlgorithms> =
            LazyLock::new(|| SignatureAlgorithms::new(algorithms::all()));
        Ok(ALL.clone())
    }
}

impl Adapter for OpenSsl {
    const LIBRARY: BackendKind = BackendKind::OpenSsl;

    type Stream<IO: Read + Write + Send> = OpenSslStream<IO>;

    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError> {
        self.signature_algorithms().map(Some)
    }
}

impl KeyExportAdapter for OpenSsl {
    fn export<IO: Read + Write + Send>(
        stream: &Self::Stream<IO>,
        output: &mut [u8],
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<(), BoxError> {
        stream.export(output, label, context)
    }
}
