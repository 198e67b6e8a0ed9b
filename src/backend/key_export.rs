//! Keying material of a connection for other protocols.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io::{Read, Write};

use super::adapter::Adapter;
use super::session::protocol_version::ProtocolVersion;
use super::session::session_info::SessionInfo;

/// The most bytes of one export: what HKDF gives with SHA-256 (RFC 5869, section 2.3).
pub(crate) const MAX_OUTPUT: usize = 255 * 32;
/// The most bytes of a label: 255 without the prefix `tls13 ` (RFC 8446, section 7.1).
const MAX_LABEL: usize = 249;
/// The most bytes of a context: its length has two bytes in TLS 1.2 (RFC 5705, section 4).
const MAX_CONTEXT: usize = 0xffff;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// A backend that exports keying material.
pub(crate) trait KeyExportAdapter: Adapter {
    /// Fills `output` from the connection's secret (RFC 8446, section 7.5; RFC 5705).
    ///
    /// # Errors
    /// The library's.
    fn export<IO: Read + Write + Send>(
        stream: &Self::Stream<IO>,
        output: &mut [u8],
        label: &str,
        context: Option<&[u8]>,
    ) -> Result<(), BoxError>;
}

/// The reason why keying material was not exported.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let client = pki::client_builder().build(mtls::Rustls::default())?;
/// # let server = pki::server_builder().build(mtls::Rustls::default())?;
/// # let (stream, _server) = pki::connect(&client, &server);
/// let error = stream.export_keying_material([0; 0], "EXPERIMENTAL my protocol", None);
/// assert!(matches!(error, Err(mtls::error::KeyExportError::Length { bytes: 0, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyExportError {
    /// The TLS library failed.
    #[error("the TLS library does not export keying material")]
    Backend(#[source] BoxError),
    /// The context is too long.
    #[error("a context of {bytes} bytes is too long, {limit} are the most")]
    Context {
        /// Its length.
        bytes: usize,
        /// The most bytes.
        limit: usize,
    },
    /// The label is empty or too long.
    #[error("a label has 1 to {limit} bytes, and this one has {bytes}")]
    Label {
        /// Its length.
        bytes: usize,
        /// The most bytes.
        limit: usize,
    },
    /// The output is empty or too long.
    #[error("an export has 1 to {limit} bytes, and {bytes} are requested")]
    Length {
        /// Its length.
        bytes: usize,
        /// The most bytes.
        limit: usize,
    },
    /// The channel binding needs TLS 1.3.
    ///
    /// In TLS 1.2 it is safe only with the extended master secret (RFC 9266, section 4.2), which no
    /// backend shows.
    #[error("the channel binding `tls-exporter` needs TLS 1.3")]
    NotTls13,
}

impl KeyExportError {
    /// Returns what to do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Backend(_) => "look at the TLS library's error, which is the cause",
            Self::Context { .. } => "give a digest of the context instead",
            Self::Label { .. } => {
                "give a label of IANA's registry of TLS exporter labels, or one that begins with `EXPERIMENTAL`"
            }
            Self::Length { .. } => "derive more bytes from one export by HKDF",
            Self::NotTls13 => {
                "allow only TLS 1.3 by `protocol_versions([ProtocolVersion::Tls13])` on one side"
            }
        })
    }
}

/// The label of the channel binding `tls-exporter` (RFC 9266, section 2).
pub(crate) const BINDING: &str = "EXPORTER-Channel-Binding";

/// Checks that a session may have a channel binding.
pub(crate) fn check_binding(session: &SessionInfo) -> Result<(), KeyExportError> {
    match session.protocol_version() {
        ProtocolVersion::Tls12 => Err(KeyExportError::NotTls13),
        ProtocolVersion::Tls13 => Ok(()),
    }
}

/// Fills and returns `output`.
pub(crate) fn export<B: KeyExportAdapter, IO: Read + Write + Send, T: AsMut<[u8]>>(
    stream: &B::Stream<IO>,
    mut output: T,
    label: &str,
    context: Option<&[u8]>,
) -> Result<T, KeyExportError> {
    check(output.as_mut().len(), label, context)?;
    B::export(stream, output.as_mut(), label, context).map_err(KeyExportError::Backend)?;
    Ok(output)
}

fn check(bytes: usize, label: &str, context: Option<&[u8]>) -> Result<(), KeyExportError> {
    if bytes == 0 || bytes > MAX_OUTPUT {
        return Err(KeyExportError::Length {
            bytes,
            limit: MAX_OUTPUT,
        });
    }
    if label.is_empty() || label.len() > MAX_LABEL {
        return Err(KeyExportError::Label {
            bytes: label.len(),
            limit: MAX_LABEL,
        });
    }
    let context = context.unwrap_or_default();
    if context.len() > MAX_CONTEXT {
        return Err(KeyExportError::Context {
            bytes: context.len(),
            limit: MAX_CONTEXT,
        });
    }
    Ok(())
}
