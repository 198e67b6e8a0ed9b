//! Clients and servers of the crate, on OpenSSL and on rustls.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;

use mtls::backend::ClientBackend;
use mtls::backend::ServerBackend;
use mtls::error::Alert;
use mtls::{
    HandshakeError, MtlsClient, MtlsServer, OpenSsl, PeerIdentity, PeerMatcher, RejectionReason,
    Rustls, VerifierPolicy,
};

use super::common::odd::Odd;
use super::common::pki::{Cast, KeyAlgorithm, Leaf};
use super::common::raw::{Version, socket_pair};
use super::{ALICE, anchors, client, everywhere, identity, protocol, reason, server};

/// Who the server is, and the protocol that was chosen.
type Met = (PeerIdentity, Option<Vec<u8>>);

/// A client and a server meet; each says a word when it may.
fn meet<C: ClientBackend, S: ServerBackend>(
    client: &MtlsClient<C>,
    server: &MtlsServer<S>,
    name: &str,
) -> (
    Result<Met, HandshakeError>,
    Result<PeerIdentity, HandshakeError>,
) {
    let (near, far) = socket_pair();
    thread::scope(|scope| {
        let accepted = scope.spawn(move || {
            let mut stream = server.accept(far)?;
            let mut word = [0; 5];
            stream.read_exact(&mut word).map_err(HandshakeError::Io)?;
            assert_eq!(&word, b"hello");
            stream.write_all(b"world").unwrap();
            stream.close().unwrap();
            assert_eq!(stream.read(&mut word).unwrap(), 0);
            Ok(stream.peer().clone())
        });
        let connected = client.connect(name, near).and_then(|mut stream| {
            let mut said = String::new();
            let talk = stream
                .write_all(b"hello")
                .and_then(|()| stream.read_to_string(&mut said))
                .and_then(|_| stream.close());
            match talk {
                Ok(()) => assert_eq!(said, "world"),
                // What the server thinks of us came after the handshake.
                Err(error) => {
                    return Err(match error.downcast::<HandshakeError>() {
                        Ok(rejection) => rejection,
                        Err(error) => HandshakeError::Io(error),
                    });
                }
            }
            Ok((
                stream.peer().clone(),
                stream.session().alpn().map(<[u8]>::to_vec),
            ))
        });
        (connected, accepted.join().unwrap())
    })
}

macro_rules! both_ways {
    ($test:ident) => {
        everywhere(|version| {
            $test(version, OpenSsl::default(), OpenSsl::default());
            $test(version, OpenSsl::default(), Rustls::default());
            $test(version, Rustls::default(), OpenSsl::default());
        });
    };
}

fn allowed<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).alpn(["other"]).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    for name in ["localhost", "server.test", "127.0.0.1"] {
        let (connected, accepted) = meet(&client, &server, name);
        let (peer, alpn) = connected.unwrap();
        assert_eq!(peer.chain().first(), Some(cast.server.leaf()));
        assert_eq!(alpn.as_deref(), Some(&b"other"[..]));
        assert_eq!(accepted.unwrap().chain().first(), Some(cast.alice.leaf()));
    }
}

#[test]
fn those_who_may_meet() {
    both_ways!(allowed);
}

fn rejected_client<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let eve = Leaf::named("eve")
        .uri("spiffe://prod.test/eve")
        .client()
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let events = Arc::new(Mutex::new(0));
    let reported = Arc::clone(&events);
    let server = server(&cast, version)
        .observer(move |_| *reported.lock().unwrap() += 1)
        .build(s)
        .unwrap();
    let (connected, accepted) = meet(&client(&cast, &eve, version, c), &server, "localhost");
    assert_eq!(reason(accepted), RejectionReason::NotAuthorized);
    match connected {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::CERTIFICATE_UNKNOWN);
        }
        other => panic!("{version:?} {:?} and {:?}: {other:?}", C::KIND, S::KIND),
    }
    assert_eq!(*events.lock().unwrap(), 1);
}

#[test]
fn a_client_that_is_not_on_the_list_learns_it() {
    both_ways!(rejected_client);
}

fn rejected_server<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    let (connected, accepted) = meet(&client, &server, "another.test");
    assert_eq!(reason(connected), RejectionReason::NameMismatch);
    match accepted {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::BAD_CERTIFICATE);
        }
        other => panic!("{version:?} {:?} and {:?}: {other:?}", C::KIND, S::KIND),
    }
}

#[test]
fn a_server_of_another_name_is_rejected() {
    both_ways!(rejected_server);
}

fn no_alpn<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let cast = Cast::assemble();
    let server = server(&cast, version).alpn(["third"]).build(s).unwrap();
    let client = client(&cast, &cast.alice, version, c);
    let (connected, accepted) = meet(&client, &server, "localhost");
    assert!(
        matches!(accepted, Err(HandshakeError::NoCommonProtocol)),
        "{accepted:?}"
    );
    match connected {
        Err(HandshakeError::RejectedByPeer { alert, .. }) => {
            assert_eq!(alert, Alert::NO_APPLICATION_PROTOCOL);
        }
        other => panic!("{version:?} {:?} and {:?}: {other:?}", C::KIND, S::KIND),
    }
}

#[test]
fn without_a_common_protocol_there_is_no_handshake() {
    both_ways!(no_alpn);
}

fn any_key<C: ClientBackend + Clone, S: ServerBackend + Clone>(version: Version, c: C, s: S) {
    for algorithm in KeyAlgorithm::ALL {
        let mut cast = Cast::assemble();
        let leaf = |name| {
            Leaf::named(name)
                .dns("localhost")
                .uri(ALICE)
                .algorithm(algorithm)
        };
        cast.server = leaf("s").server().issued_by(&cast.root);
        cast.alice = leaf("c").client().issued_by(&cast.root);
        let server = server(&cast, version).build(s.clone()).unwrap();
        let client = client(&cast, &cast.alice, version, c.clone());
        let (connected, accepted) = meet(&client, &server, "localhost");
        connected.unwrap();
        accepted.unwrap();
    }
}

#[test]
fn every_kind_of_key_works() {
    both_ways!(any_key);
}

fn version_1<C: ClientBackend, S: ServerBackend>(version: Version, c: C, s: S) {
    let mut cast = Cast::assemble();
    cast.server = Odd::X509V1.issued_by(&cast.root, "localhost");
    let policy = |matcher| {
        VerifierPolicy::allow(matcher)
            .danger_allow_x509_v1_leaf()
            .danger_allow_common_name_as_dns()
    };
    let alice = Odd::X509V1.issued_by(&cast.root, "alice");
    let server = server(&cast, version)
        .policy(policy(PeerMatcher::common_name("alice").unwrap()))
        .build(s)
        .unwrap();
    let client = MtlsClient::builder()
        .identity(identity(&alice))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .policy(policy(PeerMatcher::any_authenticated()))
        .protocol_versions([protocol(version)])
        .build(c)
        .unwrap();
    let (connected, accepted) = meet(&client, &server, "localhost");
    connected.unwrap();
    accepted.unwrap();
}

#[test]
fn version_1_leaves_pass_where_they_are_allowed() {
    both_ways!(version_1);
}
