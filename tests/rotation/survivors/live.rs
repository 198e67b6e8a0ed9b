//! `live_config()`: one native configuration, and every handshake under what is current.

use std::io;
use std::sync::{Arc, Mutex};

use mtls::{MtlsServer, PeerMatcher, RejectionReason as Reason, Rotation, Rustls, VerifierPolicy};
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, ServerConfig,
    ServerConnection, SignatureScheme,
};

use super::callers::{Keeping, config, localhost};
use super::hosts::{accepts, drives};
use super::{BOUND, Stage, assert_accepted, identity};
use crate::common::pki::{Credential, Leaf};
use crate::common::raw::Version;

/// A connection in memory: each end takes what the other has to say.
struct Pair {
    client: ClientConnection,
    server: ServerConnection,
}

impl Pair {
    fn new(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> Self {
        Self {
            client: ClientConnection::new(Arc::clone(client), localhost()).unwrap(),
            server: ServerConnection::new(Arc::clone(server)).unwrap(),
        }
    }

    fn client_speaks(&mut self) -> Result<(), Error> {
        let mut words = Vec::new();
        while self.client.wants_write() {
            self.client.write_tls(&mut words).unwrap();
        }
        let mut words = io::Cursor::new(words);
        while words.position() < words.get_ref().len() as u64 {
            self.server.read_tls(&mut words).unwrap();
            self.server.process_new_packets()?;
        }
        Ok(())
    }

    fn server_speaks(&mut self) -> Result<(), Error> {
        let mut words = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut words).unwrap();
        }
        let mut words = io::Cursor::new(words);
        while words.position() < words.get_ref().len() as u64 {
            self.client.read_tls(&mut words).unwrap();
            self.client.process_new_packets()?;
        }
        Ok(())
    }

    /// Goes on to the end, and says what the server made of it.
    fn finish(&mut self) -> Result<(), Error> {
        for _ in 0..4 {
            self.client_speaks()?;
            self.server_speaks().unwrap();
        }
        assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
        Ok(())
    }

    fn server_leaf(&self) -> &[u8] {
        &self.client.peer_certificates().unwrap()[0]
    }
}

fn bound(stage: &Stage, version: Version) -> MtlsServer<Rustls> {
    let server = stage.server(version).resumption(BOUND);
    server.build(Rustls::default()).unwrap()
}

fn other_server(stage: &Stage) -> Credential {
    let leaf = Leaf::named("server").dns("localhost").server();
    leaf.issued_by(&stage.server_ca)
}

fn bob_alone() -> Rotation {
    let bob = PeerMatcher::dns("bob.test").unwrap();
    Rotation::new().policy(VerifierPolicy::allow(bob))
}

#[test]
fn presents_what_is_current() {
    for version in Version::ALL {
        let stage = Stage::set();
        let server = bound(&stage, version);
        let (live, snapshot) = (server.live_config(), server.config());
        let client = Arc::new(config(version, Some(&stage.alice)));
        let presented = |server: &Arc<ServerConfig>| {
            let mut pair = Pair::new(&client, server);
            pair.finish().unwrap();
            pair.server_leaf().to_vec()
        };
        assert_eq!(presented(&live), stage.server.leaf().as_ref());
        let next = other_server(&stage);
        server
            .handle()
            .rotate(Rotation::new().identity(identity(&next)))
            .unwrap();
        assert_eq!(presented(&live), next.leaf().as_ref());
        assert_eq!(presented(&snapshot), stage.server.leaf().as_ref());
    }
}

#[test]
fn a_client_is_who_it_is_now() {
    for version in Version::ALL {
        let stage = Stage::set();
        let host = accepts(&bound(&stage, version));
        let client = stage.client(version, &stage.alice).resumption(BOUND);
        let client = client.build(Rustls::default()).unwrap();
        let live = Keeping {
            config: client.live_config(),
        };
        for _ in 0..3 {
            assert_accepted(&host, &live, &stage.alice, false);
        }
        let bob = Rotation::new().identity(identity(&stage.bob));
        client.handle().rotate(bob).unwrap();
        assert_accepted(&host, &live, &stage.bob, false);
    }
}

/// What comes in the midst of a handshake counts in it, as far as it is not over: never does it verify by less than it
/// began with.
#[test]
fn a_rotation_in_the_midst_of_a_handshake() {
    for version in Version::ALL {
        let stage = Stage::set();
        let server = bound(&stage, version);
        let client = Arc::new(config(version, Some(&stage.alice)));
        let mut pairs = [server.live_config(), server.config()].map(|server| {
            let mut pair = Pair::new(&client, &server);
            pair.client_speaks().unwrap();
            pair.server_speaks().unwrap();
            pair
        });
        let next = identity(&other_server(&stage));
        server.handle().rotate(bob_alone().identity(next)).unwrap();
        let [live, snapshot] = &mut pairs;
        let rejection = live.finish().unwrap_err();
        let Error::InvalidCertificate(error @ CertificateError::Other(_)) = rejection else {
            panic!("{rejection:?}");
        };
        // The alert that a matcher's rejection has everywhere.
        assert_eq!(
            AlertDescription::from(error),
            AlertDescription::CertificateUnknown
        );
        assert_eq!(stage.reported(), [Reason::NotAuthorized]);
        // It had begun, and presents what it began with.
        assert_eq!(live.server_leaf(), stage.server.leaf().as_ref());
        // A snapshot is of one revision.
        snapshot.finish().unwrap();
        assert_eq!(stage.reported(), []);
    }
}

/// It goes on when the server that it is of is gone.
#[test]
fn outlives_its_server() {
    let stage = Stage::set();
    let server = bound(&stage, Version::Tls13);
    let other = server.clone();
    let host = drives(server.live_config());
    drop(server);
    let caller = Keeping::new(Version::Tls13, Some(&stage.alice));
    assert_accepted(&host, &caller, &stage.alice, false);
    other.handle().rotate(bob_alone()).unwrap();
    drop(other);
    super::assert_rejected(&host, &caller);
    assert_eq!(stage.reported(), [Reason::NotAuthorized]);
    let caller = Keeping::new(Version::Tls13, Some(&stage.bob));
    assert_accepted(&host, &caller, &stage.bob, false);
}

/// Presents a credential, and notes which CAs were asked for.
#[derive(Debug)]
struct Listening {
    credential: Arc<dyn ResolvesClientCert>,
    names: Arc<Mutex<Vec<usize>>>,
}

impl ResolvesClientCert for Listening {
    fn resolve(&self, names: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.names.lock().unwrap().push(names.len());
        self.credential.resolve(names, schemes)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn has_its_protocols_and_names_no_ca() {
    for version in Version::ALL {
        let stage = Stage::set();
        let server = stage.server(version).alpn(["h2", "http/1.1"]);
        let server = server.build(Rustls::default()).unwrap();
        let mut client = config(version, Some(&stage.alice));
        let names = Arc::new(Mutex::new(Vec::new()));
        client.client_auth_cert_resolver = Arc::new(Listening {
            credential: client.client_auth_cert_resolver.clone(),
            names: Arc::clone(&names),
        });
        client.alpn_protocols = vec![b"http/1.1".to_vec()];
        let client = Arc::new(client);
        for config in [server.live_config(), server.config()] {
            let mut pair = Pair::new(&client, &config);
            pair.finish().unwrap();
            assert_eq!(pair.server.alpn_protocol(), Some(&b"http/1.1"[..]));
        }
        // The two anchors, by the snapshot.
        assert_eq!(*names.lock().unwrap(), [0, 2]);
        // And an end whose protocols are others gets no handshake.
        let mut other = ClientConfig::clone(&client);
        other.alpn_protocols = vec![b"smtp".to_vec()];
        let mut pair = Pair::new(&Arc::new(other), &server.live_config());
        assert_eq!(pair.client_speaks(), Err(Error::NoApplicationProtocol));
    }
}
