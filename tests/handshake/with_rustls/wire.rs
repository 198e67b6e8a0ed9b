//! What is said in the open: the name in a client's hello, the CA names in a server's request.

use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;

use pki_types::CertificateDer;
use rustls::client::ResolvesClientCert;
use rustls::server::Acceptor;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, DistinguishedName, SignatureScheme};

use super::{Anyone, converse, crypto, localhost, versions};
use crate::common::ends::{End, Setup};
use crate::common::pki::Authority;
use crate::common::raw::{Version, socket_pair};
use crate::scene::Scene;

#[test]
fn a_name_is_indicated_and_an_address_is_not() {
    let scene = Scene::new();
    for version in Version::ALL {
        for client in scene.clients() {
            for (asked, indicated) in [
                ("localhost", Some("localhost")),
                ("127.0.0.1", None),
                ("::1", None),
            ] {
                let setup = Setup {
                    version,
                    server_name: asked,
                    ..scene.client.clone()
                };
                let received = indication(&*client, &setup);
                assert_eq!(received.as_deref(), indicated, "{client:?}, {asked}");
            }
        }
    }
}

/// The server name indication of the client's hello (RFC 6066, section 3).
fn indication(client: &dyn End, setup: &Setup) -> Option<String> {
    let client = client.ready(setup).unwrap();
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        scope.spawn(|| assert!(!client.run(near).completed));
        // In here, so that the client is not left waiting.
        let mut far = far;
        let mut acceptor = Acceptor::default();
        loop {
            acceptor.read_tls(&mut far).unwrap();
            if let Some(accepted) = acceptor.accept().map_err(|(error, _)| error).unwrap() {
                let hello = accepted.client_hello();
                return hello.server_name().map(ToOwned::to_owned);
            }
        }
    })
}

#[test]
fn a_request_names_the_anchors() {
    let mut scene = Scene::new();
    let (root, other) = (scene.cast.root.clone(), Authority::named("Other Root"));
    let expected = [&root, &other].map(|a| subject(&a.certificate()));
    // Two of one name are one name.
    let anchors = [&root, &other, &scene.cast.impostor];
    scene.server.anchors = anchors.map(Authority::certificate).to_vec();
    assert_requested(&scene, &expected);
    scene.server.names_anchors = false;
    assert_requested(&scene, &[]);
}

/// A part of them would mislead: a client may take the list for the whole.
#[test]
fn a_request_names_no_anchors_when_they_are_too_many() {
    let mut scene = Scene::new();
    let name = |number| format!("{number:03} of those whose names are as long as they may be");
    let anchors = (0..260).map(|number| Authority::named(&name(number)));
    scene
        .server
        .anchors
        .extend(anchors.map(|a| a.certificate()));
    let named: usize = scene.server.anchors.len() * name(0).len();
    assert!((12_000..mtls::connection::MAX_CA_NAMES_BYTES).contains(&named));
    assert_requested(&scene, &[]);
    scene.server.anchors.truncate(100);
    let few: Vec<_> = scene.server.anchors.iter().map(subject).collect();
    assert_requested(&scene, &few);
}

fn subject(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let anchor = webpki::anchor_from_trusted_cert(certificate).unwrap();
    let subject = DistinguishedName::in_sequence(&anchor.subject);
    subject.as_ref().to_vec()
}

/// Every server names these in its request.
#[track_caller]
fn assert_requested(scene: &Scene, names: &[Vec<u8>]) {
    for version in Version::ALL {
        for server in scene.servers() {
            let setup = Setup {
                version,
                ..scene.server.clone()
            };
            assert_eq!(request(&*server, &setup), names, "{server:?}, {version:?}");
        }
    }
}

fn request(server: &dyn End, setup: &Setup) -> Vec<Vec<u8>> {
    let server = server.ready(setup).unwrap();
    let listener = Arc::new(Listener::default());
    let config = ClientConfig::builder_with_provider(crypto())
        .with_protocol_versions(&versions(setup.version))
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(crypto())))
        .with_client_cert_resolver(listener.clone());
    let connection = ClientConnection::new(Arc::new(config), localhost());
    let (mut near, far): (TcpStream, TcpStream) = socket_pair();
    thread::scope(|scope| {
        scope.spawn(|| assert!(!server.run(far).completed));
        // It is rejected, since it presents nothing.
        converse(&mut connection.unwrap().into(), &mut near).unwrap_err();
        drop(near);
    });
    let received = listener.0.lock().unwrap().take();
    received.expect("no certificate was requested")
}

/// Remembers the names, and presents nothing.
#[derive(Debug, Default)]
struct Listener(Mutex<Option<Vec<Vec<u8>>>>);

impl ResolvesClientCert for Listener {
    fn resolve(&self, names: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = names.iter().map(|name| name.to_vec()).collect();
        *self.0.lock().unwrap() = Some(names);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}
