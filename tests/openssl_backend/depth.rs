//! A client's OpenSSL verifies no path: its own ends at the leaf, and the crate alone decides.
//!
//! These tests fail if a release of OpenSSL treats the depth -2 otherwise.

use mtls::backend::OpenSslClientConfig;
use mtls::{HandshakeError, OpenSsl, RejectionReason as Reason};
use openssl::ssl::{
    Ssl, SslContextBuilder, SslMethod, SslOptions, SslRef, SslStream, SslVerifyMode,
};
use openssl::stack::StackRef;
use openssl::x509::store::X509StoreBuilder;
use pki_types::{CertificateDer, ServerName};

use super::common::pki::{Authority, AuthorityBuilder, Cast, Credential, Leaf, Validity};
use super::common::raw::{Peer, RawOutcome, Tool, Version, socket_pair};
use super::{client, everywhere};

/// The C `int` -2.
const LEAF_ALONE: u32 = u32::MAX - 1;

fn leaf() -> Leaf {
    Leaf::named("server").dns("localhost").server()
}

/// A server below that many intermediates, which it sends.
fn below(root: &Authority, intermediates: usize) -> Credential {
    let mut path = vec![root.clone()];
    for number in 0..intermediates {
        let next = path[number].intermediate(&format!("Intermediate {number}"));
        path.push(next);
    }
    let sent: Vec<_> = path[1..].iter().rev().collect();
    leaf().issued_by(&path[intermediates]).above(&sent)
}

/// Connects to a server of another library that presents `credential`.
fn connect(
    config: &OpenSslClientConfig,
    credential: &Credential,
    version: Version,
) -> (SslStream<std::net::TcpStream>, bool, RawOutcome) {
    let (near, far) = socket_pair();
    let serving = Tool::RUSTLS.serve_over(far, Peer::new(version).presents(credential));
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = SslStream::new(config.ssl(&name).unwrap(), near).unwrap();
    let is_over = stream.connect().is_ok();
    stream.get_ref().shutdown(std::net::Shutdown::Both).ok();
    (stream, is_over, serving.outcome())
}

/// How many certificates OpenSSL's own path has.
fn path_of(ssl: &SslRef) -> Option<usize> {
    ssl.verified_chain().map(StackRef::len)
}

#[test]
fn all_that_the_server_sent_is_verified_and_only_by_us() {
    let cast = Cast::assemble();
    let stray = Authority::named("Stray");
    everywhere(|version| {
        let client = client(&cast, &cast.alice, version, OpenSsl::default()).config();
        for intermediates in [0, 1, 2, 4, 6] {
            let sound = below(&cast.root, intermediates);
            for credential in [sound.clone(), sound.with(&stray)] {
                let (stream, is_over, _) = connect(&client, &credential, version);
                assert!(is_over, "{version:?}, {intermediates} intermediates");
                let peer = client.verified_peer(stream.ssl()).unwrap();
                assert_eq!(peer.chain(), credential.chain);
                assert_eq!(path_of(stream.ssl()), Some(1), "OpenSSL followed the path");
            }
        }
    });
}

/// What is sent, and why it is rejected.
fn wrong(cast: &Cast) -> Vec<(&'static str, Credential, Reason)> {
    let (root, intermediate) = (&cast.root, &cast.intermediate);
    let late = AuthorityBuilder::named("Late")
        .validity(Validity::expired())
        .issued_by(root);
    let no_ca = AuthorityBuilder::named("No CA")
        .not_a_ca(true)
        .issued_by(root);
    let foreign = Authority::named("Foreign");
    let mut broken = below(root, 2);
    let last = broken.chain.pop().unwrap();
    let mut bytes = last.to_vec();
    // The signature stands at the end.
    *bytes.last_mut().unwrap() ^= 1;
    broken.chain.push(CertificateDer::from(bytes));
    vec![
        ("self-signed", leaf().self_signed(), Reason::UnknownIssuer),
        ("of a foreign CA", below(&foreign, 1), Reason::UnknownIssuer),
        (
            "of a foreign CA, which is sent",
            leaf().issued_by(&foreign).with(&foreign),
            Reason::UnknownIssuer,
        ),
        (
            "of a namesake of the root",
            leaf().issued_by(&cast.impostor),
            Reason::UnknownIssuer,
        ),
        (
            "without its intermediate",
            leaf().issued_by(intermediate),
            Reason::UnknownIssuer,
        ),
        (
            "with another intermediate's signature broken",
            broken,
            Reason::UnknownIssuer,
        ),
        (
            "expired",
            leaf()
                .validity(Validity::expired())
                .issued_by(intermediate)
                .with(intermediate),
            Reason::Expired,
        ),
        (
            "below an expired intermediate",
            leaf().issued_by(&late).with(&late),
            Reason::Expired,
        ),
        (
            "below a certificate that is no CA",
            leaf().issued_by(&no_ca).with(&no_ca),
            Reason::IssuerNotCa,
        ),
        (
            "a client's",
            Leaf::named("server")
                .dns("localhost")
                .client()
                .issued_by(intermediate)
                .with(intermediate),
            Reason::WrongExtendedKeyUsage,
        ),
        (
            "of another name",
            Leaf::named("server")
                .dns("another.test")
                .server()
                .issued_by(intermediate)
                .with(intermediate),
            Reason::NameMismatch,
        ),
    ]
}

#[test]
fn a_wrong_server_gets_our_reason_within_the_handshake() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let client = client(&cast, &cast.alice, version, OpenSsl::default()).config();
        for (what, credential, expected) in wrong(&cast) {
            let (stream, is_over, outcome) = connect(&client, &credential, version);
            assert!(!is_over, "{version:?}: a server {what}");
            assert!(!outcome.completed, "{version:?}: a server {what}");
            match client.verified_peer(stream.ssl()) {
                Err(HandshakeError::Rejected(rejection)) => {
                    assert_eq!(rejection.reason(), expected, "{version:?}: {what}");
                }
                other => panic!("{version:?}: a server {what}: {other:?}"),
            }
        }
    });
}

/// Without our callback, OpenSSL rejects every server at this depth: its store is empty.
#[test]
fn at_this_depth_openssl_accepts_nobody_by_itself() {
    let cast = Cast::assemble();
    let servers = wrong(&cast)
        .into_iter()
        .map(|(_, credential, _)| credential)
        .chain([0, 1, 4].map(|intermediates| below(&cast.root, intermediates)));
    for credential in servers {
        let mut context = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
        context.set_cert_store(X509StoreBuilder::new().unwrap().build());
        context.set_verify(SslVerifyMode::PEER);
        context.set_verify_depth(LEAF_ALONE);
        context.set_security_level(0);
        context.set_options(SslOptions::NO_TICKET);
        let (near, far) = socket_pair();
        let serving = Tool::RUSTLS.serve_over(
            far,
            Peer::new(Version::Tls13)
                .presents(&credential)
                .asks_for_nothing(),
        );
        let ssl = Ssl::new(&context.build()).unwrap();
        let mut stream = SslStream::new(ssl, near).unwrap();
        assert!(stream.connect().is_err());
        drop(stream);
        assert!(!serving.outcome().completed);
    }
}

#[test]
fn an_anchor_that_the_server_sends_changes_nothing() {
    let cast = Cast::assemble();
    let client = client(&cast, &cast.alice, Version::Tls13, OpenSsl::default()).config();
    let credential = below(&cast.root, 1).with(&cast.root);
    assert_eq!(credential.chain.last(), Some(&cast.root.certificate()));
    let (stream, is_over, _) = connect(&client, &credential, Version::Tls13);
    assert!(is_over);
    let peer = client.verified_peer(stream.ssl()).unwrap();
    assert_eq!(peer.chain(), credential.chain);
}
