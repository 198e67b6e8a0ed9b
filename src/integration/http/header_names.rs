use ::http::header::{HeaderMap, HeaderName};

pub(super) const CLIENT_CERT: &str = "Client-Cert";
pub(super) const CLIENT_CERT_CHAIN: &str = "Client-Cert-Chain";
pub(super) const XFCC: &str = "X-Forwarded-Client-Cert";

/// Removes `Client-Cert`, `Client-Cert-Chain` and `X-Forwarded-Client-Cert`, in every spelling.
///
/// For the trailers of a request, in which these headers never count, and for a request that goes
/// to a server which is not meant to see them. [`ForwardedHeaders::take`] and the functions that
/// write call it.
///
/// A name is removed if it differs from one of the three only in case, and in what stands for its
/// hyphens: any character but a letter or digit. CGI (RFC 3875, section 4.1.18) and servers that
/// follow it give `client-cert`, `client_cert` and `client.cert` to the application as one
/// variable. All lines of such a name are removed.
///
/// ```
/// use http::HeaderMap;
///
/// let mut trailers = HeaderMap::new();
/// trailers.append("client_cert", "forged".parse()?);
/// trailers.append("grpc-status", "0".parse()?);
/// mtls::http::strip(&mut trailers);
/// assert!(trailers.keys().eq(["grpc-status"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ForwardedHeaders::take`]: super::ForwardedHeaders::take
pub fn strip(headers: &mut HeaderMap) {
    let names: Vec<HeaderName> = headers.keys().filter(|n| is_ours(n)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_ours(name: &HeaderName) -> bool {
    let folded = |name: &str| {
        name.as_bytes()
            .iter()
            .copied()
            .map(fold)
            .collect::<Vec<_>>()
    };
    let name = folded(name.as_str());
    [CLIENT_CERT, CLIENT_CERT_CHAIN, XFCC]
        .iter()
        .any(|ours| folded(ours) == name)
}

fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() {
        byte.to_ascii_lowercase()
    } else {
        b'-'
    }
}
