use core::fmt::Write;

use ::http::{HeaderMap, HeaderValue};
use base16ct::HexDisplay;
use pem_rfc7468::LineEnding;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pki_types::CertificateDer;
use sfv::{ItemSerializer, ListSerializer};

use super::error::ForwardedError;
use super::forwarded_headers::ForwardedHeaders;
use super::header_names::{CLIENT_CERT, CLIENT_CERT_CHAIN, XFCC, strip};
use crate::peer::PeerIdentity;

/// Replaces all client certificate headers by `Client-Cert` and `Client-Cert-Chain` (RFC 9440).
///
/// A gateway calls it for each request, with the peer of the connection on which the request came,
/// or with `None` if that presented no certificate. What the request had of these headers, in any
/// spelling (see [`strip`]), is removed in every case; `None` does nothing else.
///
/// `Client-Cert` has the leaf, and `Client-Cert-Chain` the intermediates of the authenticated path,
/// without the trust anchor. Other certificates that the client presented are left out, because
/// nothing was proved about them.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let peer = pki::peer();
/// let mut headers = http::HeaderMap::new();
/// headers.append("client_cert", "forged".parse()?);
/// mtls::http::write_client_cert(&mut headers, &peer)?;
/// assert!(headers.keys().eq(["client-cert"]));
///
/// mtls::http::write_client_cert(&mut headers, None)?;
/// assert!(headers.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ForwardedError::TooLong`] if a header would exceed [`ForwardedHeaders::MAX_HEADER_BYTES`], and
/// [`ForwardedError::TooManyHeaders`]. The map then has none of these headers.
pub fn write_client_cert<'a>(
    headers: &mut HeaderMap,
    client: impl Into<Option<&'a PeerIdentity>>,
) -> Result<(), ForwardedError> {
    strip(headers);
    let Some(client) = client.into() else {
        return Ok(());
    };
    let leaf = ItemSerializer::new().bare_item(client.leaf()).finish();
    let leaf = value(CLIENT_CERT, leaf)?;
    let mut chain = ListSerializer::new();
    for certificate in intermediates(client) {
        let _no_parameters = chain.bare_item(certificate.as_ref());
    }
    let chain = chain.finish().map(|chain| value(CLIENT_CERT_CHAIN, chain));
    let chain = chain.transpose()?;
    insert(headers, CLIENT_CERT, leaf)?;
    match chain {
        Some(chain) => insert(headers, CLIENT_CERT_CHAIN, chain),
        None => Ok(()),
    }
}

/// Replaces all client certificate headers by one `X-Forwarded-Client-Cert` with one element.
///
/// Used as [`write_client_cert`]. The element has `Hash` and `Cert`; `Chain` (leaf and
/// authenticated intermediates) if there are intermediates; `Subject` (RFC 4514) if there is one;
/// `URI` and `DNS` for each name. `By` is left out: the reader knows the gateway from its own
/// connection.
///
/// Values with a comma, semicolon or equals sign are quoted. What could end a quoted text early is
/// not written: in the subject, quotation marks, backslashes and all but ASCII are hexadecimal
/// (RFC 4514, section 2.4), and a URI with a quotation mark or backslash is left out.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let peer = pki::peer();
/// let mut headers = http::HeaderMap::new();
/// mtls::http::write_xfcc(&mut headers, &peer)?;
/// let xfcc = headers["x-forwarded-client-cert"].to_str()?;
/// assert!(xfcc.contains(r#";Cert="-----BEGIN%20CERTIFICATE-----%0A"#));
/// assert!(xfcc.ends_with(";URI=spiffe://prod.example/payments;DNS=payments.example"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`write_client_cert`].
pub fn write_xfcc<'a>(
    headers: &mut HeaderMap,
    client: impl Into<Option<&'a PeerIdentity>>,
) -> Result<(), ForwardedError> {
    strip(headers);
    let Some(client) = client.into() else {
        return Ok(());
    };
    insert(headers, XFCC, value(XFCC, element(client)?)?)
}

fn element(client: &PeerIdentity) -> Result<String, ForwardedError> {
    let hash = client.certificate_sha256();
    let leaf = client.chain().iter().take(1);
    let cert = url_encoded_pem(leaf)?;
    let mut text = format!("Hash={:x};Cert=\"{cert}\"", HexDisplay(&hash));
    let chain = url_encoded_pem(intermediates(client))?;
    if !chain.is_empty() {
        write_pair(&mut text, "Chain", &format!("\"{cert}{chain}\""));
    }
    let subject = client.subject();
    // Not a name but a note on it.
    if !subject.starts_with('(') {
        write_pair(
            &mut text,
            "Subject",
            &format!("\"{}\"", ascii_subject(&subject)),
        );
    }
    let uris = client.uris().map(|uri| ("URI", uri));
    let names = uris.chain(client.dns_names().map(|dns| ("DNS", dns)));
    for (key, name) in names.filter(|(_, name)| !name.contains(['"', '\\'])) {
        if name.contains([',', ';', '=']) {
            write_pair(&mut text, key, &format!("\"{name}\""));
        } else {
            write_pair(&mut text, key, name);
        }
    }
    Ok(text)
}

fn write_pair(text: &mut String, key: &str, value: &str) {
    text.extend([";", key, "=", value]);
}

/// Returns the authenticated path between leaf and trust anchor.
fn intermediates(client: &PeerIdentity) -> impl Iterator<Item = &CertificateDer<'static>> {
    let anchor = client.trust_anchor();
    client
        .issuers()
        .filter(move |&issuer| Some(issuer) != anchor)
}

fn url_encoded_pem<'a>(
    certificates: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> Result<String, ForwardedError> {
    /// What Envoy and nginx leave.
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');
    let texts = certificates.map(|der| {
        let pem = pem_rfc7468::encode_string("CERTIFICATE", LineEnding::LF, der);
        // Its only error is a text that no memory could hold.
        let pem = pem.map_err(|_| too_long(XFCC, der.len()))?;
        Ok(utf8_percent_encode(&pem, ENCODED).to_string())
    });
    texts.collect()
}

/// Returns a subject in the form of RFC 4514 without quotation marks, in pairs of hexadecimal
/// digits where a character is not ASCII or could be read as the end of a quoted text.
fn ascii_subject(subject: &str) -> String {
    let mut text = String::with_capacity(subject.len());
    let mut letters = subject.chars();
    while let Some(letter) = letters.next() {
        let is_escaped = letter == '\\';
        let letter = if is_escaped {
            letters.next().unwrap_or(letter)
        } else {
            letter
        };
        if matches!(letter, '"' | '\\') || !matches!(letter, ' '..='~') {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                // Writing into a string cannot fail.
                let _ = write!(text, "\\{byte:02x}");
            }
            continue;
        }
        if is_escaped {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

fn value(header: &'static str, text: String) -> Result<HeaderValue, ForwardedError> {
    if text.len() > ForwardedHeaders::MAX_HEADER_BYTES {
        return Err(too_long(header, text.len()));
    }
    // All of it is ASCII without control characters.
    HeaderValue::try_from(text).map_err(|_| ForwardedError::Malformed { header, offset: 0 })
}

fn too_long(header: &'static str, bytes: usize) -> ForwardedError {
    ForwardedError::TooLong {
        header,
        bytes,
        limit: ForwardedHeaders::MAX_HEADER_BYTES,
    }
}

fn insert(
    headers: &mut HeaderMap,
    header: &'static str,
    value: HeaderValue,
) -> Result<(), ForwardedError> {
    match headers.try_insert(header, value) {
        Ok(_) => Ok(()),
        Err(_) => {
            strip(headers);
            Err(ForwardedError::TooManyHeaders { header })
        }
    }
}
