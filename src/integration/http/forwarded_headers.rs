use ::http::{HeaderMap, HeaderValue};

use super::client_cert;
use super::error::ForwardedError;
use super::forwarded_peer::ForwardedPeer;
use super::header_names::{CLIENT_CERT, CLIENT_CERT_CHAIN, XFCC, strip};
use super::request_client::RequestClient;
use super::xfcc;
use crate::peer::PeerIdentity;
use crate::policy::matcher::PeerMatcher;

/// The gateways that are trusted to name their clients, and the header in which they do.
///
/// It reads one kind of header, because a gateway replaces only the one that it writes: the others
/// come from its clients. Name the gateways exactly: each can name any client. The matcher is
/// evaluated for every request.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (client, server) = (pki::client_builder(), pki::server_builder());
/// # let (client, server) = (client.build(mtls::Rustls::default())?, server.build(mtls::Rustls::default())?);
/// # let (_sent, stream) = pki::connect(&client, &server);
/// use mtls::PeerMatcher;
/// use mtls::http::{ForwardedHeaders, RequestClient};
///
/// let forwarded = ForwardedHeaders::client_cert(PeerMatcher::dns("gateway.example")?);
///
/// // For each request; the peer of this connection is no gateway.
/// let mut headers = http::HeaderMap::new();
/// headers.append("client-cert", ":Zm9yZ2Vk:".parse()?);
/// let client = forwarded.take(Some(stream.peer()), &mut headers)?;
/// assert!(matches!(client, RequestClient::Sender));
/// assert!(headers.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForwardedHeaders {
    gateways: PeerMatcher,
    header: Header,
}

#[derive(Clone, Copy, Debug)]
enum Header {
    ClientCert,
    OneXfcc,
    LastXfcc,
}

impl ForwardedHeaders {
    /// The length of the longest header in bytes, all its lines together.
    pub const MAX_HEADER_BYTES: usize = 64 * 1024;
    /// The most elements of an `X-Forwarded-Client-Cert`.
    pub const MAX_XFCC_ELEMENTS: usize = 16;

    /// Reads `Client-Cert` and `Client-Cert-Chain` (RFC 9440) from these gateways.
    pub fn client_cert(gateways: PeerMatcher) -> Self {
        Self {
            gateways,
            header: Header::ClientCert,
        }
    }

    /// Reads `X-Forwarded-Client-Cert` from these gateways.
    ///
    /// The header has to have one element, with `Hash` and with `Cert` or `Chain`, before all names
    /// (Envoy: `forward_client_cert_details: SANITIZE_SET`, and `cert: true` in
    /// `set_current_client_cert_details`). Names are read from the certificate, and the other keys
    /// do not count: Envoy writes names without quotes, so that a client with a URI such as
    /// `https://a.example/;URI=https://b.example/` would have two.
    pub fn xfcc(gateways: PeerMatcher) -> Self {
        Self {
            gateways,
            header: Header::OneXfcc,
        }
    }

    /// Dangerous: reads the last element of an `X-Forwarded-Client-Cert` that has several.
    ///
    /// A gateway that appends to the header (Envoy: `APPEND_FORWARD`) writes its own client last.
    /// The elements before that are what the client sent: they have to be well formed, and do not
    /// count. A client whose certificate has a URI with a comma can so add an element of its own
    /// after the gateway's. Use it only if the CAs of the gateway's clients issue no such names.
    pub fn danger_last_xfcc(gateways: PeerMatcher) -> Self {
        Self {
            gateways,
            header: Header::LastXfcc,
        }
    }

    /// Removes all client certificate headers, and returns who sent the request.
    ///
    /// Call it for each request, before anything else sees the headers. `sender` is the peer of the
    /// TLS connection on which the request came ([`MtlsStream::peer`](crate::MtlsStream::peer)), or
    /// `None` if it presented no certificate. Afterwards the map has none of these headers in any
    /// spelling (see [`strip`]), whatever the result is.
    ///
    /// # Errors
    ///
    /// [`ForwardedError`] if a gateway sent a header that cannot be read, or that exceeds
    /// [`MAX_HEADER_BYTES`](Self::MAX_HEADER_BYTES),
    /// [`MAX_XFCC_ELEMENTS`](Self::MAX_XFCC_ELEMENTS) or
    /// [`CertificateChain::MAX_CERTIFICATES`](crate::CertificateChain::MAX_CERTIFICATES). Reject
    /// the request.
    pub fn take(
        &self,
        sender: Option<&PeerIdentity>,
        headers: &mut HeaderMap,
    ) -> Result<RequestClient, ForwardedError> {
        let Some(gateway) = sender.filter(|sender| self.gateways.matches(sender)) else {
            strip(headers);
            return Ok(RequestClient::Sender);
        };
        let [leaf, chain, xfcc] =
            [CLIENT_CERT, CLIENT_CERT_CHAIN, XFCC].map(|n| joined(headers, n));
        strip(headers);
        let (chain, header) = match self.header {
            Header::ClientCert => match (leaf?, chain?) {
                (None, None) => return Ok(RequestClient::Unnamed),
                (None, Some(_)) => return Err(ForwardedError::ChainWithoutLeaf),
                (Some(leaf), chain) => (client_cert::read(&leaf, chain.as_deref())?, CLIENT_CERT),
            },
            Header::OneXfcc | Header::LastXfcc => {
                let Some(xfcc) = xfcc? else {
                    return Ok(RequestClient::Unnamed);
                };
                let elements = xfcc::elements(&xfcc, Self::MAX_XFCC_ELEMENTS)?;
                let element = match elements.as_slice() {
                    [.., last] if matches!(self.header, Header::LastXfcc) => last,
                    [only] => only,
                    several => {
                        let found = several.len();
                        return Err(ForwardedError::SeveralElements { found });
                    }
                };
                (element.certificates()?, XFCC)
            }
        };
        let peer = ForwardedPeer::new(gateway.clone(), chain, header)?;
        Ok(RequestClient::Forwarded(peer))
    }
}

/// Joins the lines of a header (RFC 9110, section 5.2).
fn joined(headers: &HeaderMap, header: &'static str) -> Result<Option<Vec<u8>>, ForwardedError> {
    let limit = ForwardedHeaders::MAX_HEADER_BYTES;
    let lines = || headers.get_all(header).iter();
    let bytes = lines().fold(0, |sum: usize, line| {
        sum.saturating_add(line.len()).saturating_add(2)
    });
    let bytes = bytes.saturating_sub(2);
    if bytes > limit {
        return Err(ForwardedError::TooLong {
            header,
            bytes,
            limit,
        });
    }
    let lines: Vec<&[u8]> = lines().map(HeaderValue::as_bytes).collect();
    Ok((!lines.is_empty()).then(|| lines.join(&b", "[..])))
}
