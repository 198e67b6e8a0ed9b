//! The headers of gateways: whatever a gateway sends.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderValue};
use mtls::error::ForwardedError;
use mtls::http::{ForwardedHeaders, ForwardedPeer, RequestClient, write_client_cert, write_xfcc};
use mtls::{CertificateChain, PeerIdentity, PeerMatcher};

use super::secrets::Secrets;
use super::verifiers::{CHAIN, HONEST, NOW};
use super::{check_error, check_line};

static PEER: LazyLock<PeerIdentity> =
    LazyLock::new(|| HONEST[0].verify_client(&CHAIN, NOW).unwrap());

/// `@` and a letter stand for what no fuzzer comes to by itself: digest and certificates of a peer.
static LONG_PARTS: LazyLock<[(&str, String); 5]> = LazyLock::new(|| {
    let mut headers = HeaderMap::new();
    let text = |headers: &HeaderMap, name| headers[name].to_str().unwrap().to_owned();
    write_client_cert(&mut headers, &*PEER).unwrap();
    let (leaf, chain) = (
        text(&headers, "client-cert"),
        text(&headers, "client-cert-chain"),
    );
    write_xfcc(&mut headers, &*PEER).unwrap();
    let xfcc = text(&headers, "x-forwarded-client-cert");
    let after = |key: &str| {
        let (_, rest) = xfcc.split_once(key).unwrap();
        rest.trim_start_matches('"')
            .split([';', '"'])
            .next()
            .unwrap()
            .to_owned()
    };
    [
        ("@l", leaf),
        ("@i", chain),
        ("@h", after("Hash=")),
        ("@c", after("Cert=")),
        ("@n", after("Chain=")),
    ]
});

/// The lines of `Client-Cert-Chain`, after one of `Client-Cert`.
pub fn client_cert(input: &[u8]) {
    let any = PeerMatcher::any_authenticated();
    let mut names = ["client-cert"]
        .into_iter()
        .chain(std::iter::repeat("client-cert-chain"));
    let headers = lines(input, || names.next().unwrap());
    let has_leaf = headers.contains_key("client-cert");
    let result = take(&ForwardedHeaders::client_cert(any), &headers);
    assert!(has_leaf || !matches!(result, Ok(Some(_))), "from no leaf");
}

/// The lines of `X-Forwarded-Client-Cert`.
pub fn xfcc(input: &[u8]) {
    let any = PeerMatcher::any_authenticated;
    let headers = lines(input, || "x-forwarded-client-cert");
    let only = take(&ForwardedHeaders::xfcc(any()), &headers);
    let last = take(&ForwardedHeaders::danger_last_xfcc(any()), &headers);
    for peer in [&only, &last].into_iter().flatten().flatten() {
        let hash: String = peer
            .certificate_sha256()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut values = headers
            .values()
            .map(|value| value.to_str().unwrap().to_lowercase());
        assert!(
            values.any(|value| value.contains(&format!("hash={hash}"))),
            "{peer:?}"
        );
    }
    match (only, last) {
        (Ok(Some(only)), Ok(Some(last))) => assert_eq!(only.chain(), last.chain()),
        (Ok(None), Ok(None)) | (Err(ForwardedError::SeveralElements { .. }), _) => {}
        (Err(only), Err(last)) => assert_eq!(only.to_string(), last.to_string()),
        other => panic!("{other:?}"),
    }
}

fn lines(input: &[u8], mut name: impl FnMut() -> &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Some are longer than a header may be.
    for line in input.split(|byte| *byte == b'\n').take(16) {
        let mut line = line[..line.len().min(512)].to_vec();
        for (short, long) in LONG_PARTS.iter() {
            while let Some(at) = line.windows(2).position(|part| part == short.as_bytes()) {
                line.splice(at..at + 2, long.bytes());
            }
        }
        if let Ok(value) = HeaderValue::from_bytes(&line) {
            headers.append(name(), value);
        }
    }
    headers
}

/// Reads the headers as those of a gateway, and of another sender.
fn take(
    reader: &ForwardedHeaders,
    sent: &HeaderMap,
) -> Result<Option<ForwardedPeer>, ForwardedError> {
    let mut headers = sent.clone();
    let client = reader.take(None, &mut headers);
    assert!(matches!(client, Ok(RequestClient::Sender)), "{client:?}");
    assert!(headers.is_empty(), "{headers:?}");

    let mut headers = sent.clone();
    let client = reader.take(Some(&PEER), &mut headers);
    assert!(headers.is_empty(), "{headers:?}");
    match client {
        Ok(RequestClient::Forwarded(peer)) => {
            check_line(&peer.to_string());
            check_line(peer.subject());
            let again = CertificateChain::from_der(peer.chain().to_vec()).unwrap();
            assert_eq!(again.as_slice(), peer.chain());
            Ok(Some(peer))
        }
        Ok(RequestClient::Unnamed) => {
            assert!(sent.is_empty(), "{sent:?}");
            Ok(None)
        }
        Ok(RequestClient::Sender) => panic!("the gateway is no client"),
        Err(error) => {
            check_error(&error, &Secrets::default());
            check_line(&error.hint());
            Err(error)
        }
    }
}
