//! What a connection tells of its handshake, and what a client or server tells of its
//! configuration.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::{ProtocolVersion, SessionInfo};
use mtls::material::SignatureScheme;
use mtls::{MtlsClient, MtlsServer, OpenSsl, Rustls, VerifierPolicy};
use openssl::nid::Nid;

use crate::common::raw::socket_pair;
use crate::forge::{Ca, MlDsa, ec, ecdsa, has_ml_dsa};
use crate::{anchors, identity};

const BOTH: [ProtocolVersion; 2] = [ProtocolVersion::Tls12, ProtocolVersion::Tls13];

struct Stage {
    ca: Ca,
    versions: Vec<ProtocolVersion>,
}

impl Stage {
    fn new(versions: &[ProtocolVersion]) -> Self {
        Self {
            ca: Ca::new("CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256")),
            versions: versions.to_vec(),
        }
    }

    fn client<B: ClientBackend>(&self, backend: B) -> MtlsClient<B> {
        let ours = self
            .ca
            .credential("alice.test", &ec(Nid::SECP384R1), &ecdsa("SHA384"));
        let builder = MtlsClient::builder()
            .identity(identity(&ours))
            .trust_anchors(anchors(std::slice::from_ref(&self.ca.certificate)))
            .protocol_versions(self.versions.clone())
            .alpn(["h2"]);
        builder.build(backend).unwrap()
    }

    fn server<B: ServerBackend>(&self, backend: B) -> MtlsServer<B> {
        let p256 = ec(Nid::X9_62_PRIME256V1);
        let ours = self.ca.credential("localhost", &p256, &ecdsa("SHA512"));
        let builder = MtlsServer::builder()
            .identity(identity(&ours))
            .trust_anchors(anchors(std::slice::from_ref(&self.ca.certificate)))
            .policy(VerifierPolicy::allow_any_authenticated())
            .protocol_versions(self.versions.clone())
            .alpn(["h2"]);
        builder.build(backend).unwrap()
    }

    /// What the client and the server say of one connection.
    fn sessions<C: ClientBackend, S: ServerBackend>(&self, c: C, s: S) -> [SessionInfo; 2] {
        meet(&self.client(c), &self.server(s))
    }
}

fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
) -> [SessionInfo; 2] {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let served = scope.spawn(|| {
            let stream = server.accept::<TcpStream>(far).unwrap();
            stream.session().clone()
        });
        let stream = client.connect::<TcpStream>("localhost", near).unwrap();
        let session = stream.session().clone();
        assert_eq!(stream.session().alpn(), session.alpn());
        assert_eq!(
            stream.session().protocol_version(),
            session.protocol_version()
        );
        [session, served.join().unwrap()]
    })
}

fn classical(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::Tls13 => "X25519MLKEM768",
        _ => "x25519",
    }
}

#[test]
fn two_of_ours_negotiate_the_hybrid_and_say_so() {
    for (versions, version) in [
        (&BOTH[..], ProtocolVersion::Tls13),
        (&BOTH[..1], ProtocolVersion::Tls12),
    ] {
        let stage = Stage::new(versions);
        let group = classical(version);
        for session in stage.sessions(Rustls::default(), Rustls::default()) {
            assert_eq!(session.protocol_version(), version);
            assert_eq!(session.key_exchange_group(), Some(group), "{session:?}");
            assert_eq!(session.has_post_quantum_key_exchange(), versions.len() == 2);
            assert_eq!(session.alpn(), Some(&b"h2"[..]));
            assert_eq!(session.server_name(), Some("localhost"));
            assert!(!session.is_resumed());
            let suite = session.cipher_suite().unwrap();
            let expected = match version {
                ProtocolVersion::Tls13 => "TLS_AES_256_GCM_SHA384",
                _ => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            };
            assert_eq!(suite, expected);
        }
    }
}

#[test]
fn each_end_reports_how_the_other_signed() {
    let stage = Stage::new(&BOTH);
    let [client, server] = stage.sessions(Rustls::default(), Rustls::default());
    assert_eq!(
        client.signature_scheme(),
        Some(SignatureScheme::EcdsaP256Sha256)
    );
    assert_eq!(
        server.signature_scheme(),
        Some(SignatureScheme::EcdsaP384Sha384)
    );
    let [client, server] = stage.sessions(OpenSsl::default(), OpenSsl::default());
    assert_eq!(
        (client.signature_scheme(), server.signature_scheme()),
        (None, None)
    );
}

#[test]
fn every_pair_of_backends_agrees_on_the_session() {
    // ML-KEM came to OpenSSL with ML-DSA.
    let hybrid = has_ml_dsa();
    for (versions, version) in [
        (&BOTH[..], ProtocolVersion::Tls13),
        (&BOTH[..1], ProtocolVersion::Tls12),
    ] {
        let stage = Stage::new(versions);
        let group = if hybrid { classical(version) } else { "x25519" };
        let pairs = [
            stage.sessions(OpenSsl::default(), OpenSsl::default()),
            stage.sessions(OpenSsl::default(), Rustls::default()),
            stage.sessions(Rustls::default(), OpenSsl::default()),
        ];
        for (pair, [client, server]) in pairs.into_iter().enumerate() {
            let said = format!("{pair}: {client:?} {server:?}");
            assert_eq!(client.protocol_version(), version, "{said}");
            assert_eq!(client.cipher_suite(), server.cipher_suite(), "{said}");
            assert!(client.cipher_suite().unwrap().starts_with("TLS_"), "{said}");
            assert_eq!(client.key_exchange_group(), Some(group), "{said}");
            // The openssl crate shows it to no server of TLS 1.2.
            if pair == 1 || version == ProtocolVersion::Tls13 {
                assert_eq!(server.key_exchange_group(), Some(group), "{said}");
            } else {
                assert_eq!(server.key_exchange_group(), None, "{said}");
            }
            assert_eq!(server.server_name(), Some("localhost"), "{said}");
            assert_eq!(client.server_name(), Some("localhost"), "{said}");
        }
    }
}

#[test]
fn a_status_reports_what_the_configuration_is() {
    let stage = Stage::new(&BOTH);
    let status = stage.client(Rustls::default()).handle().status();
    assert_eq!(status.prefers_post_quantum_key_exchange(), Some(true));
    assert!(!status.has_post_quantum_identity());
    assert_eq!(status.is_fips(), Some(false));
    let status = stage.server(OpenSsl::default()).handle().status();
    assert_eq!(
        status.prefers_post_quantum_key_exchange(),
        Some(has_ml_dsa())
    );
    assert_eq!(status.is_fips(), None);
    let ring = Rustls::with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let status = stage.client(ring).handle().status();
    assert_eq!(status.prefers_post_quantum_key_exchange(), Some(false));
    let old = Stage::new(&BOTH[..1])
        .client(Rustls::default())
        .handle()
        .status();
    assert_eq!(old.prefers_post_quantum_key_exchange(), Some(false));
}

#[test]
fn an_ml_dsa_session_is_post_quantum_as_a_whole() {
    if !has_ml_dsa() {
        return;
    }
    let kind = MlDsa::M65;
    let signature = kind.signature();
    let ca = Ca::new("CA", kind.key(), &signature);
    let client = ca.credential("alice.test", &kind.key(), &signature);
    let server = ca.credential("localhost", &kind.key(), &signature);
    let client = MtlsClient::builder()
        .identity(identity(&client))
        .trust_anchors(anchors(std::slice::from_ref(&ca.certificate)));
    let client = client.build(Rustls::default()).unwrap();
    let server = MtlsServer::builder()
        .identity(identity(&server))
        .trust_anchors(anchors(std::slice::from_ref(&ca.certificate)))
        .policy(VerifierPolicy::allow_any_authenticated());
    let server = server.build(Rustls::default()).unwrap();
    assert!(client.handle().status().has_post_quantum_identity());
    for session in meet(&client, &server) {
        assert!(session.has_post_quantum_key_exchange());
        assert_eq!(session.signature_scheme(), Some(SignatureScheme::MlDsa65));
    }
}
