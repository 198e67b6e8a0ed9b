//! Resumption is off: the same ends meet twice, and the second handshake is as full as the first.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use rustls::crypto::CryptoProvider;
use rustls::server::{ServerSessionMemoryCache, WebPkiClientVerifier};
use rustls::{
    ClientConfig, ClientConnection, Connection, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection,
};

use super::{Anyone, converse, crypto, localhost, provider, versions};
use crate::common::ends::{MESSAGE, Ready, Setup};
use crate::common::pki::Cast;
use crate::common::raw::{Version, socket_pair};
use crate::scene::Scene;

/// A client that keeps every session and ticket.
fn keeping_client(cast: &Cast, version: Version) -> Arc<ClientConfig> {
    let config = builder::<ClientConfig>(ClientConfig::builder_with_provider, version)
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(crypto())))
        .with_client_auth_cert(cast.alice.chain.clone(), cast.alice.key_der());
    Arc::new(config.unwrap())
}

/// A server that gives sessions and tickets, and takes them back.
fn giving_server(cast: &Cast, version: Version) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(cast.root.certificate()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), crypto());
    let mut config = builder::<ServerConfig>(ServerConfig::builder_with_provider, version)
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(cast.server.chain.clone(), cast.server.key_der())
        .unwrap();
    config.session_storage = ServerSessionMemoryCache::new(32);
    config.ticketer = provider::Ticketer::new().unwrap();
    Arc::new(config)
}

fn builder<S: rustls::ConfigSide>(
    with: fn(Arc<CryptoProvider>) -> rustls::ConfigBuilder<S, rustls::WantsVersions>,
    version: Version,
) -> rustls::ConfigBuilder<S, rustls::WantsVerifier> {
    with(crypto())
        .with_protocol_versions(&versions(version))
        .unwrap()
}

/// Talks, and says how the handshake went.
fn talk(mut connection: Connection, mut socket: TcpStream) -> HandshakeKind {
    let received = converse(&mut connection, &mut socket).unwrap();
    assert_eq!(received, MESSAGE);
    connection.handshake_kind().unwrap()
}

fn client(config: &Arc<ClientConfig>) -> Connection {
    let connection = ClientConnection::new(config.clone(), localhost());
    connection.unwrap().into()
}

fn server(config: &Arc<ServerConfig>) -> Connection {
    ServerConnection::new(config.clone()).unwrap().into()
}

fn with_facade(facade: &dyn Ready, ours: impl FnOnce(TcpStream) -> HandshakeKind, calls: Calls) {
    let (near, far) = socket_pair();
    let (theirs, mine) = match calls {
        Calls::Facade => (near, far),
        Calls::Us => (far, near),
    };
    let kind = thread::scope(|scope| {
        let facade = scope.spawn(|| facade.run(theirs));
        let kind = ours(mine);
        let seen = facade.join().unwrap();
        assert!(seen.completed && seen.received == MESSAGE, "{seen:?}");
        kind
    });
    assert_ne!(kind, HandshakeKind::Resumed);
}

#[derive(Clone, Copy)]
enum Calls {
    Facade,
    Us,
}

/// The two would resume if they could: otherwise the tests below say nothing.
#[test]
fn stock_ends_resume() {
    let cast = Cast::assemble();
    for version in Version::ALL {
        let (ours, theirs) = (
            keeping_client(&cast, version),
            giving_server(&cast, version),
        );
        let meet = || {
            let (near, far) = socket_pair();
            let theirs = server(&theirs);
            let served = thread::spawn(move || talk(theirs, far));
            (talk(client(&ours), near), served.join().unwrap())
        };
        assert_ne!(meet().0, HandshakeKind::Resumed);
        assert_eq!(meet(), (HandshakeKind::Resumed, HandshakeKind::Resumed));
    }
}

#[test]
fn servers_resume_nothing() {
    let scene = Scene::new();
    for version in Version::ALL {
        for end in scene.servers() {
            let setup = Setup {
                version,
                ..scene.server.clone()
            };
            let facade = end.ready(&setup).unwrap();
            let config = keeping_client(&scene.cast, version);
            for _ in 0..3 {
                with_facade(&*facade, |socket| talk(client(&config), socket), Calls::Us);
            }
        }
    }
}

#[test]
fn clients_resume_nothing() {
    let scene = Scene::new();
    for version in Version::ALL {
        for end in scene.clients() {
            let setup = Setup {
                version,
                ..scene.client.clone()
            };
            let facade = end.ready(&setup).unwrap();
            let config = giving_server(&scene.cast, version);
            for _ in 0..3 {
                with_facade(
                    &*facade,
                    |socket| talk(server(&config), socket),
                    Calls::Facade,
                );
            }
        }
    }
}
