//! OpenSSL, by the openssl crate. OpenSSL speaks TLS and computes signatures; who the peer is, our
//! own judge says.

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

use super::adapter::Adapter;
use crate::error::{BackendKind, BuildError};
use crate::policy::SignatureAlgorithms;

pub(crate) use stream::OpenSslStream;

pub use client::OpenSslClientConfig;
pub use server::OpenSslServerConfig;

/// OpenSSL: the system's, or one that is built from source with the feature `openssl-vendored`.
///
/// Its own verification of certificates never says yes: every peer is judged by the same
/// [`PeerVerifier`](crate::PeerVerifier) as on the other backends. The system's trust store is not
/// read.
///
/// What OpenSSL has is asked when the program runs: from 3.5 on, ML-DSA certificates and the key
/// exchange X25519MLKEM768, which is preferred then.
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
    /// OpenSSL's signature algorithms that are on the crate's list, for a
    /// [`PeerVerifier`](crate::PeerVerifier).
    ///
    /// # Errors
    /// None at present. ML-DSA is left out where this OpenSSL is older than 3.5.
    pub fn signature_algorithms(&self) -> Result<SignatureAlgorithms, BuildError> {
        Ok(SignatureAlgorithms::new(algorithms::all()))
    }
}

impl Adapter for OpenSsl {
    const LIBRARY: BackendKind = BackendKind::OpenSsl;

    type Stream<IO: Read + Write + Send> = OpenSslStream<IO>;

    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError> {
        self.signature_algorithms().map(Some)
    }
}
