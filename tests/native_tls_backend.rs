//! native-tls as a client of our own rustls server, over loopback TCP.
#![cfg(all(feature = "native-tls", feature = "aws-lc-rs"))]

mod common;
#[path = "native_tls_backend/platform.rs"]
mod platform;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::pki::{Authority, Cast, Credential, Leaf, Validity};
use common::programs::{Program, Running};
use common::raw::{Peer, Tool, Version};
use mtls::connection::ProtocolVersion;
use mtls::error::{Alert, NotTls};
use mtls::event::HandshakeOutcome;
use mtls::pki_types::UnixTime;
use mtls::{
    BuildError, ClientBuilder, Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer,
    NativeTls, PeerMatcher, RejectionReason, Rustls, TrustAnchors, VerifierPolicy,
};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use ProtocolVersion::{Tls12, Tls13};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const SPIFFE_ID: &str = "spiffe://prod.test/server";

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_pem(
        credential.chain_pem().as_bytes(),
        credential.key_pem().as_bytes(),
    )
    .unwrap()
}

fn anchors(authority: &Authority) -> TrustAnchors {
    TrustAnchors::from_der([authority.certificate()]).unwrap()
}

fn client(cast: &Cast, version: ProtocolVersion) -> ClientBuilder {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&cast.root))
        .protocol_versions([version])
}

fn build(builder: ClientBuilder) -> MtlsClient<NativeTls> {
    builder.build(NativeTls::default()).unwrap()
}

struct Server {
    tcp: TcpStream,
    outcome: mpsc::Receiver<Result<String, HandshakeError>>,
}

impl Server {
    fn open(credential: &Credential, trusts: &Authority) -> Self {
        let policy = VerifierPolicy::allow_any_authenticated();
        Self::start(credential, trusts, policy, &VERSIONS)
    }

    /// Accepts one connection, and answers one line with another.
    fn start(
        credential: &Credential,
        trusts: &Authority,
        policy: VerifierPolicy,
        versions: &[ProtocolVersion],
    ) -> Self {
        let server = MtlsServer::builder()
            .identity(identity(credential))
            .trust_anchors(anchors(trusts))
            .policy(policy)
            .protocol_versions(versions.iter().copied())
            .alpn(["h2", "ping"])
            .build(Rustls::default())
            .unwrap();
        let (tcp, accepted) = common::raw::socket_pair();
        let (done, outcome) = mpsc::channel();
        thread::spawn(move || {
            let result = server.accept(accepted).map(|mut stream| {
                let mut line = [0; 4];
                if stream.read_exact(&mut line).is_ok() {
                    stream.write_all(b"pong").unwrap();
                    stream.close().unwrap();
                }
                stream.peer().to_string()
            });
            done.send(result).ok();
        });
        Self { tcp, outcome }
    }
}

fn reason(error: &HandshakeError) -> RejectionReason {
    error
        .rejection()
        .unwrap_or_else(|| panic!("{error:?}"))
        .reason()
}

/// Returns the error of a client that connects to this server.
fn rejection(builder: ClientBuilder, server: Server, name: &str) -> HandshakeError {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let reported = Arc::clone(&seen);
    let client = build(builder.observer(move |event| match event {
        Event::Handshake(handshake) => match handshake.outcome {
            HandshakeOutcome::Failed(error) => reported.lock().unwrap().push(reason(error)),
            outcome => panic!("{outcome:?}"),
        },
        other => panic!("{other:?}"),
    }));
    let error = client.connect(name, server.tcp).unwrap_err();
    assert_eq!(
        *seen.lock().unwrap(),
        [reason(&error)],
        "the observer receives one event"
    );
    error
}

#[test]
fn allowed() {
    let cast = Cast::assemble();
    for version in VERSIONS {
        let server = Server::open(&cast.server, &cast.root);
        let client = build(client(&cast, version).alpn(["ping"]));
        let mut stream = client.connect("localhost", server.tcp).unwrap();
        assert!(stream.peer().dns_names().eq(["server.test", "localhost"]));
        assert_eq!(stream.session().protocol_version(), version);
        assert_eq!(stream.session().alpn(), Some(b"ping".as_slice()));
        stream.write_all(b"ping").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "pong");
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "an end is an end");
        let peer = server.outcome.recv().unwrap().unwrap();
        assert!(peer.contains("alice"), "{peer}");
    }
}

#[test]
fn the_session_reports_its_version_where_both_are_enabled() {
    let cast = Cast::assemble();
    for version in VERSIONS {
        let policy = VerifierPolicy::allow_any_authenticated();
        let server = Server::start(&cast.server, &cast.root, policy, &[version]);
        let client = build(client(&cast, version).protocol_versions(VERSIONS));
        let stream = client.connect("localhost", server.tcp).unwrap();
        assert_eq!(stream.session().protocol_version(), version);
    }
}

#[test]
fn a_version_that_is_not_spoken_is_no_connection() {
    let cast = Cast::assemble();
    for (ours, theirs) in [(Tls12, Tls13), (Tls13, Tls12)] {
        let policy = VerifierPolicy::allow_any_authenticated();
        let server = Server::start(&cast.server, &cast.root, policy, &[theirs]);
        let error = build(client(&cast, ours))
            .connect("localhost", server.tcp)
            .unwrap_err();
        assert!(
            matches!(error, HandshakeError::RejectedByPeer { .. }),
            "{error:?}"
        );
    }
}

#[test]
fn rejected_by_the_servers_policy() {
    let cast = Cast::assemble();
    let server = || {
        let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
        Server::start(&cast.server, &cast.root, policy, &VERSIONS)
    };

    let tls12 = server();
    let error = build(client(&cast, Tls12))
        .connect("localhost", tls12.tcp)
        .unwrap_err();
    assert_rejected(&error, Alert::CERTIFICATE_UNKNOWN);
    let error = tls12.outcome.recv().unwrap().unwrap_err();
    assert_eq!(reason(&error), RejectionReason::NotAuthorized);

    let tls13 = server();
    let mut stream = build(client(&cast, Tls13))
        .connect("localhost", tls13.tcp)
        .unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_rejected(
        HandshakeError::find(&error).unwrap(),
        Alert::CERTIFICATE_UNKNOWN,
    );
    let error = tls13.outcome.recv().unwrap().unwrap_err();
    assert_eq!(reason(&error), RejectionReason::NotAuthorized);
}

#[test]
fn a_writer_learns_that_the_server_rejected_it() {
    let cast = Cast::assemble();
    let server = Server::open(&cast.server, &cast.impostor);
    let mut stream = build(client(&cast, Tls13))
        .connect("localhost", server.tcp)
        .unwrap();
    let error = server.outcome.recv().unwrap().unwrap_err();
    assert_eq!(reason(&error), RejectionReason::UnknownIssuer);
    let error = (0..1000)
        .find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            stream.write_all(&[0; 1024]).err()
        })
        .unwrap();
    assert_rejected(HandshakeError::find(&error).unwrap(), Alert::UNKNOWN_CA);
}

#[track_caller]
fn assert_rejected(error: &HandshakeError, expected: Alert) {
    match error {
        HandshakeError::RejectedByPeer { alert, .. } => assert_eq!(*alert, expected),
        _ => panic!("{error:?}"),
    }
}

#[test]
fn rejected_by_the_clients_policy() {
    let cast = Cast::assemble();
    for version in VERSIONS {
        let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
        let server = Server::open(&cast.server, &cast.root);
        let error = rejection(client(&cast, version).policy(policy), server, "localhost");
        assert_eq!(reason(&error), RejectionReason::NotAuthorized);
        assert!(error.rejection().unwrap().certificate().is_some());
    }
}

#[test]
fn rejected_by_the_platform() {
    use RejectionReason::{
        Expired, NameMismatch, NotYetValid, UnknownIssuer, WrongExtendedKeyUsage,
    };

    let cast = Cast::assemble();
    let leaf = || Leaf::named("server").dns("localhost");
    let expired = leaf()
        .server()
        .validity(Validity::expired())
        .issued_by(&cast.root);
    let early = leaf()
        .server()
        .validity(Validity::not_yet())
        .issued_by(&cast.root);
    let for_clients = leaf().client().issued_by(&cast.root);
    let namesake = leaf().server().issued_by(&cast.impostor);
    let stranger = leaf().server().issued_by(&Authority::named("Stranger"));
    let incomplete = leaf().server().issued_by(&cast.intermediate);
    let self_signed = leaf().server().self_signed();

    for version in VERSIONS {
        for (credential, name, expected) in [
            (&stranger, "localhost", UnknownIssuer),
            (&namesake, "localhost", UnknownIssuer),
            (&incomplete, "localhost", UnknownIssuer),
            (&self_signed, "localhost", UnknownIssuer),
            (&cast.server, "elsewhere.test", NameMismatch),
            (&cast.server, "127.0.0.2", NameMismatch),
            (&expired, "localhost", Expired),
            (&early, "localhost", NotYetValid),
            (&for_clients, "localhost", WrongExtendedKeyUsage),
        ] {
            let error = rejection(
                client(&cast, version),
                Server::open(credential, &cast.root),
                name,
            );
            assert_eq!(reason(&error), expected, "{error:?}");
            let presented = error.rejection().unwrap().presented().unwrap();
            assert!(presented.starts_with("OpenSSL says: "), "{presented}");
        }
    }
}

#[test]
fn the_policy_is_stricter_than_the_platform() {
    let cast = Cast::assemble();
    // OpenSSL takes a common name for a host name.
    let nameless = Leaf::named("localhost").server().issued_by(&cast.root);
    for version in VERSIONS {
        let server = Server::open(&nameless, &cast.root);
        let error = rejection(client(&cast, version), server, "localhost");
        assert_eq!(reason(&error), RejectionReason::NameMismatch);

        // The platform's clock is not ours.
        let ahead = Arc::new(AtomicU64::new(0));
        let clock = {
            let ahead = Arc::clone(&ahead);
            move || {
                let now = UnixTime::now().as_secs() + ahead.load(Ordering::SeqCst);
                UnixTime::since_unix_epoch(Duration::from_secs(now))
            }
        };
        let server = Server::open(&cast.server, &cast.root);
        let client = build(client(&cast, version).clock(clock));
        ahead.store(100_000_000, Ordering::SeqCst);
        let Err(error) = client.connect("localhost", server.tcp) else {
            panic!("accepted");
        };
        assert_eq!(reason(&error), RejectionReason::Expired);
    }
}

#[test]
fn server_spiffe_replaces_the_name() {
    let cast = Cast::assemble();
    let workload = Leaf::named("server")
        .uri(SPIFFE_ID)
        .server()
        .issued_by(&cast.root);
    for version in VERSIONS {
        let client_of = |id| {
            let matcher = PeerMatcher::spiffe_id(id).unwrap();
            client(&cast, version).policy(VerifierPolicy::server_spiffe(matcher))
        };
        let server = Server::open(&workload, &cast.root);
        let stream = build(client_of(SPIFFE_ID))
            .connect("any-name.test", server.tcp)
            .unwrap();
        assert_eq!(stream.peer().spiffe_id().unwrap().to_string(), SPIFFE_ID);

        for (credential, id, expected) in [
            (
                &workload,
                "spiffe://prod.test/other",
                RejectionReason::NotAuthorized,
            ),
            (&cast.server, SPIFFE_ID, RejectionReason::InvalidSvid),
        ] {
            let server = Server::open(credential, &cast.root);
            assert_eq!(
                reason(&rejection(client_of(id), server, "localhost")),
                expected
            );
        }
    }
}

/// Keeps the server name that a client sends, and goes no further.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<Option<String>>>);

impl ResolvesServerCert for Recorder {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0
            .lock()
            .unwrap()
            .push(hello.server_name().map(str::to_owned));
        None
    }
}

#[test]
fn names_are_sent_and_addresses_are_not() {
    let cast = Cast::assemble();
    let recorder = Arc::new(Recorder::default());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&recorder) as _);
    let config = Arc::new(config);
    let client = build(client(&cast, Tls13));
    for name in ["localhost", "localhost.", "127.0.0.1", "::1"] {
        let (near, mut far) = common::raw::socket_pair();
        let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let server = thread::spawn(move || connection.complete_io(&mut far).unwrap_err());
        client.connect(name, near).unwrap_err();
        server.join().unwrap();
    }
    let localhost = || Some("localhost".to_owned());
    assert_eq!(
        *recorder.0.lock().unwrap(),
        [localhost(), localhost(), None, None]
    );
}

#[test]
fn addresses_match_address_names_alone() {
    let cast = Cast::assemble();
    let disguised = Leaf::named("127.0.0.1")
        .dns("127.0.0.1")
        .server()
        .issued_by(&cast.root);
    for version in VERSIONS {
        let server = Server::open(&cast.server, &cast.root);
        build(client(&cast, version))
            .connect("127.0.0.1", server.tcp)
            .unwrap();
        let server = Server::open(&disguised, &cast.root);
        let error = rejection(client(&cast, version), server, "127.0.0.1");
        assert!(matches!(
            reason(&error),
            RejectionReason::NameMismatch | RejectionReason::MalformedName
        ));
    }
}

#[test]
fn no_common_protocol() {
    let cast = Cast::assemble();
    for version in Version::ALL {
        let peer = Peer::new(version).presents(&cast.server).alpn(&["h2"]);
        let server = Tool::RUSTLS.serve(peer);
        let tcp = TcpStream::connect(server.address).unwrap();
        let client = build(
            client(&cast, Tls12)
                .protocol_versions(VERSIONS)
                .alpn(["unheard-of"]),
        );
        let error = client.connect("localhost", tcp).unwrap_err();
        assert_rejected(&error, Alert::NO_APPLICATION_PROTOCOL);
    }
}

#[test]
fn what_cannot_be_enforced_is_rejected_at_build() {
    let cast = Cast::assemble();
    let any = VerifierPolicy::allow_any_authenticated;
    // However deep in the matcher it stands: there would be nothing to ask.
    let asks = |what| {
        let digest = "00".repeat(32);
        let text = format!(r#"any_of(dns("a"), all_of(dns("b"), not({what}("{digest}"))))"#);
        VerifierPolicy::allow(text.parse().unwrap())
    };
    for builder in [
        client(&cast, Tls13).policy(any().danger_allow_x509_v1_leaf()),
        client(&cast, Tls13).policy(any().danger_allow_common_name_as_dns()),
        client(&cast, Tls13).alpn([[0xff]]),
        client(&cast, Tls13).policy(asks("trust_anchor_sha256")),
        client(&cast, Tls13).policy(asks("issuer_spki_sha256")),
    ] {
        let error = builder.build(NativeTls::default()).unwrap_err();
        assert!(matches!(error, BuildError::Unsupported { .. }), "{error:?}");
    }
}

#[test]
fn a_server_that_never_answers() {
    let cast = Cast::assemble();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let client = build(client(&cast, Tls13).handshake_timeout(Duration::from_millis(200)));
    let start = Instant::now();
    let error = client.connect("localhost", tcp).unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_hangs_up_or_talks_nonsense() {
    let cast = Cast::assemble();
    for answer in [
        b"".as_slice(),
        b"\x16\x03\x03\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        let (near, mut far) = common::raw::socket_pair();
        let server = thread::spawn(move || {
            assert!(far.read(&mut [0; 4096]).unwrap() > 0);
            far.write_all(answer).unwrap();
        });
        let error = build(client(&cast, Tls13))
            .connect("localhost", near)
            .unwrap_err();
        server.join().unwrap();
        match &error {
            HandshakeError::Io(error) if answer.len() < 5 => {
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            }
            HandshakeError::NotTls {
                found: NotTls::Http,
            } => {}
            _ => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_cut_connection_is_no_end() {
    let cast = Cast::assemble();
    for version in VERSIONS {
        let server = MtlsServer::builder()
            .identity(identity(&cast.server))
            .trust_anchors(anchors(&cast.root))
            .policy(VerifierPolicy::allow_any_authenticated())
            .build(Rustls::default())
            .unwrap();
        let (near, far) = common::raw::socket_pair();
        // Dropped without close_notify.
        let server = thread::spawn(move || server.accept(far).unwrap().write_all(b"half").unwrap());
        let mut stream = build(client(&cast, version))
            .connect("localhost", near)
            .unwrap();
        server.join().unwrap();
        let mut half = Vec::new();
        let error = stream.read_to_end(&mut half).unwrap_err();
        assert_eq!(
            (half.as_slice(), error.kind()),
            (b"half".as_slice(), io::ErrorKind::UnexpectedEof)
        );
    }
}

#[test]
fn a_renegotiation_ends_the_connection() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let cast = Cast::assemble();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (
        folder.path().join("chain.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&chain, cast.server.chain_pem()).unwrap();
    std::fs::write(&key, cast.server.key_pem()).unwrap();
    let mut command = openssl.command();
    command.args([
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-tls1_2",
        "-Verify",
        "1",
        "-cert",
    ]);
    command
        .arg(&chain)
        .arg("-cert_chain")
        .arg(&chain)
        .arg("-key")
        .arg(&key);
    let mut server = Running::start(&mut command);
    let line = server.wait_for_line("ACCEPT", Duration::from_secs(5));
    let tcp = TcpStream::connect(line.trim_start_matches("ACCEPT ").trim()).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut stream = build(client(&cast, Tls12))
        .connect("localhost", tcp)
        .unwrap();

    server.write(b"hello\n");
    let mut hello = [0; 6];
    stream.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"hello\n");
    server.write(b"r\n");
    let error = stream.read(&mut hello).unwrap_err();
    assert!(error.to_string().contains("renegotiation"), "{error:?}");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn asynchronously_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let cast = Cast::assemble();
    for version in VERSIONS {
        let server = Server::open(&cast.server, &cast.root);
        server.tcp.set_nonblocking(true).unwrap();
        let tcp = tokio::net::TcpStream::from_std(server.tcp).unwrap();
        let mut stream = build(client(&cast, version))
            .connect_async("localhost", tcp)
            .await
            .unwrap();
        assert_eq!(stream.session().protocol_version(), version);
        stream.write_all(b"ping").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "pong");
        stream.shutdown().await.unwrap();
    }
}
