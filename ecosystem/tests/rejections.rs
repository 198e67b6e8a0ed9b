//! What the caller sees when either side rejects the other, with each integration.

mod common;

use std::error::Error;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use common::errors;
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use mtls::connection::ProtocolVersion;
use mtls::error::Alert;
use mtls::pki_types::UnixTime;
use mtls::{
    HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, Rejection, RejectionReason,
    Report, Rustls, TrustAnchors, VerifierPolicy,
};
use mtls_ecosystem::greeter::greeter_client::GreeterClient;
use mtls_ecosystem::greeter::greeter_server::{Greeter, GreeterServer};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SignatureAlgorithm,
};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::{Endpoint, Server};
use tonic::{Response, Status};

type BoxError = Box<dyn Error + Send + Sync>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Integration {
    Axum,
    Hyper,
    Quinn,
    Reqwest,
    Streams,
    Tonic,
}

/// What an integration is used with.
#[derive(Clone, Copy, Debug)]
struct Wire {
    integration: Integration,
    tls: ProtocolVersion,
    alpn: &'static str,
}

/// All that exist.
fn wires() -> Vec<Wire> {
    use Integration::{Axum, Hyper, Quinn, Reqwest, Streams, Tonic};
    let protocols: [(Integration, &[&'static str]); 6] = [
        (Axum, &["http/1.1", "h2"]),
        (Hyper, &["http/1.1", "h2"]),
        (Quinn, &["who-am-i"]),
        (Reqwest, &["http/1.1", "h2"]),
        (Streams, &["who-am-i"]),
        (Tonic, &["h2"]),
    ];
    let mut wires = Vec::new();
    for (integration, alpn) in protocols {
        for &alpn in alpn {
            for tls in [ProtocolVersion::Tls12, ProtocolVersion::Tls13] {
                // QUIC has TLS 1.3 alone.
                if integration != Quinn || tls == ProtocolVersion::Tls13 {
                    wires.push(Wire {
                        integration,
                        tls,
                        alpn,
                    });
                }
            }
        }
    }
    wires
}

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn who_am_i(&self, _: tonic::Request<String>) -> Result<Response<String>, Status> {
        Ok(Response::new(String::new()))
    }
}

impl Wire {
    /// Sends a request, which has to fail.
    async fn fail(self, client: &MtlsClient, server: &MtlsServer) -> BoxError {
        match self.request(client, server).await {
            Err(error) => error,
            Ok(()) => panic!("{self:?}: no error"),
        }
    }

    async fn request(self, client: &MtlsClient, server: &MtlsServer) -> Result<(), BoxError> {
        if self.integration == Integration::Quinn {
            return by_quinn(client, server).await;
        }
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        let port = tcp.local_addr()?.port();
        let listener = server.listener(tcp);
        let app = Router::new().route("/", get(async || "hello"));
        let url = format!("https://localhost:{port}/");
        let request = Request::get(&url).body(Empty::<Bytes>::new())?;
        match self.integration {
            Integration::Axum => {
                tokio::spawn(axum::serve(listener, app).into_future());
                mtls::hyper::Client::new(client).request(request).await?;
            }
            Integration::Hyper => {
                tokio::spawn(mtls::hyper::serve(listener, app).into_future());
                mtls::hyper::Client::new(client).request(request).await?;
            }
            Integration::Quinn => unreachable!(),
            Integration::Reqwest => {
                tokio::spawn(mtls::hyper::serve(listener, app).into_future());
                mtls::reqwest::client(client, |http| http)?
                    .get()
                    .get(url)
                    .send()
                    .await?;
            }
            Integration::Streams => {
                let mut listener = listener;
                tokio::spawn(async move {
                    loop {
                        let (stream, _) = listener.accept().await;
                        drop(stream);
                    }
                });
                let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
                let mut stream = client.connect_async("localhost", tcp).await?;
                stream.read_to_end(&mut Vec::new()).await?;
            }
            Integration::Tonic => {
                let server = Server::builder().add_service(GreeterServer::new(MyGreeter));
                tokio::spawn(server.serve_with_incoming(listener));
                let endpoint = Endpoint::from_shared(format!("http://localhost:{port}"))?;
                let channel = mtls::tonic::Channel::new(client, endpoint);
                GreeterClient::new(channel).who_am_i(String::new()).await?;
            }
        }
        Ok(())
    }

    /// The builders' settings.
    fn client(self, setting: &Setting) -> (MtlsClient, errors::Rejections) {
        let rejections = errors::Rejections::default();
        let seen = rejections.clone();
        let client = MtlsClient::builder()
            .identity(setting.client.clone())
            .trust_anchors(anchors(&PKI.ca))
            .alpn([self.alpn])
            .protocol_versions([self.tls])
            .clock(clock(setting.client_clock))
            .observer(move |event| seen.see(event))
            .build(Rustls::default())
            .unwrap();
        (client, rejections)
    }

    fn server(self, setting: &Setting) -> MtlsServer {
        let mut provider = rustls::crypto::aws_lc_rs::default_provider();
        if setting.p256_only {
            let algorithms = &mut provider.signature_verification_algorithms;
            let p256 = rustls::SignatureScheme::ECDSA_NISTP256_SHA256;
            let is_p256 = |(scheme, _): &_| *scheme == p256;
            let at = algorithms.mapping.iter().position(is_p256).unwrap();
            algorithms.mapping = &algorithms.mapping[at..=at];
        }
        MtlsServer::builder()
            .identity(setting.server.clone())
            .trust_anchors(anchors(&PKI.ca))
            .policy(VerifierPolicy::allow(
                PeerMatcher::dns("alice.internal").unwrap(),
            ))
            .alpn([self.alpn])
            .protocol_versions([self.tls])
            .clock(clock(setting.server_clock))
            .build(Rustls::with_provider(Arc::new(provider)))
            .unwrap()
    }
}

async fn by_quinn(client: &MtlsClient, server: &MtlsServer) -> Result<(), BoxError> {
    let local = ([127, 0, 0, 1], 0).into();
    let listening = quinn::Endpoint::server(mtls::quinn::server_config(server)?, local)?;
    let address = listening.local_addr()?;
    let accepting = listening.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            // The client's errors are looked at.
            let _ = incoming.await;
        }
    });
    let mut endpoint = quinn::Endpoint::client(local)?;
    endpoint.set_default_client_config(mtls::quinn::client_config(client)?);
    let connection = endpoint.connect(address, "localhost")?.await?;
    let mut stream = connection.accept_uni().await?;
    stream.read_to_end(100).await?;
    Ok(())
}

/// Both sides of one attempt.
struct Setting {
    client: MtlsIdentity,
    server: MtlsIdentity,
    /// How far the clocks go ahead.
    client_clock: Duration,
    server_clock: Duration,
    /// The server offers no signature scheme that fits a key of Ed25519.
    p256_only: bool,
}

impl Setting {
    /// No one is rejected.
    fn good() -> Self {
        Self {
            client: PKI.client(&PKI.ca, "alice.internal", &rcgen::PKCS_ECDSA_P256_SHA256),
            server: PKI.server(&PKI.ca, "localhost"),
            client_clock: Duration::ZERO,
            server_clock: Duration::ZERO,
            p256_only: false,
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

fn clock(ahead: Duration) -> impl Fn() -> UnixTime + Send + Sync + 'static {
    move || {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        UnixTime::since_unix_epoch(now + ahead)
    }
}

/// The causes for which the server rejects our client, and its alert.
fn rejected_clients() -> [(&'static str, Setting, Alert); 4] {
    let ecdsa = &rcgen::PKCS_ECDSA_P256_SHA256;
    let mut expired = Setting::good();
    expired.server_clock = 2 * DAY;
    let mut unknown = Setting::good();
    unknown.client = PKI.client(&PKI.unknown_ca, "alice.internal", ecdsa);
    let mut not_listed = Setting::good();
    not_listed.client = PKI.client(&PKI.ca, "eve.internal", ecdsa);
    let mut none = Setting::good();
    none.client = PKI.client(&PKI.ca, "alice.internal", &rcgen::PKCS_ED25519);
    none.p256_only = true;
    [
        ("expired", expired, Alert::CERTIFICATE_EXPIRED),
        ("unknown CA", unknown, Alert::UNKNOWN_CA),
        ("not on the list", not_listed, Alert::CERTIFICATE_UNKNOWN),
        ("no certificate", none, Alert::CERTIFICATE_REQUIRED),
    ]
}

/// How the caller learns the reason.
#[derive(Debug, PartialEq)]
enum Seen {
    /// `HandshakeError::find`.
    Found(Alert),
    /// rustls' error is among the causes, so that `Report` has a hint.
    Rustls,
    /// The error does not say why: h2 keeps only the text of an error (`src/proto/error.rs`, line
    /// 92), and reqwest seals the connection (`src/connect.rs`, line 1335), so that no
    /// [`mtls::ConnectionHandle`] can be reached.
    Nothing,
    /// `mtls::quinn::rejected_by_peer`.
    Quinn(Alert),
}

fn seen(client: &MtlsClient, error: &(dyn Error + 'static)) -> Seen {
    let by_quinn = mtls::quinn::rejected_by_peer(client, error);
    if let Some(HandshakeError::RejectedByPeer { alert, hint }) = HandshakeError::find(error) {
        assert!(!hint.is_empty());
        assert!(
            Report::new(error)
                .hint()
                .is_some_and(|reported| reported == hint.as_str())
        );
        Seen::Found(*alert)
    } else if let Some(HandshakeError::RejectedByPeer { alert, hint }) = by_quinn {
        assert!(!hint.is_empty());
        Seen::Quinn(alert)
    } else if errors::find::<rustls::Error>(error).is_some() {
        assert!(Report::new(error).hint().is_some());
        Seen::Rustls
    } else {
        Seen::Nothing
    }
}

/// Fails at the end, with all cells that are not as expected.
#[derive(Default)]
struct Matrix(Vec<String>);

impl Matrix {
    fn compare(
        &mut self,
        cell: impl Debug,
        found: &impl Debug,
        expected: &impl Debug,
        error: &BoxError,
    ) {
        let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
        if found != expected {
            self.0
                .push(format!("{cell:?}: {found}, not {expected}: {error:?}"));
        }
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

#[tokio::test]
async fn nothing_fails_without_a_cause() {
    for wire in wires() {
        let (client, _) = wire.client(&Setting::good());
        let result = wire.request(&client, &wire.server(&Setting::good())).await;
        // Without a rejection the peers of these two only leave.
        if !matches!(wire.integration, Integration::Quinn | Integration::Streams) {
            result.unwrap();
        }
    }
}

#[tokio::test]
async fn the_caller_sees_why_the_server_rejects_us() {
    let mut matrix = Matrix::default();
    for (cause, setting, alert) in rejected_clients() {
        for wire in wires() {
            let is_tls13 = wire.tls == ProtocolVersion::Tls13;
            let expected = match wire.integration {
                Integration::Quinn => Seen::Quinn(alert),
                Integration::Reqwest if is_tls13 && wire.alpn == "h2" => Seen::Nothing,
                Integration::Reqwest => Seen::Rustls,
                _ => Seen::Found(alert),
            };
            // The alert must not lose a race.
            for _ in 0..5 {
                let ((client, _), server) = (wire.client(&setting), wire.server(&setting));
                let error = wire.fail(&client, &server).await;
                matrix.compare((cause, wire), &seen(&client, &*error), &expected, &error);
            }
        }
    }
}

/// The causes for which our client rejects the server.
fn rejected_servers() -> [(RejectionReason, Setting); 3] {
    let mut expired = Setting::good();
    expired.client_clock = 2 * DAY;
    let mut unknown = Setting::good();
    unknown.server = PKI.server(&PKI.unknown_ca, "localhost");
    let mut other_name = Setting::good();
    other_name.server = PKI.server(&PKI.ca, "db.internal");
    [
        (RejectionReason::Expired, expired),
        (RejectionReason::UnknownIssuer, unknown),
        (RejectionReason::NameMismatch, other_name),
    ]
}

#[tokio::test]
async fn the_caller_sees_why_we_reject_the_server() {
    let mut matrix = Matrix::default();
    for (reason, setting) in rejected_servers() {
        for wire in wires() {
            let ((client, rejections), server) = (wire.client(&setting), wire.server(&setting));
            let error = wire.fail(&client, &server).await;
            let found = HandshakeError::find(&*error).and_then(HandshakeError::rejection);
            let observed = rejections.take();
            let check = |rejection: &Rejection| {
                assert!(!rejection.hint().is_empty());
                rejection.reason()
            };
            let observed: Vec<_> = observed.iter().map(check).collect();
            assert!(
                observed.contains(&reason),
                "{wire:?}: observed {observed:?}"
            );
            let is_ours = !matches!(wire.integration, Integration::Quinn | Integration::Reqwest);
            let expected = is_ours.then_some(reason);
            matrix.compare((reason, wire), &found.map(check), &expected, &error);
            match wire.integration {
                // rustls' error, and its hint.
                Integration::Reqwest => {
                    matrix.compare(
                        (reason, wire),
                        &seen(&client, &*error),
                        &Seen::Rustls,
                        &error,
                    );
                }
                // Its text.
                Integration::Quinn => {
                    let text = Report::new(&*error).to_string();
                    assert!(text.contains("invalid peer certificate"), "{text}");
                }
                _ => {}
            }
        }
    }
}

static PKI: LazyLock<Pki> = LazyLock::new(|| Pki {
    ca: authority("Rhea"),
    unknown_ca: authority("Nyx"),
});

type Ca = CertifiedIssuer<'static, KeyPair>;

struct Pki {
    ca: Ca,
    unknown_ca: Ca,
}

impl Pki {
    fn client(&self, ca: &Ca, name: &str, algorithm: &'static SignatureAlgorithm) -> MtlsIdentity {
        issue(ca, name, ExtendedKeyUsagePurpose::ClientAuth, algorithm)
    }

    fn server(&self, ca: &Ca, name: &str) -> MtlsIdentity {
        let algorithm = &rcgen::PKCS_ECDSA_P256_SHA256;
        issue(ca, name, ExtendedKeyUsagePurpose::ServerAuth, algorithm)
    }
}

/// A certificate that expires tomorrow.
fn issue(
    ca: &Ca,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
    algorithm: &'static SignatureAlgorithm,
) -> MtlsIdentity {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
    leaf.distinguished_name = DistinguishedName::new();
    leaf.distinguished_name.push(DnType::CommonName, name);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![usage];
    leaf.not_after = (SystemTime::now() + DAY).into();
    leaf.use_authority_key_identifier_extension = true;
    let certificate = leaf.signed_by(&key, ca).unwrap();
    let (chain, key) = (certificate.pem(), key.serialize_pem());
    MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

fn authority(name: &str) -> Ca {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ca::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn anchors(ca: &Ca) -> TrustAnchors {
    TrustAnchors::from_pem(ca.pem().as_bytes()).unwrap()
}
