use core::error::Error;
use std::borrow::Cow;

use super::header_names::{CLIENT_CERT, CLIENT_CERT_CHAIN, XFCC};
use crate::error::MaterialError;

/// The reason why the client's certificate in a gateway's headers cannot be read or written.
///
/// The headers are removed all the same. Answer a request whose headers cannot be read with status
/// 400 or 502: its client is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardedError {
    /// There is a `Client-Cert-Chain` without a `Client-Cert` (RFC 9440, section 2.3).
    #[error("the request has {CLIENT_CERT_CHAIN} without {CLIENT_CERT}")]
    ChainWithoutLeaf,
    /// `Hash` is not the SHA-256 digest of the certificate.
    #[error("the Hash in {XFCC} is not that of the certificate")]
    HashMismatch,
    /// The certificates are damaged, are something else, or are more than a chain may have.
    #[error("the certificates in {header} cannot be read")]
    InvalidCertificates {
        /// The header: `Client-Cert` for its chain too.
        header: &'static str,
        /// The fault.
        #[source]
        problem: MaterialError,
    },
    /// A name of the certificate could be read as another one.
    #[error("the client's certificate in {header} has an invalid name")]
    InvalidName {
        /// The header.
        header: &'static str,
        /// The fault.
        #[source]
        problem: Box<dyn Error + Send + Sync>,
    },
    /// `Hash`, `Cert` or `Chain` stands after `Subject`, `URI` or `DNS`.
    #[error("the {key} in {XFCC} stands after a name")]
    KeyAfterNames {
        /// The key.
        key: &'static str,
    },
    /// `Cert` and `Chain` do not begin with the same certificate.
    #[error("Cert and Chain in {XFCC} begin with different certificates")]
    LeafMismatch,
    /// The header does not have its syntax.
    #[error("{header} is malformed at byte {offset}")]
    Malformed {
        /// The header.
        header: &'static str,
        /// Where, in bytes; lines of one header are joined with a comma and a space.
        offset: usize,
    },
    /// A key that is required is missing.
    #[error("{XFCC} has no {key}")]
    MissingKey {
        /// The key: `Cert` if there is no `Chain` either, or `Hash`.
        key: &'static str,
    },
    /// A key occurs more than once.
    #[error("{XFCC} has more than one {key}")]
    RepeatedKey {
        /// The key.
        key: &'static str,
    },
    /// The header has several elements, and one is expected.
    #[error("{XFCC} has {found} elements in place of one")]
    SeveralElements {
        /// The number of elements.
        found: usize,
    },
    /// The header is too long.
    #[error("{header} has {bytes} bytes, and the limit is {limit}")]
    TooLong {
        /// The header.
        header: &'static str,
        /// Its length, all lines together.
        bytes: usize,
        /// The limit: [`ForwardedHeaders::MAX_HEADER_BYTES`](super::ForwardedHeaders).
        limit: usize,
    },
    /// The header has too many elements.
    #[error("{XFCC} has more than {limit} elements")]
    TooManyElements {
        /// The limit: [`ForwardedHeaders::MAX_XFCC_ELEMENTS`](super::ForwardedHeaders).
        limit: usize,
    },
    /// The map has no room for another header.
    #[error("the header map has no room for {header}")]
    TooManyHeaders {
        /// The header.
        header: &'static str,
    },
    /// A key that Envoy's documentation does not have.
    #[error("{XFCC} has the unknown key {key}")]
    UnknownKey {
        /// The key: letters and digits, at most 256.
        key: String,
    },
}

impl ForwardedError {
    /// Returns what to do about it.
    ///
    /// ```
    /// use mtls::error::ForwardedError;
    ///
    /// let error = ForwardedError::SeveralElements { found: 2 };
    /// assert!(error.hint().contains("SANITIZE_SET"));
    /// ```
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::ChainWithoutLeaf => {
                "let the gateway write both headers itself, and remove those of its clients"
            }
            Self::HashMismatch => {
                "let the gateway replace the header (Envoy: SANITIZE_SET), and suspect its client"
            }
            Self::InvalidCertificates { .. } => {
                "look at the gateway's configuration: it has to write DER into Client-Cert, and \
                 URL-encoded PEM into X-Forwarded-Client-Cert"
            }
            Self::InvalidName { .. } => "have the CA issue the certificate with well-formed names",
            Self::KeyAfterNames { .. } => {
                "suspect the client: Envoy writes its names last and without quotes, and one may \
                 hold a key"
            }
            Self::LeafMismatch => {
                "let the gateway replace the header (Envoy: SANITIZE_SET), and suspect its client"
            }
            Self::Malformed { .. } => {
                "compare the header with RFC 9440, section 2, or with Envoy's documentation; names \
                 that Envoy writes without quotes (By, URI, DNS) must not have `,` or `;`"
            }
            Self::MissingKey { key: "Hash" } => {
                "let the gateway write it, as Envoy does in SANITIZE_SET"
            }
            Self::MissingKey { .. } => {
                "set `cert: true` in Envoy's `set_current_client_cert_details`: names alone can be \
                 forged"
            }
            Self::RepeatedKey { .. } => "let the gateway write it once",
            Self::SeveralElements { .. } => {
                "let the gateway replace the header (Envoy: `forward_client_cert_details: \
                 SANITIZE_SET`), so that it holds nothing that a client sent"
            }
            Self::TooLong { .. } => {
                "let the client present a shorter chain, or smaller certificates"
            }
            Self::TooManyElements { .. } => {
                "let the first gateway replace the header (Envoy: SANITIZE_SET)"
            }
            Self::TooManyHeaders { .. } => "limit the number of headers in the HTTP server",
            Self::UnknownKey { .. } => {
                "let the gateway write the text format with By, Hash, Cert, Chain, Subject, URI \
                 and DNS only"
            }
        })
    }
}

/// Returns the hint of one of these errors.
pub(crate) fn hint_of<'a>(error: &'a (dyn Error + 'static)) -> Option<Cow<'a, str>> {
    Some(error.downcast_ref::<ForwardedError>()?.hint())
}
