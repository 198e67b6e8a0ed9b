//! The native configurations, driven by code that knows nothing of the crate.

use std::sync::{Arc, Mutex};
use std::thread;

use mtls::backend::OpenSslClientConfig;
use mtls::error::Alert;
use mtls::{HandshakeError, OpenSsl, RejectionReason};
use openssl::ssl::{Ssl, SslStream, SslVerifyMode};
use openssl::x509::X509;
use pki_types::ServerName;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::common::odd::Odd;
use super::common::pki::Cast;
use super::common::raw::{Peer, Tool, Version, socket_pair, tools};
use super::{client, everywhere, server};

/// The configuration of a client called alice.
fn native_client(cast: &Cast) -> OpenSslClientConfig {
    client(cast, &cast.alice, Version::Tls13, OpenSsl::default()).config()
}

#[test]
fn an_unarmed_ssl_rejects_every_server() {
    let cast = Cast::assemble();
    let config = native_client(&cast);
    let (near, far) = socket_pair();
    let serving = tools()[0].serve_over(far, Peer::new(Version::Tls13).presents(&cast.server));
    let mut ssl = Ssl::new(config.danger_context()).unwrap();
    ssl.set_hostname("localhost").unwrap();
    let mut stream = SslStream::new(ssl, near).unwrap();
    assert!(stream.connect().is_err());
    assert!(matches!(
        config.verified_peer(stream.ssl()),
        Err(HandshakeError::Backend(_))
    ));
    assert_eq!(
        serving.outcome().alert,
        Some(Alert::HANDSHAKE_FAILURE.code())
    );
}

#[test]
fn what_was_not_verified_is_not_accepted_afterwards() {
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
    assert!(config.verified_peer(stream.ssl()).is_err());
    drop(stream);
    serving.outcome();
}

#[test]
fn a_native_client_verifies_by_itself() {
    let cast = Cast::assemble();
    let config = native_client(&cast);
    let other = native_client(&cast);
    for (name, level) in [("localhost", 0), ("localhost", 2), ("another.test", 2)] {
        let (near, far) = socket_pair();
        let serving = tools()[0].serve_over(far, Peer::new(Version::Tls13).presents(&cast.server));
        let mut ssl = config.ssl(&ServerName::try_from(name).unwrap()).unwrap();
        ssl.set_security_level(level);
        let mut stream = SslStream::new(ssl, near).unwrap();
        assert!(
            config.verified_peer(stream.ssl()).is_err(),
            "before the handshake"
        );
        let handshake = stream.connect();
        assert_eq!(handshake.is_ok(), name == "localhost");
        match config.verified_peer(stream.ssl()) {
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
            other.verified_peer(stream.ssl()).is_err(),
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
        for (credential, accepted) in [(&cast.alice, true), (&cast.mallory, false)] {
            let (near, far) = socket_pair();
            let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(credential));
            let ssl = Ssl::new(config.context()).unwrap();
            let mut stream = SslStream::new(ssl, far).unwrap();
            assert_eq!(stream.accept().is_ok(), accepted);
            match config.verified_peer(stream.ssl()) {
                Ok(peer) => assert_eq!(peer.unwrap().chain().first(), Some(cast.alice.leaf())),
                Err(error) => assert_eq!(
                    error.rejection().unwrap().reason(),
                    RejectionReason::UnknownIssuer
                ),
            }
            drop(stream);
            assert_eq!(caller.outcome().accepted(), accepted);
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
        let error = config.verified_peer(stream.ssl()).unwrap_err();
        assert_eq!(
            error.rejection().unwrap().reason(),
            RejectionReason::UnsupportedKey,
            "level {level}"
        );
        drop(stream);
        assert_eq!(
            caller.outcome().alert,
            Some(Alert::CERTIFICATE_UNKNOWN.code())
        );
    }
}

/// Remembers what a server asks for, and presents nothing.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<Vec<u8>>>);

impl ResolvesClientCert for Asked {
    fn resolve(&self, names: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = names.iter().map(|name| name.to_vec()).collect();
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn the_certificate_request_names_the_anchors() {
    let cast = Cast::assemble();
    let root = X509::from_der(&cast.root.certificate()).unwrap();
    let name = root.subject_name().to_der().unwrap();
    let named = server(&cast, Version::Tls13);
    let unnamed = server(&cast, Version::Tls13).without_ca_names();
    for (server, expected) in [(named, vec![name]), (unnamed, vec![])] {
        let server = server.build(OpenSsl::default()).unwrap();
        let asked = Arc::new(Asked::default());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(cast.root.certificate()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(&asked) as Arc<dyn ResolvesClientCert>);
        let (mut near, far) = socket_pair();
        let accepting = thread::spawn(move || server.accept(far).map(drop));
        let localhost = ServerName::try_from("localhost").unwrap();
        let mut connection = rustls::ClientConnection::new(Arc::new(config), localhost).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut near).unwrap();
        }
        drop(near);
        assert!(accepting.join().unwrap().is_err());
        assert_eq!(*asked.0.lock().unwrap(), expected);
    }
}
