//! The OpenSSL backend with itself, with rustls, and with peers that judge nothing.
#![cfg(feature = "openssl")]

mod common;

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use mtls::backend::{OpenSslClientConfig, ServerBackend};
use mtls::{
    Alert, BackendKind, ClientBackend, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer,
    OpenSsl, PeerIdentity, PeerMatcher, ProtocolVersion, Rejection, RejectionReason, Rustls,
    ServerBuilder, TrustAnchors, VerifierPolicy,
};
use openssl::ssl::{Ssl, SslStream, SslVerifyMode};
use pki_types::{CertificateDer, ServerName};

use common::chains::{self, Case};
use common::odd::Odd;
use common::pki::{Cast, Credential, KeyAlgorithm, Leaf, Validity};
use common::raw::{Peer, Tool, Version, socket_pair, tools};

const ALICE: &str = "spiffe://prod.test/alice";

fn identity(credential: &Credential) -> MtlsIdentity {
    let key = credential.key.secret_pkcs8_der();
    MtlsIdentity::from_der(credential.chain.clone(), key).unwrap()
}

fn anchors(certificates: &[CertificateDer<'static>]) -> TrustAnchors {
    TrustAnchors::from_der(certificates.to_vec()).unwrap()
}

fn protocol(version: Version) -> ProtocolVersion {
    match version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    }
}

fn server(cast: &Cast, version: Version) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .protocol_versions([protocol(version)])
        .policy(VerifierPolicy::allow(
            PeerMatcher::spiffe_id(ALICE).unwrap(),
        ))
}

fn client<B: ClientBackend>(
    cast: &Cast,
    credential: &Credential,
    version: Version,
    backend: B,
) -> MtlsClient<B> {
    MtlsClient::builder()
        .identity(identity(credential))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .protocol_versions([protocol(version)])
        .alpn(["h2", "other"])
        .build(backend)
        .unwrap()
}

/// A client and a server meet; each says a word when it may.
fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
    name: &str,
) -> (
    Result<(PeerIdentity, Option<Vec<u8>>), HandshakeError>,
    Result<PeerIdentity, HandshakeError>,
)
where
    S::ServerConfig: Send + Sync,
{
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let accepted = scope.spawn(move || {
            let mut stream = server.accept(far)?;
            let mut word = [0; 5];
            stream.read_exact(&mut word).map_err(HandshakeError::Io)?;
            assert_eq!(&word, b"hello");
            stream.write_all(b"world").unwrap();
            stream.close().unwrap();
            assert_eq!(stream.read(&mut word).unwrap(), 0);
            Ok(stream.peer().clone())
        });
        let connected = client.connect(name, near).and_then(|mut stream| {
            let mut said = String::new();
            let talk = stream
                .write_all(b"hello")
                .and_then(|()| stream.read_to_string(&mut said))
                .and_then(|_| stream.close());
            match talk {
                Ok(()) => assert_eq!(said, "world"),
                // What the server thinks of us came after the handshake.
                Err(error) => {
                    return Err(match error.downcast::<HandshakeError>() {
                        Ok(refusal) => refusal,
                        Err(error) => HandshakeError::Io(error),
                    });
                }
            }
            Ok((stream.peer().clone(), stream.alpn().map(<[u8]>::to_vec)))
        });
        (connected, accepted.join().unwrap())
    })
}

#[track_caller]
fn reason<T: Debug>(result: Result<T, HandshakeError>) -> RejectionReason {
    match result {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!("not rejected: {other:?}"),
    }
}

fn everywhere(test: impl Fn(Version)) {
    Version::ALL.into_iter().for_each(test);
}

macro_rules! both_ways {
    ($test:ident) => {
        everywhere(|version| {
            $test(version, OpenSsl::default(), OpenSsl::default());
            $test(version, OpenSsl::default(), Rustls::default());
            $test(version, Rustls::default(), OpenSsl::default());
        });
    };
}

fn allowed<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).alpn(["other"]).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    for name in ["localhost", "server.test", "127.0.0.1"] {
        let (connected, accepted) = meet(&client, &server, name);
        let (peer, alpn) = connected.unwrap();
        assert_eq!(peer.chain().first(), Some(cast.server.leaf()));
        assert_eq!(alpn.as_deref(), Some(&b"other"[..]));
        assert_eq!(accepted.unwrap().chain().first(), Some(cast.alice.leaf()));
    }
}

#[test]
fn those_who_may_meet() {
    both_ways!(allowed);
}

fn refused_client<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let eve = Leaf::named("eve")
        .uri("spiffe://prod.test/eve")
        .client()
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let events = Arc::new(Mutex::new(0));
    let told = Arc::clone(&events);
    let server = server(&cast, version)
        .observer(move |_| *told.lock().unwrap() += 1)
        .build(s)
        .unwrap();
    let (connected, accepted) = meet(&client(&cast, &eve, version, c), &server, "localhost");
    assert_eq!(reason(accepted), RejectionReason::NotAllowed);
    match connected {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::CERTIFICATE_UNKNOWN);
        }
        other => panic!("{version:?}: {other:?}"),
    }
    assert_eq!(*events.lock().unwrap(), 1);
}

#[test]
fn a_client_that_is_not_on_the_list_learns_it() {
    both_ways!(refused_client);
}

fn refused_server<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    let (connected, accepted) = meet(&client, &server, "another.test");
    assert_eq!(reason(connected), RejectionReason::NameMismatch);
    match accepted {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::BAD_CERTIFICATE);
        }
        other => panic!("{version:?}: {other:?}"),
    }
}

#[test]
fn a_server_of_another_name_is_refused() {
    both_ways!(refused_server);
}

fn no_alpn<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).alpn(["third"]).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    let (connected, accepted) = meet(&client, &server, "localhost");
    assert!(
        matches!(accepted, Err(HandshakeError::NoCommonProtocol)),
        "{accepted:?}"
    );
    match connected {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::NO_APPLICATION_PROTOCOL);
        }
        other => panic!("{version:?}: {other:?}"),
    }
}

#[test]
fn without_a_common_protocol_there_is_no_handshake() {
    both_ways!(no_alpn);
}

fn any_key<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S)
where
    C: Clone,
    S: Clone,
{
    for algorithm in KeyAlgorithm::ALL {
        let mut cast = Cast::assemble();
        let leaf = |name| {
            Leaf::named(name)
                .dns("localhost")
                .uri(ALICE)
                .algorithm(algorithm)
        };
        cast.server = leaf("s").server().issued_by(&cast.root);
        cast.alice = leaf("c").client().issued_by(&cast.root);
        let server = server(&cast, version).build(s.clone()).unwrap();
        let client = client(&cast, &cast.alice, version, c.clone());
        let (connected, accepted) = meet(&client, &server, "localhost");
        connected.unwrap();
        accepted.unwrap();
    }
}

#[test]
fn every_kind_of_key_works() {
    both_ways!(any_key);
}

fn version_1<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let mut cast = Cast::assemble();
    cast.server = Odd::X509V1.issued_by(&cast.root, "localhost");
    let policy = |matcher| {
        VerifierPolicy::allow(matcher)
            .danger_allow_x509_v1_leaf()
            .danger_allow_common_name_as_dns()
    };
    let alice = Odd::X509V1.issued_by(&cast.root, "alice");
    let server = server(&cast, version)
        .policy(policy(PeerMatcher::common_name("alice").unwrap()))
        .build(s)
        .unwrap();
    let client = MtlsClient::builder()
        .identity(identity(&alice))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .policy(policy(PeerMatcher::any_authenticated()))
        .protocol_versions([protocol(version)])
        .build(c)
        .unwrap();
    let (connected, accepted) = meet(&client, &server, "localhost");
    connected.unwrap();
    accepted.unwrap();
}

#[test]
fn version_1_leaves_pass_where_they_are_allowed() {
    both_ways!(version_1);
}

#[test]
fn a_client_without_a_certificate_is_refused_or_anonymous() {
    let cast = Cast::assemble();
    for tool in tools() {
        everywhere(|version| {
            let events = Arc::new(Mutex::new(0));
            let told = Arc::clone(&events);
            let required = server(&cast, version)
                .observer(move |_| *told.lock().unwrap() += 1)
                .build(OpenSsl::default())
                .unwrap();
            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version));
            assert_eq!(reason(required.accept(far)), RejectionReason::NoCertificate);
            let alert = match version {
                Version::Tls12 => Alert::HANDSHAKE_FAILURE,
                Version::Tls13 => Alert::CERTIFICATE_REQUIRED,
            };
            assert_eq!(caller.outcome().alert, Some(alert.code()), "{tool:?}");
            assert_eq!(*events.lock().unwrap(), 1);

            let optional = server(&cast, version)
                .optional_client_auth()
                .build(OpenSsl::default())
                .unwrap();
            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version).hears(5));
            let mut stream = optional.accept(far).unwrap();
            assert!(stream.peer().is_none());
            stream.write_all(b"hello").unwrap();
            assert!(caller.outcome().accepted());

            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version).presents(&cast.mallory));
            assert_eq!(reason(optional.accept(far)), RejectionReason::UnknownIssuer);
            assert_eq!(caller.outcome().alert, Some(Alert::UNKNOWN_CA.code()));
        });
    }
}

/// The configuration of a client called alice.
fn native_client(cast: &Cast) -> OpenSslClientConfig {
    client(cast, &cast.alice, Version::Tls13, OpenSsl::default()).config()
}

#[test]
fn an_unarmed_ssl_refuses_every_server() {
    let cast = Cast::assemble();
    let config = native_client(&cast);
    let (near, far) = socket_pair();
    let serving = tools()[0].serve_over(far, Peer::new(Version::Tls13).presents(&cast.server));
    let mut ssl = Ssl::new(config.danger_context()).unwrap();
    ssl.set_hostname("localhost").unwrap();
    let mut stream = SslStream::new(ssl, near).unwrap();
    assert!(stream.connect().is_err());
    assert!(matches!(
        config.judge(stream.ssl()),
        Err(HandshakeError::Backend(_))
    ));
    assert_eq!(
        serving.outcome().alert,
        Some(Alert::HANDSHAKE_FAILURE.code())
    );
}

#[test]
fn what_was_not_verified_is_not_admitted_afterwards() {
    let cast = Cast::assemble();
    let config = native_client(&cast);
    let (near, far) = socket_pair();
    let serving = tools()[0].serve_over(far, Peer::new(Version::Tls13).presents(&cast.mallory));
    let mut ssl = config
        .ssl(&ServerName::try_from("alice.test").unwrap())
        .unwrap();
    ssl.set_verify(SslVerifyMode::NONE);
    let mut stream = SslStream::new(ssl, near).unwrap();
    stream.connect().unwrap();
    assert!(config.judge(stream.ssl()).is_err());
    drop(stream);
    serving.outcome();
}

#[test]
fn a_native_client_judges_by_itself() {
    let cast = Cast::assemble();
    let config = native_client(&cast);
    let other = native_client(&cast);
    for (name, level) in [("localhost", 0), ("localhost", 2), ("another.test", 2)] {
        let (near, far) = socket_pair();
        let serving = tools()[0].serve_over(far, Peer::new(Version::Tls13).presents(&cast.server));
        let mut ssl = config.ssl(&ServerName::try_from(name).unwrap()).unwrap();
        ssl.set_security_level(level);
        let mut stream = SslStream::new(ssl, near).unwrap();
        assert!(config.judge(stream.ssl()).is_err(), "before the handshake");
        let handshake = stream.connect();
        assert_eq!(handshake.is_ok(), name == "localhost");
        match config.judge(stream.ssl()) {
            Ok(peer) => assert_eq!(peer.chain().first(), Some(cast.server.leaf())),
            Err(error) => {
                assert_eq!(
                    error.rejection().unwrap().reason(),
                    RejectionReason::NameMismatch
                );
                assert_eq!(name, "another.test");
            }
        }
        assert!(
            other.judge(stream.ssl()).is_err(),
            "of another configuration"
        );
        drop(stream);
        serving.outcome();
    }
}

#[test]
fn a_native_server_arms_itself() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let config = server(&cast, version)
            .build(OpenSsl::default())
            .unwrap()
            .config();
        for (credential, admitted) in [(&cast.alice, true), (&cast.mallory, false)] {
            let (near, far) = socket_pair();
            let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(credential));
            let ssl = Ssl::new(config.context()).unwrap();
            let mut stream = SslStream::new(ssl, far).unwrap();
            assert_eq!(stream.accept().is_ok(), admitted);
            match config.judge(stream.ssl()) {
                Ok(peer) => assert_eq!(peer.unwrap().chain().first(), Some(cast.alice.leaf())),
                Err(error) => assert_eq!(
                    error.rejection().unwrap().reason(),
                    RejectionReason::UnknownIssuer
                ),
            }
            drop(stream);
            assert_eq!(caller.outcome().accepted(), admitted);
        }
    });
}

#[test]
fn a_weak_key_gets_its_reason_at_any_security_level() {
    let cast = Cast::assemble();
    let weak = Odd::Rsa1024
        .issued_by(&cast.intermediate, "weak")
        .with(&cast.intermediate);
    let config = server(&cast, Version::Tls13)
        .build(OpenSsl::default())
        .unwrap()
        .config();
    for level in 0..3 {
        let (near, far) = socket_pair();
        let caller = Tool::OPENSSL.call_over(near, Peer::new(Version::Tls13).presents(&weak));
        let mut ssl = Ssl::new(config.context()).unwrap();
        ssl.set_security_level(level);
        let mut stream = SslStream::new(ssl, far).unwrap();
        assert!(stream.accept().is_err());
        let error = config.judge(stream.ssl()).unwrap_err();
        assert_eq!(
            error.rejection().unwrap().reason(),
            RejectionReason::UnacceptableKey,
            "level {level}"
        );
        drop(stream);
        assert_eq!(
            caller.outcome().alert,
            Some(Alert::CERTIFICATE_UNKNOWN.code())
        );
    }
}

#[test]
fn a_panic_in_a_matcher_refuses() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let panics = PeerMatcher::custom("panics", |_| panic!("the matcher is broken"));
        let server = server(&cast, version)
            .policy(VerifierPolicy::allow(panics))
            .build(OpenSsl::default())
            .unwrap();
        let (near, far) = socket_pair();
        let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(&cast.alice));
        let error = server.accept(far).unwrap_err();
        assert!(matches!(error, HandshakeError::Backend(_)), "{error:?}");
        assert_eq!(
            caller.outcome().alert,
            Some(Alert::HANDSHAKE_FAILURE.code())
        );
    });
}

#[test]
fn garbage_and_a_cut_handshake_are_no_rejection() {
    let cast = Cast::assemble();
    let server = server(&cast, Version::Tls13)
        .build(OpenSsl::default())
        .unwrap();
    let (mut near, far) = socket_pair();
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(matches!(
        server.accept(far),
        Err(HandshakeError::Backend(_))
    ));
    let (near, far) = socket_pair();
    drop(near);
    match server.accept(far) {
        Err(HandshakeError::Io(error)) => {
            assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
        }
        other => panic!("{other:?}"),
    }
}

/// A server on `backend` for a case's clients.
fn judging<S: ServerBackend>(
    cast: &Cast,
    case: &Case,
    version: Version,
    backend: S,
) -> MtlsServer<S> {
    server(cast, version)
        .trust_anchors(anchors(&case.anchors))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(backend)
        .unwrap()
}

/// What a server makes of a presented chain, and the alert that it sends.
fn judged<S: ServerBackend>(
    server: &MtlsServer<S>,
    case: &Case,
    tool: Tool,
    version: Version,
) -> (Result<(), Rejection>, Option<u8>) {
    let (near, far) = socket_pair();
    let caller = tool.call_over(near, Peer::new(version).presents(&case.presented));
    let verdict = match server.accept::<TcpStream>(far) {
        Ok(_) => Ok(()),
        Err(HandshakeError::Rejected(rejection)) => Err(rejection),
        Err(other) => panic!("{}: {other:?}", case.name),
    };
    (verdict, caller.outcome().alert)
}

#[test]
fn clients_get_the_same_reason_as_on_rustls() {
    let cast = Cast::assemble();
    let mut differ = Vec::new();
    for case in chains::clients() {
        for tool in tools()
            .into_iter()
            .filter(|tool| case.presentable_by(*tool))
        {
            for version in Version::ALL {
                if case.presenter == chains::Presenter::OpensslOnOffer {
                    continue;
                }
                let ours = judging(&cast, &case, version, OpenSsl::default());
                let theirs = judging(&cast, &case, version, Rustls::default());
                let (ours, alert) = judged(&ours, &case, tool, version);
                let (theirs, _) = judged(&theirs, &case, tool, version);
                let of =
                    |verdict: &Result<(), Rejection>| verdict.as_ref().err().map(Rejection::reason);
                if of(&ours) != of(&theirs) {
                    differ.push((
                        case.name,
                        case.several_issuers_of_one_name,
                        ours.clone(),
                        theirs,
                    ));
                }
                if let Err(rejection) = &ours {
                    println!(
                        "{version:?} {:?} {alert:?} {}",
                        rejection.reason(),
                        case.name
                    );
                    let told = rejection.alert(BackendKind::OpenSsl).map(Alert::code);
                    if alert != told {
                        println!("  ALERT {alert:?}, table {told:?}");
                    }
                }
            }
        }
    }
    for difference in &differ {
        println!("{difference:?}");
    }
    assert!(differ.iter().all(|d| d.1 && d.2.is_err()));
}

#[test]
fn expired_and_future_leaves_say_so() {
    let cast = Cast::assemble();
    let cases = [
        (
            Validity::expired(),
            RejectionReason::Expired,
            Alert::CERTIFICATE_EXPIRED,
        ),
        (
            Validity::not_yet(),
            RejectionReason::NotYetValid,
            Alert::BAD_CERTIFICATE,
        ),
    ];
    for (validity, expected, alert) in cases {
        let late = Leaf::named("late")
            .client()
            .validity(validity)
            .issued_by(&cast.root);
        everywhere(|version| {
            let server = server(&cast, version).build(OpenSsl::default()).unwrap();
            let (near, far) = socket_pair();
            let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(&late));
            assert_eq!(reason(server.accept(far)), expected);
            assert_eq!(caller.outcome().alert, Some(alert.code()));
        });
    }
}
