//! Peers that a server verified in a handshake.

use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;

use mtls::error::ForwardedError;
use mtls::http::{ForwardedHeaders, ForwardedPeer, RequestClient, write_client_cert, write_xfcc};
use mtls::{
    MtlsClient, MtlsIdentity, MtlsServer, PeerIdentity, PeerMatcher, Rustls, TrustAnchors,
    VerifierPolicy,
};

use http::HeaderMap;

use crate::common::pki::{Authority, Credential, Leaf};

pub(crate) static ROOT: LazyLock<Authority> = LazyLock::new(|| Authority::named("Rhea"));
static BRANCH: LazyLock<Authority> = LazyLock::new(|| ROOT.intermediate("Ivo"));

/// A client below an intermediate, with names of every kind.
pub(crate) static ALICE: LazyLock<PeerIdentity> = LazyLock::new(|| {
    let alice = Leaf::named("alice")
        .dns("alice.test")
        .dns("a.test")
        .uri("spiffe://prod.test/alice")
        .email("alice@a.test")
        .ip("10.0.0.1");
    connect(&alice.client().issued_by(&BRANCH).with(&BRANCH))
});

/// A client directly below the root.
pub(crate) static BOB: LazyLock<PeerIdentity> =
    LazyLock::new(|| connect(&Leaf::named("bob").dns("bob.test").client().issued_by(&ROOT)));

pub(crate) static GATEWAY: LazyLock<PeerIdentity> =
    LazyLock::new(|| connect(&gateway_credential()));

pub(crate) fn gateway_credential() -> Credential {
    let leaf = Leaf::named("gateway").dns("gateway.test").client().server();
    leaf.issued_by(&ROOT)
}

type Write = fn(&mut HeaderMap, Option<&PeerIdentity>) -> Result<(), ForwardedError>;

pub(crate) const WRITE_CLIENT_CERT: Write = |headers, client| write_client_cert(headers, client);
pub(crate) const WRITE_XFCC: Write = |headers, client| write_xfcc(headers, client);

pub(crate) fn gateways() -> PeerMatcher {
    PeerMatcher::dns("gateway.test").unwrap()
}

/// Connects a client to a server over loopback, and returns what the server verified.
pub(crate) fn connect(credential: &Credential) -> PeerIdentity {
    let server = Leaf::named("server").dns("server.test").server();
    let server = MtlsServer::builder()
        .identity(identity(&server.issued_by(&ROOT)))
        .trust_anchors(anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap();
    let client = MtlsClient::builder()
        .identity(identity(credential))
        .trust_anchors(anchors())
        .build(Rustls::default())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    thread::scope(|scope| {
        let served = scope.spawn(|| server.accept(accepted).unwrap());
        let _connected = client.connect("server.test", tcp).unwrap();
        served.join().unwrap().peer().clone()
    })
}

pub(crate) fn identity(credential: &Credential) -> MtlsIdentity {
    let (chain, key) = (credential.chain_pem(), credential.key_pem());
    MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

pub(crate) fn anchors() -> TrustAnchors {
    TrustAnchors::from_pem(ROOT.pem().as_bytes()).unwrap()
}

/// Lets the gateway send these lines, and returns what the service makes of them.
#[track_caller]
pub(crate) fn take(
    reader: &ForwardedHeaders,
    lines: &[(&str, &[u8])],
) -> Result<RequestClient, ForwardedError> {
    let mut headers = map(lines);
    let result = reader.take(Some(&GATEWAY), &mut headers);
    assert!(headers.is_empty(), "{headers:?}");
    result
}

pub(crate) fn map(lines: &[(&str, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: http::HeaderName = name.parse().unwrap();
        headers.append(name, http::HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

#[track_caller]
pub(crate) fn forwarded(result: Result<RequestClient, ForwardedError>) -> ForwardedPeer {
    match result {
        Ok(RequestClient::Forwarded(peer)) => peer,
        other => panic!("{other:?}"),
    }
}
