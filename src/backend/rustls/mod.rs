//! rustls 0.23. Only this folder uses the names of its verifier interface.

mod client;
mod convert;
mod error;
pub(crate) mod live_config;
mod server;
mod session;
mod session_info;
mod signing;
mod slot;
mod stream;
mod verifier;

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::adapter::Adapter;
use super::key_export::{BoxError, KeyExportAdapter};
use crate::error::BackendKind;
use crate::policy::{BuildError, SignatureAlgorithms};

pub(crate) use error::hint_of;
pub(crate) use stream::RustlsStream;

/// rustls, with its own crypto provider; a process-wide one is neither read nor set.
///
/// With aws-lc-rs, the key exchange X25519MLKEM768 is preferred, as in rustls' own default
/// features. A provider that is given keeps its order.
///
/// ```
/// # fn main() -> Result<(), mtls::BuildError> {
/// let algorithms = mtls::Rustls::default().signature_algorithms()?;
/// assert!(!algorithms.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rustls {
    provider: Option<Arc<CryptoProvider>>,
}

impl Rustls {
    /// Makes a backend with this crypto provider.
    ///
    /// [`Default`] uses aws-lc-rs, or ring if only that is compiled in.
    ///
    /// ```
    /// use mtls::Rustls;
    /// use std::sync::Arc;
    ///
    /// let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    /// provider.cipher_suites.truncate(1);
    /// let backend = Rustls::with_provider(Arc::new(provider));
    /// ```
    pub fn with_provider(provider: Arc<CryptoProvider>) -> Self {
        Self {
            provider: Some(provider),
        }
    }

    /// Returns the provider's signature algorithms on the crate's list, for a
    /// [`PeerVerifier`](crate::PeerVerifier).
    ///
    /// # Errors
    /// [`BuildError::NoCryptoProvider`] when none was given and none is compiled in.
    pub fn signature_algorithms(&self) -> Result<SignatureAlgorithms, BuildError> {
        let provider = self.provider()?;
        Ok(SignatureAlgorithms::new(
            provider
                .signature_verification_algorithms
                .all
                .iter()
                .copied(),
        ))
    }

    fn provider(&self) -> Result<Arc<CryptoProvider>, BuildError> {
        match &self.provider {
            Some(provider) => Ok(Arc::clone(provider)),
            None => convert::compiled_in_provider().ok_or(BuildError::NoCryptoProvider),
        }
    }
}

impl Adapter for Rustls {
    const LIBRARY: BackendKind = BackendKind::Rustls;

    type Stream<IO: Read + Write + Send> = RustlsStream<IO>;

    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError> {
        self.signature_algorithms().map(Some)
    }
}

impl KeyExportAdapter for Rustls {
    fn export<IO: Read + Write + Send>(
        stream: &Self::Stream<IO>,
        output: &mut [u8],
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<(), BoxError> {
        stream.export(output, label, context)
    }
}
