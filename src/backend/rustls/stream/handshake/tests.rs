//! A verdict about another certificate than the connection's, which no peer can cause.

use std::net::TcpStream;
use std::thread;

use rustls::server::{ServerConnection, ServerSessionMemoryCache};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

use super::*;
use crate::backend::SessionVerifier;
use crate::backend::adapter::{ServerAdapter, ToNative};
use crate::backend::rustls::Rustls;
use crate::backend::tests::{Cast, accepted, socket_pair};
use crate::material::MtlsIdentity;
use pki_types::ServerName;

#[test]
fn the_verdict_has_to_be_about_the_peer_s_leaf() {
    let scene = Scene::new();
    let alice = scene.client(&scene.cast.alice);
    for (verdict, is_accepted) in [
        (Some(&scene.cast.alice), true),
        (Some(&scene.cast.bob), false),
        (None, false),
    ] {
        let record = HandshakeRecord {
            verdict: verdict.map(|client| Ok(accepted(&scene.verifier, client))),
            ..HandshakeRecord::default()
        };
        let peer = scene.accept(&alice, scene.native.clone(), false, record);
        assert_about(peer, is_accepted, "was not verified");
    }
}

#[test]
fn a_resumed_session_has_to_be_of_the_peer_s_leaf() {
    let scene = Scene::new();
    let mut resuming = (*scene.native).clone();
    resuming.session_storage = ServerSessionMemoryCache::new(8);
    resuming.send_tls13_tickets = 1;
    let resuming = Arc::new(resuming);
    for (proof, is_accepted) in [
        (Some(&scene.cast.alice), true),
        (Some(&scene.cast.bob), false),
        (None, false),
    ] {
        let alice = scene.client(&scene.cast.alice);
        let first = HandshakeRecord {
            verdict: Some(Ok(accepted(&scene.verifier, &scene.cast.alice))),
            ..HandshakeRecord::default()
        };
        scene.accept(&alice, resuming.clone(), true, first).unwrap();
        let proof = proof
            .map(|client| VerifiedSession::new(&scene.verifier, accepted(&scene.verifier, client)));
        let second = HandshakeRecord {
            proof: proof.map(|proof| Arc::new(proof.unwrap())),
            ..HandshakeRecord::default()
        };
        let peer = scene.accept(&alice, resuming.clone(), true, second);
        assert_about(peer, is_accepted, "was not verified again");
    }
}

#[track_caller]
fn assert_about(peer: Result<PeerIdentity, HandshakeError>, is_accepted: bool, problem: &str) {
    match peer {
        Ok(peer) if is_accepted => assert!(peer.dns_names().eq(["alice.test"])),
        Err(HandshakeError::Backend(error)) if !is_accepted => {
            assert!(error.to_string().ends_with(problem), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

struct Scene {
    cast: Cast,
    /// Has another verifier, whose verdict does not replace the one that the handshake starts with.
    native: Arc<ServerConfig>,
    verifier: Arc<SessionVerifier>,
}

impl Scene {
    fn new() -> Self {
        let cast = Cast::new();
        let backend = Rustls::default();
        let verifier = || cast.verifier(backend.signature_algorithms().unwrap());
        let config = backend.build_server(cast.settings(&verifier())).unwrap();
        Self {
            native: config.to_native(),
            verifier: verifier(),
            cast,
        }
    }

    /// Makes a client that stores sessions, which no other client resumes.
    fn client(&self, identity: &MtlsIdentity) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.cast.root.clone()).unwrap();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let key = identity.private_key().unwrap().pkcs8_der().clone_key();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(identity.chain().as_slice().to_vec(), key.into())
            .unwrap();
        Arc::new(config)
    }

    /// Lets `client` connect to a server whose handshake starts with `record`.
    fn accept(
        &self,
        client: &Arc<ClientConfig>,
        native: Arc<ServerConfig>,
        resumes: bool,
        record: HandshakeRecord,
    ) -> Result<PeerIdentity, HandshakeError> {
        let (near, far) = socket_pair();
        let client = Arc::clone(client);
        let client = thread::spawn(move || connect(client, near));
        let params = HandshakeParams {
            verifier: Arc::clone(&self.verifier),
            end: SideParams::Server(ClientAuthMode::Required),
            resumes,
        };
        let connection = ServerConnection::new(native).unwrap();
        let established = RustlsHandshake::new(connection.into(), far, params, record).advance();
        let peer = established.map(|mut established| {
            established.stream.write_all(b"!").unwrap();
            established.peer.unwrap()
        });
        client.join().unwrap();
        peer
    }
}

/// Reads one byte, and the tickets before it.
fn connect(config: Arc<ClientConfig>, socket: TcpStream) {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(config, name).unwrap();
    // If the server ends the connection, there is nothing to read.
    let _ = StreamOwned::new(connection, socket).read(&mut [0]);
}
