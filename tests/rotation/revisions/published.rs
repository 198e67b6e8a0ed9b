//! What a rotation changes, and for which connections.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::policy::RevocationDepth;
use mtls::{
    Event, MtlsServer, OpenSsl, PeerMatcher, RejectionReason, RevocationLists, RevocationRules,
    Rotation, Rustls, VerifierPolicy,
};

use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Cast, Credential, Leaf};
use crate::common::raw::socket_pair;
use crate::stage::{anchors, client_of, identity, meet, rejection, server_of};

/// Runs a test with each backend as the end that rotates.
macro_rules! each {
    ($($name:ident)*) => {
        mod rustls { $(#[test] fn $name() { super::$name(super::Rustls::default); })* }
        mod openssl { $(#[test] fn $name() { super::$name(super::OpenSsl::default); })* }
    };
}

each! {
    the_next_identity_is_seen_by_the_next_peer
    the_next_anchors_verify_the_next_peer
    the_next_policy_verifies_the_next_peer
    the_next_lists_verify_the_next_peer
    everything_at_once_is_one_revision
    what_is_the_same_is_no_revision
    a_client_rotates_as_a_server_does
    a_handshake_ends_under_the_revision_that_it_began_under
    clones_rotate_together
}

fn the_next_identity_is_seen_by_the_next_peer<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(backend()).unwrap();
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    let (first, served) = meet(&client, &server);
    let (first, served) = (first.unwrap(), served.unwrap());
    assert_eq!((served.revision(), first.revision()), (1, 1));

    let next = Rotation::new().identity(identity(&renewed(&cast)));
    let number = server.handle().rotate(next).unwrap();
    assert_eq!(number, 2);
    let (second, served) = meet(&client, &server);
    assert_eq!(served.unwrap().revision(), 2);
    let second = second.unwrap();
    assert_eq!(second.peer().subject(), "CN=server renewed");
    assert_eq!(second.revision(), 1, "the client has not rotated");
    assert_ne!(first.peer().chain(), second.peer().chain());
}

fn the_next_anchors_verify_the_next_peer<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let other = Authority::named("Otto Root");
    let bob = Leaf::named("bob").client().issued_by(&other);
    let server = server_of(&cast).build(backend()).unwrap();
    let alice = client_of(&cast).build(Rustls::default()).unwrap();
    let bob = client_of(&cast).identity(identity(&bob));
    let bob = bob.build(Rustls::default()).unwrap();
    assert!(meet(&alice, &server).1.is_ok());
    assert_eq!(
        rejection(meet(&bob, &server).1),
        RejectionReason::UnknownIssuer
    );

    server
        .handle()
        .rotate(Rotation::new().trust_anchors(anchors(&[&cast.root, &other])))
        .unwrap();
    assert!(meet(&alice, &server).1.is_ok());
    assert_eq!(meet(&bob, &server).1.unwrap().peer().subject(), "CN=bob");

    // The CA that proves our identity goes together with our identity.
    let ours = Leaf::named("server")
        .dns("localhost")
        .server()
        .issued_by(&other);
    let next = Rotation::new()
        .trust_anchors(anchors(&[&other]))
        .identity(identity(&ours));
    server.handle().rotate(next).unwrap();
    let client = client_of(&cast).trust_anchors(anchors(&[&cast.root, &other]));
    let alice = client.build(Rustls::default()).unwrap();
    assert_eq!(
        rejection(meet(&alice, &server).1),
        RejectionReason::UnknownIssuer
    );
}

fn the_next_policy_verifies_the_next_peer<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(backend()).unwrap();
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert!(meet(&client, &server).1.is_ok());
    let rejects_all = VerifierPolicy::allow(PeerMatcher::dns("unused.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(rejects_all))
        .unwrap();
    assert_eq!(
        rejection(meet(&client, &server).1),
        RejectionReason::NotAuthorized
    );
    let alice = VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
    assert_eq!(
        server
            .handle()
            .rotate(Rotation::new().policy(alice))
            .unwrap(),
        3
    );
    assert!(meet(&client, &server).1.is_ok());
}

fn the_next_lists_verify_the_next_peer<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let lists = |crl: Crl| RevocationLists::from_der([crl.signed_by(&cast.intermediate)]).unwrap();
    let server = server_of(&cast)
        .policy(policy)
        .revocation_lists(lists(Crl::new()));
    let server = server.build(backend()).unwrap();
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert!(meet(&client, &server).1.is_ok());
    let next = lists(Crl::new().number(&[2]).lists(cast.alice.leaf()));
    server
        .handle()
        .rotate(Rotation::new().revocation_lists(next))
        .unwrap();
    assert_eq!(
        rejection(meet(&client, &server).1),
        RejectionReason::Revoked
    );
    // Without rules the lists of before are not asked for any more, and go with them.
    let policy = VerifierPolicy::allow_any_authenticated();
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert!(meet(&client, &server).1.is_ok());
    assert!(
        server
            .handle()
            .status()
            .revocation_lists_expire_at()
            .is_none()
    );
}

fn everything_at_once_is_one_revision<B: ServerBackend>(backend: fn() -> B) {
    let (before, after) = (Cast::assemble(), Cast::assemble());
    let server = server_of(&before).build(backend()).unwrap();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let next = Rotation::new()
        .identity(identity(&after.server))
        .trust_anchors(anchors(&[&after.root]))
        .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
        .revocation_lists(
            RevocationLists::from_der([Crl::new().signed_by(&after.intermediate)]).unwrap(),
        );
    assert_eq!(server.handle().rotate(next).unwrap(), 2);
    let status = server.handle().status();
    assert_eq!((status.revision(), status.rotations()), (2, 1));
    assert!(status.revocation_lists_expire_at().is_some());
    let client = client_of(&after).build(Rustls::default()).unwrap();
    let (connected, served) = meet(&client, &server);
    assert_eq!(
        (connected.unwrap().revision(), served.unwrap().revision()),
        (1, 2)
    );
}

fn what_is_the_same_is_no_revision<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(backend()).unwrap();
    let same = Rotation::new()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
        .policy(VerifierPolicy::allow_any_authenticated());
    assert_eq!(server.handle().rotate(same).unwrap(), 1);
    assert_eq!(server.handle().rotate(Rotation::new()).unwrap(), 1);
    assert_eq!(server.handle().status().rotations(), 0);
}

fn a_client_rotates_as_a_server_does<B: ClientBackend>(backend: fn() -> B) {
    let (cast, other) = (Cast::assemble(), Cast::assemble());
    let client = client_of(&cast).build(backend()).unwrap();
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let elsewhere = server_of(&other).build(Rustls::default()).unwrap();
    assert!(meet(&client, &server).0.is_ok());
    let unknown = meet(&client, &elsewhere).0.map(drop).unwrap_err();
    assert_eq!(
        unknown.rejection().unwrap().reason(),
        RejectionReason::UnknownIssuer
    );
    let next = Rotation::new()
        .identity(identity(&other.alice))
        .trust_anchors(anchors(&[&other.root]));
    assert_eq!(client.clone().handle().rotate(next).unwrap(), 2);
    let (connected, served) = meet(&client, &elsewhere);
    assert_eq!(connected.unwrap().revision(), 2);
    assert_eq!(served.unwrap().peer().chain(), other.alice.chain);
    let unknown = meet(&client, &server).0.map(drop).unwrap_err();
    assert_eq!(
        unknown.rejection().unwrap().reason(),
        RejectionReason::UnknownIssuer
    );
}

fn a_handshake_ends_under_the_revision_that_it_began_under<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(backend()).unwrap();
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    let (near, far) = socket_pair();
    let (began, waits) = Began::new(far);
    let mut served = thread::scope(|scope| {
        let served = scope.spawn(|| server.accept(mtls::connection::WithoutTimeout(began)));
        // The server waits for the client's first byte while its revision is replaced.
        waits.recv().unwrap();
        let rejects_all = VerifierPolicy::allow(PeerMatcher::dns("unused.test").unwrap());
        assert_eq!(
            server
                .handle()
                .rotate(Rotation::new().policy(rejects_all))
                .unwrap(),
            2
        );
        client.connect("localhost", near).unwrap().close().unwrap();
        served.join().unwrap().unwrap()
    });
    assert_eq!(served.revision(), 1);
    assert_eq!(served.read(&mut [0]).unwrap(), 0);
    assert_eq!(
        rejection(meet(&client, &server).1),
        RejectionReason::NotAuthorized
    );
}

fn clones_rotate_together<B: ServerBackend>(backend: fn() -> B) {
    let cast = Cast::assemble();
    let server = server_of(&cast).build(backend()).unwrap();
    let copy = server.clone();
    server
        .handle()
        .rotate(Rotation::new().identity(identity(&renewed(&cast))))
        .unwrap();
    assert_eq!(copy.handle().status().revision(), 2);
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert_eq!(meet(&client, &copy).1.unwrap().revision(), 2);
}

fn renewed(cast: &Cast) -> Credential {
    let renewed = Leaf::named("server renewed").dns("localhost").server();
    renewed
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate)
}

/// A transport that says when it is first read.
struct Began {
    socket: TcpStream,
    first: Option<Sender<()>>,
}

impl Began {
    fn new(socket: TcpStream) -> (Self, Receiver<()>) {
        let (first, waits) = channel();
        let first = Some(first);
        (Self { socket, first }, waits)
    }
}

impl Read for Began {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(first) = self.first.take() {
            first.send(()).unwrap();
        }
        self.socket.read(buf)
    }
}

impl Write for Began {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.socket.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

#[test]
fn an_observer_may_rotate_and_ask_for_the_status() {
    let cast = Cast::assemble();
    let server: Arc<OnceLock<MtlsServer<Rustls>>> = Arc::default();
    let theirs = Arc::clone(&server);
    let builder = server_of(&cast).observer(move |event| {
        let (Event::Rotated { revision: 2, .. }, Some(server)) = (event, theirs.get()) else {
            return;
        };
        assert_eq!(server.handle().status().revision(), 2);
        let alice = VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
        assert_eq!(
            server
                .handle()
                .rotate(Rotation::new().policy(alice))
                .unwrap(),
            3
        );
    });
    server
        .set(builder.build(Rustls::default()).unwrap())
        .unwrap();
    let server = server.get().unwrap();
    let next = Rotation::new().identity(identity(&renewed(&cast)));
    assert_eq!(server.handle().rotate(next).unwrap(), 2);
    assert_eq!(server.handle().status().revision(), 3);
}
