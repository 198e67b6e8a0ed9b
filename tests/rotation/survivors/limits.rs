//! What a resumed session must not bring along, and what is rejected when it is asked for.

use std::fmt;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::backend::Backend;
use mtls::connection::Resumption;
use mtls::pki_types::ServerName;
use mtls::{BuildError, Rustls};
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, ResolvesClientCert, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Connection, NamedGroup, ServerConnection, SignatureScheme,
};

use super::callers::{
    Called, Caller, Keeping, Ours, config, connect, converse, crypto, localhost, talk, was_resumed,
};
use super::hosts::{Driven, accepts};
use super::our_clients::rustls_that_gives;
use super::{BOUND, Stage, assert_accepted, meet};
use crate::common::ends::MESSAGE;
use crate::common::pki::Credential;
use crate::common::raw::{Version, socket_pair};

/// Plain rustls that offers the session with one server to another, and may hold its certificate back.
pub(super) struct Renaming {
    config: Arc<ClientConfig>,
    name: Mutex<&'static str>,
    shy: Arc<AtomicBool>,
}

impl Renaming {
    pub(super) fn new(version: Version, credential: &Credential) -> Self {
        let shy = Arc::new(AtomicBool::new(false));
        let mut config = config(version, Some(credential));
        config.client_auth_cert_resolver = Arc::new(Shy {
            credential: config.client_auth_cert_resolver.clone(),
            shy: Arc::clone(&shy),
        });
        config.resumption = rustls::client::Resumption::store(Arc::new(OneForAll {
            kept: ClientSessionMemoryCache::new(8),
            early_data: 0,
        }));
        Self {
            config: Arc::new(config),
            name: Mutex::new("localhost"),
            shy,
        }
    }

    pub(super) fn asks_for(&self, name: &'static str) {
        *self.name.lock().unwrap() = name;
    }

    pub(super) fn is_shy(&self) {
        self.shy.store(true, Ordering::SeqCst);
    }
}

impl Caller for Renaming {
    fn call(&self, address: SocketAddr) -> Called {
        let name = ServerName::try_from(*self.name.lock().unwrap()).unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut connection = connection.into();
        let received = converse(&mut connection, &mut connect(address)).is_ok();
        Called {
            resumed: received && was_resumed(&connection),
            received,
        }
    }
}

impl fmt::Debug for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rustls that asks for another name")
    }
}

#[derive(Debug)]
struct Shy {
    credential: Arc<dyn ResolvesClientCert>,
    shy: Arc<AtomicBool>,
}

impl ResolvesClientCert for Shy {
    fn resolve(&self, names: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        if self.shy.load(Ordering::SeqCst) {
            None
        } else {
            self.credential.resolve(names, schemes)
        }
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Keeps what any server gave, for any server, and believes in early data of so many bytes.
#[derive(Debug)]
struct OneForAll {
    kept: ClientSessionMemoryCache,
    early_data: u32,
}

impl ClientSessionStore for OneForAll {
    fn set_kx_hint(&self, _: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(localhost(), group);
    }

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(&localhost())
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.kept.set_tls12_session(localhost(), value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(&localhost())
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        self.kept.remove_tls12_session(&localhost());
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, mut value: Tls13ClientSessionValue) {
        assert_eq!(value.max_early_data_size(), 0, "early data was offered");
        value._private_set_max_early_data_size(self.early_data);
        self.kept.insert_tls13_ticket(localhost(), value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept.take_tls13_ticket(&localhost())
    }
}

/// For another name than the session was made for there is a full handshake (RFC 6066, section 3), and the session that
/// was looked up says nothing about who is there then.
#[test]
fn sessions_are_of_one_name() {
    for version in Version::ALL {
        let stage = Stage::set();
        let server = stage.server(version).resumption(BOUND);
        let server = server.optional_client_auth();
        let host = accepts(&server.build(Rustls::default()).unwrap());
        let caller = Renaming::new(version, &stage.alice);
        assert_accepted(&host, &caller, &stage.alice, false);
        assert_accepted(&host, &caller, &stage.alice, true);
        caller.asks_for("elsewhere.test");
        assert_accepted(&host, &caller, &stage.alice, false);
        assert_accepted(&host, &caller, &stage.alice, true);
        // The session is looked up, and alice is accepted; but she does not resume, and does not say who she is.
        caller.asks_for("localhost");
        caller.is_shy();
        for _ in 0..3 {
            let (answer, called) = meet(&host, &caller);
            assert_eq!((answer.leaf, answer.error), (None, None));
            assert!(called.received && !called.resumed && !answer.resumed);
        }
    }
}

/// A replayed `ClientHello` gets a full handshake, in which the client has to prove its identity: a
/// ticket of TLS 1.3 serves once (RFC 8446, section 8.1).
#[test]
fn a_ticket_serves_once() {
    let stage = Stage::set();
    let server = stage.server(Version::Tls13).resumption(BOUND);
    let host = accepts(&server.build(Rustls::default()).unwrap());
    let caller = Keeping::new(Version::Tls13, Some(&stage.alice));
    assert_accepted(&host, &caller, &stage.alice, false);

    let mut connection = ClientConnection::new(Arc::clone(&caller.config), localhost()).unwrap();
    let mut client_hello = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut client_hello).unwrap();
    }
    let mut connection: Connection = connection.into();
    thread::scope(|scope| {
        let (mut near, far) = socket_pair();
        let answer = scope.spawn(|| host(far));
        near.write_all(&client_hello).unwrap();
        let server_hello = record(&mut near);
        assert!(resumes(&server_hello));
        connection.read_tls(&mut server_hello.as_slice()).unwrap();
        connection.process_new_packets().unwrap();
        converse(&mut connection, &mut near).unwrap();
        assert!(was_resumed(&connection) && answer.join().unwrap().resumed);
    });
    thread::scope(|scope| {
        let (mut near, far) = socket_pair();
        let answer = scope.spawn(|| host(far));
        near.write_all(&client_hello).unwrap();
        assert!(!resumes(&record(&mut near)));
        drop(near);
        let answer = answer.join().unwrap();
        assert!(answer.error.is_some() && answer.leaf.is_none());
    });
}

/// The first record, with its header of 5 bytes (RFC 8446, section 5.1).
fn record(socket: &mut impl Read) -> Vec<u8> {
    let mut record = vec![0; 5];
    socket.read_exact(&mut record).unwrap();
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    socket.read_exact(&mut record[5..]).unwrap();
    record
}

/// Whether a `ServerHello` has taken a ticket: it has the extension `pre_shared_key` (RFC 8446, section 4.2.11).
fn resumes(record: &[u8]) -> bool {
    assert_eq!((record[0], record[5]), (22, 2), "a ServerHello");
    // Header of the message, version, random; then the session id, suite, compression, length of the extensions.
    let session_id = 5 + 4 + 2 + 32;
    let mut extensions = &record[session_id + 1 + usize::from(record[session_id]) + 2 + 1 + 2..];
    let mut kinds = Vec::new();
    while let [a, b, c, d, rest @ ..] = extensions {
        kinds.push(u16::from_be_bytes([*a, *b]));
        extensions = &rest[usize::from(u16::from_be_bytes([*c, *d]))..];
    }
    assert!(kinds.contains(&43), "supported_versions is always there");
    kinds.contains(&41)
}

/// A client that sends early data all the same: it is thrown away, and the session is resumed without.
#[test]
fn servers_take_no_early_data() {
    let stage = Stage::set();
    let server = stage.server(Version::Tls13).resumption(BOUND);
    let server = server.build(Rustls::default()).unwrap();
    let mut config = config(Version::Tls13, Some(&stage.alice));
    config.enable_early_data = true;
    config.resumption = rustls::client::Resumption::store(Arc::new(OneForAll {
        kept: ClientSessionMemoryCache::new(8),
        early_data: 1024,
    }));
    let config = Arc::new(config);
    for round in 0..3 {
        let (mut near, far) = socket_pair();
        let server = server.clone();
        let served = thread::spawn(move || {
            let mut stream = server.accept(far).unwrap();
            talk(&mut stream).unwrap();
            stream.close().unwrap();
            stream.session().is_resumed()
        });
        let mut connection = ClientConnection::new(Arc::clone(&config), localhost()).unwrap();
        // What is heard at the other end is MESSAGE, and nothing before it.
        match connection.early_data() {
            Some(mut early) => early.write_all(b"early data").unwrap(),
            None => assert_eq!(round, 0),
        }
        while connection.is_handshaking() {
            connection.complete_io(&mut near).unwrap();
        }
        assert!(!connection.is_early_data_accepted());
        converse(&mut connection.into(), &mut near).unwrap();
        assert_eq!(served.join().unwrap(), round > 0);
    }
}

/// A server that would take early data gets none.
#[test]
fn clients_send_no_early_data() {
    let stage = Stage::set();
    let mut config = rustls_that_gives(&stage, Version::Tls13);
    config.max_early_data_size = 4096;
    let config = Arc::new(config);
    let client = stage.client(Version::Tls13, &stage.alice).resumption(BOUND);
    let client = client.build(Rustls::default()).unwrap();
    for round in 0..3 {
        let (near, mut far) = socket_pair();
        let client = client.clone();
        let called = thread::spawn(move || {
            let mut stream = client.connect("localhost", near).unwrap();
            talk(&mut stream).unwrap();
            stream.close().unwrap();
            stream.session().is_resumed()
        });
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut far).unwrap();
        }
        assert!(
            connection.early_data().is_none(),
            "it asked to send early data"
        );
        let mut connection = Connection::from(connection);
        converse(&mut connection, &mut far).unwrap();
        assert_eq!(was_resumed(&connection), round > 0);
        assert_eq!(called.join().unwrap(), round > 0);
    }
}

/// Without the extended master secret a session of TLS 1.2 could be spliced into another (RFC 7627).
#[cfg(feature = "openssl")]
#[test]
fn sessions_of_tls12_have_the_extended_master_secret() {
    use openssl::ssl::{Ssl, SslContext, SslMethod, SslOptions, SslVersion};

    // SSL_OP_NO_EXTENDED_MASTER_SECRET, which the openssl crate has no name for.
    let without = SslOptions::from_bits_retain(1);
    let stage = Stage::set();
    for (resumption, without_too) in [(Resumption::Off, true), (BOUND, false)] {
        let server = stage.server(Version::Tls12).resumption(resumption);
        let server = server.build(Rustls::default()).unwrap();
        for (options, meets) in [(SslOptions::empty(), true), (without, without_too)] {
            let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
            context
                .set_max_proto_version(Some(SslVersion::TLS1_2))
                .unwrap();
            context.set_options(options);
            let key = stage.alice.key.secret_pkcs8_der();
            let key = openssl::pkey::PKey::private_key_from_pkcs8(key).unwrap();
            let leaf = openssl::x509::X509::from_der(stage.alice.leaf()).unwrap();
            context.set_certificate(&leaf).unwrap();
            context.set_private_key(&key).unwrap();
            let (near, far) = socket_pair();
            let server = server.clone();
            let served = thread::spawn(move || {
                let mut stream = server.accept(far).map_err(|error| error.to_string())?;
                stream.write_all(MESSAGE).map_err(|error| error.to_string())
            });
            let received =
                Ssl::new(&context.build())
                    .unwrap()
                    .connect(near)
                    .is_ok_and(|mut stream| {
                        let mut received = vec![0; MESSAGE.len()];
                        stream.read_exact(&mut received).is_ok()
                    });
            let served = served.join().unwrap();
            assert_eq!(
                (received, served.is_ok()),
                (meets, meets),
                "{resumption:?} {served:?}"
            );
        }
    }
}

#[test]
fn ages_have_limits() {
    let stage = Stage::set();
    for (max_age, words) in [
        (Duration::ZERO, "`max_age` is zero"),
        (
            Resumption::MAX_AGE + Duration::from_nanos(1),
            "the limit is 86400",
        ),
    ] {
        let bound = Resumption::BoundToRevision { max_age };
        let server = stage.server(Version::Tls13).resumption(bound);
        let client = stage.client(Version::Tls13, &stage.alice).resumption(bound);
        let errors = [
            server.build(Rustls::default()).err(),
            client.build(Rustls::default()).err(),
        ];
        for error in errors.map(Option::unwrap) {
            let words_of_it = error.to_string();
            assert!(
                matches!(
                    error,
                    BuildError::InvalidSetting {
                        setting: "resumption",
                        ..
                    }
                ),
                "{error:?}"
            );
            assert!(words_of_it.contains(words), "{words_of_it}");
        }
    }
    for max_age in [Duration::from_nanos(1), Resumption::MAX_AGE] {
        let bound = Resumption::BoundToRevision { max_age };
        let server = stage.server(Version::Tls13).resumption(bound);
        server.build(Rustls::default()).unwrap();
    }
}

/// Where it cannot be held to its terms it is not to be had.
#[test]
fn on_rustls_alone() {
    let stage = Stage::set();
    let mut errors: Vec<BuildError> = Vec::new();
    #[cfg(feature = "openssl")]
    {
        let server = stage.server(Version::Tls13).resumption(BOUND);
        errors.extend(server.build(mtls::OpenSsl::default()).err());
        let client = stage.client(Version::Tls13, &stage.alice).resumption(BOUND);
        errors.extend(client.build(mtls::OpenSsl::default()).err());
        assert_eq!(errors.len(), 2);
    }
    #[cfg(feature = "native-tls")]
    {
        let client = stage.client(Version::Tls13, &stage.alice).resumption(BOUND);
        errors.push(client.build(mtls::NativeTls::default()).unwrap_err());
    }
    for error in errors {
        let BuildError::Unsupported { backend, what, .. } = error else {
            panic!("{error:?}");
        };
        assert_ne!(backend, Rustls::KIND);
        assert!(what.contains("`.resumption(..)`"), "{what}");
    }
}

/// What is kept is not shown.
#[test]
fn nothing_is_shown() {
    let stage = Stage::set();
    let server = stage.server(Version::Tls13).resumption(BOUND);
    let server = server.build(Rustls::default()).unwrap();
    let client = stage.client(Version::Tls13, &stage.alice).resumption(BOUND);
    let client = client.build(Rustls::default()).unwrap();
    let caller = Ours(client.clone());
    let before = (format!("{server:?}").len(), format!("{client:?}").len());
    for resumed in [false, true] {
        assert_accepted(&accepts(&server), &caller, &stage.alice, resumed);
    }
    let after = (format!("{server:?}").len(), format!("{client:?}").len());
    assert_eq!(before, after);
    let _ = (Rustls::snapshot(&server), crypto());
}
