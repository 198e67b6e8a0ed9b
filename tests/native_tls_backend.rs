//! native-tls as a client of our own rustls server, over loopback TCP.
#![cfg(all(feature = "native-tls", feature = "rustls"))]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use mtls::{
    Alert, BuildError, Event, HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, NativeTls, PeerMatcher,
    ProtocolVersion, RejectionReason, Rustls, TrustAnchors, VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use ProtocolVersion::{Tls12, Tls13};

const VERSIONS: [ProtocolVersion; 2] = [Tls12, Tls13];
const SPIFFE_ID: &str = "spiffe://prod.example/server";

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Ca {
    fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(self.pem.as_bytes()).unwrap()
    }

    fn issue(&self, params: &CertificateParams) -> MtlsIdentity {
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        MtlsIdentity::from_pem(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }

    fn client(&self) -> MtlsIdentity {
        let mut params = named("client");
        params.subject_alt_names = vec![SanType::DnsName("client.test".try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(&params)
    }

    fn server(&self) -> MtlsIdentity {
        self.issue(&server_params())
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = OffsetDateTime::now_utc() - time::Duration::days(2);
    params.not_after = OffsetDateTime::now_utc() + time::Duration::days(30);
    params.use_authority_key_identifier_extension = true;
    params
}

fn server_params() -> CertificateParams {
    let mut params = named("server");
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into().unwrap()),
        SanType::IpAddress([127, 0, 0, 1].into()),
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

/// Accepts one connection, and answers one line with another.
fn serve(server: MtlsServer<Rustls>) -> (TcpStream, mpsc::Receiver<Result<String, HandshakeError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (done, outcome) = mpsc::channel();
    thread::spawn(move || {
        let accepted = listener.accept().unwrap().0;
        let _ = done.send(server.accept(accepted).map(|mut stream| {
            let mut line = [0; 4];
            if stream.read_exact(&mut line).is_ok() {
                let _ = stream.write_all(b"pong");
            }
            let _ = stream.close();
            stream.peer().to_string()
        }));
    });
    (tcp, outcome)
}

fn server(identity: MtlsIdentity, anchors: TrustAnchors, policy: VerifierPolicy) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .identity(identity)
        .trust_anchors(anchors)
        .policy(policy)
        .alpn(["h2", "ping"])
        .build(Rustls::default())
        .unwrap()
}

fn open_server(identity: MtlsIdentity, anchors: TrustAnchors) -> MtlsServer<Rustls> {
    server(identity, anchors, VerifierPolicy::allow_any_authenticated())
}

fn client(ca: &Ca, version: ProtocolVersion) -> mtls::ClientBuilder {
    MtlsClient::builder()
        .identity(ca.client())
        .trust_anchors(ca.anchors())
        .protocol_versions([version])
}

fn reason(error: &HandshakeError) -> RejectionReason {
    error.rejection().unwrap_or_else(|| panic!("{error:?}")).reason()
}

/// What a client is told when it connects to a server of this identity.
fn refusal(
    builder: mtls::ClientBuilder,
    server_identity: MtlsIdentity,
    server_anchors: TrustAnchors,
    name: &str,
) -> HandshakeError {
    let (tcp, outcome) = serve(open_server(server_identity, server_anchors));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let client = builder
        .observer(move |event| match event {
            Event::PeerRejected(rejection) => told.lock().unwrap().push(rejection.reason()),
            other => panic!("{other:?}"),
        })
        .build(NativeTls::default())
        .unwrap();
    let error = client.connect(name, tcp).unwrap_err();
    assert_eq!(*seen.lock().unwrap(), [reason(&error)], "the observer is told once");
    drop(outcome);
    error
}

#[test]
fn allowed() {
    let ca = Ca::new("ca");
    for version in VERSIONS {
        let (tcp, outcome) = serve(open_server(ca.server(), ca.anchors()));
        let client = client(&ca, version).alpn(["ping"]).build(NativeTls::default()).unwrap();
        let mut stream = client.connect("localhost", tcp).unwrap();
        assert_eq!(stream.peer().dns_names(), ["localhost"]);
        assert_eq!(stream.protocol_version(), version);
        assert_eq!(stream.alpn(), Some(b"ping".as_slice()));
        stream.write_all(b"ping").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "pong");
        stream.close().unwrap();
        assert!(outcome.recv().unwrap().unwrap().contains("client.test"));
    }
}

#[test]
fn the_version_is_told_where_both_are_spoken() {
    let ca = Ca::new("ca");
    for version in VERSIONS {
        let server = MtlsServer::builder()
            .identity(ca.server())
            .trust_anchors(ca.anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .protocol_versions([version])
            .build(Rustls::default())
            .unwrap();
        let (tcp, _outcome) = serve(server);
        let client = client(&ca, version).protocol_versions(VERSIONS).build(NativeTls::default()).unwrap();
        assert_eq!(client.connect("localhost", tcp).unwrap().protocol_version(), version);
    }
}

#[test]
fn a_version_that_is_not_spoken_is_no_connection() {
    let ca = Ca::new("ca");
    for (ours, theirs) in [(Tls12, Tls13), (Tls13, Tls12)] {
        let server = MtlsServer::builder()
            .identity(ca.server())
            .trust_anchors(ca.anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .protocol_versions([theirs])
            .build(Rustls::default())
            .unwrap();
        let (tcp, _outcome) = serve(server);
        let error = client(&ca, ours).build(NativeTls::default()).unwrap().connect("localhost", tcp).unwrap_err();
        assert!(matches!(error, HandshakeError::RejectedByPeer { .. }), "{error:?}");
    }
}

#[test]
fn refused_by_the_servers_policy() {
    let ca = Ca::new("ca");
    let somebody_else = || VerifierPolicy::allow(PeerMatcher::dns("somebody-else.test").unwrap());
    let client = |version| client(&ca, version).build(NativeTls::default()).unwrap();

    let (tcp, outcome) = serve(server(ca.server(), ca.anchors(), somebody_else()));
    let error = client(Tls12).connect("localhost", tcp).unwrap_err();
    assert!(
        matches!(error, HandshakeError::RejectedByPeer { alert: Alert::CERTIFICATE_UNKNOWN, .. }),
        "{error:?}"
    );
    assert_eq!(reason(&outcome.recv().unwrap().unwrap_err()), RejectionReason::NotAllowed);

    let (tcp, outcome) = serve(server(ca.server(), ca.anchors(), somebody_else()));
    let mut stream = client(Tls13).connect("localhost", tcp).unwrap();
    let error = stream.read(&mut [0; 1]).unwrap_err();
    assert_refused(&error, Alert::CERTIFICATE_UNKNOWN);
    assert_eq!(reason(&outcome.recv().unwrap().unwrap_err()), RejectionReason::NotAllowed);
}

#[test]
fn a_writer_learns_that_the_server_refused_it() {
    let ca = Ca::new("ca");
    let other = Ca::new("other");
    let (tcp, outcome) = serve(open_server(ca.server(), other.anchors()));
    let client = client(&ca, Tls13).build(NativeTls::default()).unwrap();
    let mut stream = client.connect("localhost", tcp).unwrap();
    assert_eq!(reason(&outcome.recv().unwrap().unwrap_err()), RejectionReason::UnknownIssuer);
    let error = (0..1000)
        .find_map(|_| {
            thread::sleep(Duration::from_millis(1));
            stream.write_all(&[0; 1024]).err()
        })
        .unwrap();
    assert_refused(&error, Alert::UNKNOWN_CA);
}

fn assert_refused(error: &io::Error, expected: Alert) {
    match HandshakeError::in_io_error(error) {
        Some(HandshakeError::RejectedByPeer { alert, .. }) => assert_eq!(*alert, expected),
        _ => panic!("{error:?}"),
    }
}

#[test]
fn refused_by_the_clients_policy() {
    let ca = Ca::new("ca");
    for version in VERSIONS {
        let policy = VerifierPolicy::allow(PeerMatcher::dns("somebody-else.test").unwrap());
        let error = refusal(client(&ca, version).policy(policy), ca.server(), ca.anchors(), "localhost");
        assert_eq!(reason(&error), RejectionReason::NotAllowed);
    }
}

#[test]
fn refused_by_the_platform() {
    let ca = Ca::new("ca");
    let other = Ca::new("other");
    // The same name with another key.
    let namesake = Ca::new("ca");
    let mut expired = server_params();
    expired.not_after = OffsetDateTime::now_utc() - time::Duration::days(1);
    let mut early = server_params();
    early.not_before = OffsetDateTime::now_utc() + time::Duration::days(1);
    let mut for_clients = server_params();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];

    for version in VERSIONS {
        for (identity, name, expected) in [
            (other.server(), "localhost", RejectionReason::UnknownIssuer),
            (namesake.server(), "localhost", RejectionReason::UnknownIssuer),
            (ca.server(), "elsewhere.test", RejectionReason::NameMismatch),
            (ca.server(), "127.0.0.2", RejectionReason::NameMismatch),
            (ca.issue(&expired), "localhost", RejectionReason::Expired),
            (ca.issue(&early), "localhost", RejectionReason::NotYetValid),
            (ca.issue(&for_clients), "localhost", RejectionReason::WrongKeyUsage),
        ] {
            let error = refusal(client(&ca, version), identity, ca.anchors(), name);
            assert_eq!(reason(&error), expected, "{error:?}");
            let presented = error.rejection().unwrap().presented().unwrap();
            assert!(presented.starts_with("OpenSSL says: "), "{presented}");
        }
    }
}

#[test]
fn the_policy_is_stricter_than_the_platform() {
    let ca = Ca::new("ca");
    // OpenSSL takes a common name for a host name.
    let mut nameless = server_params();
    nameless.subject_alt_names.clear();
    nameless.distinguished_name = rcgen::DistinguishedName::new();
    nameless.distinguished_name.push(DnType::CommonName, "localhost");
    for version in VERSIONS {
        let error = refusal(client(&ca, version), ca.issue(&nameless), ca.anchors(), "localhost");
        assert_eq!(reason(&error), RejectionReason::NameMismatch);

        // The platform's clock is not ours.
        let later = || UnixTime::since_unix_epoch(UnixTime::now_duration() + Duration::from_secs(60 * 86_400));
        let error = refusal(client(&ca, version).clock(later), ca.server(), ca.anchors(), "localhost");
        assert_eq!(reason(&error), RejectionReason::Expired);
    }
}

trait NowDuration {
    fn now_duration() -> Duration;
}

impl NowDuration for UnixTime {
    fn now_duration() -> Duration {
        Duration::from_secs(Self::now().as_secs())
    }
}

#[test]
fn server_spiffe_replaces_the_name() {
    let ca = Ca::new("ca");
    let mut params = server_params();
    params.subject_alt_names = vec![SanType::URI(SPIFFE_ID.try_into().unwrap())];
    let spiffe = |id| VerifierPolicy::server_spiffe(PeerMatcher::spiffe_id(id).unwrap());
    for version in VERSIONS {
        let (tcp, _outcome) = serve(open_server(ca.issue(&params), ca.anchors()));
        let client_of = |id| client(&ca, version).policy(spiffe(id));
        let allowed = client_of(SPIFFE_ID).build(NativeTls::default()).unwrap();
        let stream = allowed.connect("any-name.test", tcp).unwrap();
        assert_eq!(stream.peer().spiffe_id().unwrap().to_string(), SPIFFE_ID);

        let error = refusal(
            client_of("spiffe://prod.example/other"),
            ca.issue(&params),
            ca.anchors(),
            "any-name.test",
        );
        assert_eq!(reason(&error), RejectionReason::NotAllowed);
        let error = refusal(client_of(SPIFFE_ID), ca.server(), ca.anchors(), "localhost");
        assert_eq!(reason(&error), RejectionReason::NameMismatch);
    }
}

/// Keeps the server name that a client sends.
#[derive(Debug)]
struct Recorder {
    key: Arc<CertifiedKey>,
    seen: Mutex<Vec<Option<String>>>,
}

impl ResolvesServerCert for Recorder {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.seen.lock().unwrap().push(hello.server_name().map(str::to_owned));
        Some(Arc::clone(&self.key))
    }
}

#[test]
fn names_are_sent_and_addresses_are_not() {
    let ca = Ca::new("ca");
    let identity = ca.server();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = identity.private_key().pkcs8_der().clone_key();
    let key = provider.key_provider.load_private_key(PrivateKeyDer::from(key)).unwrap();
    let recorder = Arc::new(Recorder {
        key: Arc::new(CertifiedKey::new(identity.chain().as_slice().to_vec(), key)),
        seen: Mutex::default(),
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::clone(&ca.anchors().as_slice()[0])).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_cert_resolver(Arc::clone(&recorder) as _);
    let config = Arc::new(config);

    for version in VERSIONS {
        for name in ["localhost", "localhost.", "127.0.0.1"] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let config = Arc::clone(&config);
            let server = thread::spawn(move || {
                let mut tcp = listener.accept().unwrap().0;
                let mut connection = rustls::ServerConnection::new(config).unwrap();
                connection.complete_io(&mut tcp).unwrap();
            });
            client(&ca, version).build(NativeTls::default()).unwrap().connect(name, tcp).unwrap();
            server.join().unwrap();
        }
    }
    let localhost = || Some("localhost".to_owned());
    let once = [localhost(), localhost(), None];
    assert_eq!(*recorder.seen.lock().unwrap(), [once.clone(), once].concat());
}

#[test]
fn no_common_protocol() {
    let ca = Ca::new("ca");
    for version in VERSIONS {
        let (tcp, outcome) = serve(open_server(ca.server(), ca.anchors()));
        let client = client(&ca, version).alpn(["unheard-of"]).build(NativeTls::default()).unwrap();
        let error = client.connect("localhost", tcp).unwrap_err();
        assert!(
            matches!(error, HandshakeError::RejectedByPeer { alert: Alert::NO_APPLICATION_PROTOCOL, .. }),
            "{version} {error:?} {:?}", outcome.recv()
        );
        assert!(matches!(outcome.recv().unwrap(), Err(HandshakeError::NoCommonProtocol)));
    }
}

#[test]
fn what_cannot_be_enforced_is_refused_at_build() {
    let ca = Ca::new("ca");
    let any = VerifierPolicy::allow_any_authenticated;
    for policy in [any().danger_allow_x509_v1_leaf(), any().danger_allow_common_name_as_dns()] {
        let error = client(&ca, Tls13).policy(policy).build(NativeTls::default()).unwrap_err();
        assert!(matches!(error, BuildError::Unsupported { .. }), "{error:?}");
    }
    let error = client(&ca, Tls13).alpn([[0xff]]).build(NativeTls::default()).unwrap_err();
    assert!(matches!(error, BuildError::Unsupported { .. }), "{error:?}");
}

#[test]
fn a_server_that_never_answers() {
    let ca = Ca::new("ca");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let client = client(&ca, Tls13)
        .handshake_timeout(Duration::from_millis(200))
        .build(NativeTls::default())
        .unwrap();
    let start = Instant::now();
    let error = client.connect("localhost", tcp).unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_hangs_up_or_talks_nonsense() {
    let ca = Ca::new("ca");
    for answer in [b"".as_slice(), b"\x16\x03\x03\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = thread::spawn(move || {
            let mut tcp = listener.accept().unwrap().0;
            let _ = tcp.read(&mut [0; 4096]).unwrap();
            tcp.write_all(answer).unwrap();
        });
        let error = client(&ca, Tls13).build(NativeTls::default()).unwrap().connect("localhost", tcp).unwrap_err();
        server.join().unwrap();
        match answer {
            b"" | b"\x16\x03\x03\x00" => {
                assert!(matches!(&error, HandshakeError::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof), "{error:?}");
            }
            _ => assert!(matches!(error, HandshakeError::Backend(_)), "{error:?}"),
        }
    }
}

#[test]
fn a_cut_connection_is_no_end() {
    let ca = Ca::new("ca");
    for version in VERSIONS {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = open_server(ca.server(), ca.anchors());
        // Dropped without close_notify.
        let server = thread::spawn(move || drop(server.accept(listener.accept().unwrap().0).unwrap()));
        let mut stream = client(&ca, version).build(NativeTls::default()).unwrap().connect("localhost", tcp).unwrap();
        server.join().unwrap();
        let error = stream.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error:?}");
    }
}

/// A transport that is not ready before each read.
struct Hesitant(TcpStream, bool);

impl Read for Hesitant {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        match self.1 {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => self.0.read(&mut buf[..1]),
        }
    }
}

impl Write for Hesitant {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
