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
use std::sync::{Arc, LazyLock};

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
    /// `None` for the one that is compiled in.
    given: Option<Given>,
}

/// A provider that the caller gave, and its algorithms.
#[derive(Clone, Debug)]
struct Given {
    provider: Arc<CryptoProvider>,
    algorithms: SignatureAlgorithms,
}

impl Rustls {
    /// Makes a backend with this crypto provider.
    ///
    /// [`Default`] uses aws-lc-rs, or ring if only that is compiled in. Of a
    /// [`SignatureMemo`](crate::policy::SignatureMemo) that several clients and servers share, each
    /// finds what was verified for a clone of its own backend value.
    ///
    /// A provider of your own must reject a key whose point is not on its curve (SEC 1,
    /// section 3.2.2.1) when it verifies a signature: for the keys of intermediate CAs nothing else
    /// does. The providers of rustls do.
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
        let algorithms = algorithms_of(&provider);
        Self {
            given: Some(Given {
                provider,
                algorithms,
            }),
        }
    }

    /// Returns the provider's signature algorithms on the crate's list, for a
    /// [`PeerVerifier`](crate::PeerVerifier).
    ///
    /// # Errors
    /// [`BuildError::NoCryptoProvider`] when none was given and none is compiled in.
    pub fn signature_algorithms(&self) -> Result<SignatureAlgorithms, BuildError> {
        Ok(self.given()?.algorithms.clone())
    }

    fn provider(&self) -> Result<Arc<CryptoProvider>, BuildError> {
        Ok(Arc::clone(&self.given()?.provider))
    }

    fn given(&self) -> Result<&Given, BuildError> {
        // One for the process, so that signatures are verified by the same library everywhere.
        static COMPILED_IN: LazyLock<Option<Given>> = LazyLock::new(|| {
            let provider = convert::compiled_in_provider()?;
            let algorithms = algorithms_of(&provider);
            Some(Given {
                provider,
                algorithms,
            })
        });
        let given = self.given.as_ref().or(COMPILED_IN.as_ref());
        given.ok_or(BuildError::NoCryptoProvider)
    }
}

/// Returns the algorithms of a provider on the crate's list.
fn algorithms_of(provider: &CryptoProvider) -> SignatureAlgorithms {
    let all = provider.signature_verification_algorithms.all;
    SignatureAlgorithms::new(all.iter().copied())
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
