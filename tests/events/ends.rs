//! How the end of a stream's connection is reported.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::thread;

use mtls::connection::LiveConnections;
use mtls::event::EndCause;
use mtls::{Event, MtlsClient, MtlsServer, PeerMatcher, Rotation, Rustls, VerifierPolicy};

use super::common::pki::Cast;
use super::{LIMIT, Stream, client, meet, server, wait_until};

/// A client, and a server whose observer keeps the causes.
struct Stage {
    client: MtlsClient<Rustls>,
    server: MtlsServer<Rustls>,
    causes: Arc<Mutex<Vec<EndCause>>>,
}

impl Stage {
    fn new() -> Self {
        let (cast, causes) = (Cast::assemble(), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&causes);
        let server = server(&cast)
            .live_connections(LiveConnections::Close)
            .observer(move |event| {
                if let Event::ConnectionEnded {
                    connection, cause, ..
                } = event
                {
                    assert!(connection.peer().is_some() && connection.session().is_some());
                    seen.lock().unwrap().push(*cause);
                }
            });
        Self {
            client: client(&cast).build(Rustls::default()).unwrap(),
            server: server.build(Rustls::default()).unwrap(),
            causes,
        }
    }

    /// Lets the two ends do something, and returns how the server's is reported.
    fn ends(&self, act: impl FnOnce(Stream<Rustls>, &mut Stream<Rustls>)) -> EndCause {
        let (near, mut far) = meet(&self.client, &self.server);
        act(near, &mut far);
        drop(far);
        let mut causes = self.causes.lock().unwrap();
        assert_eq!(causes.len(), 1, "{causes:?}");
        causes.remove(0)
    }
}

#[test]
fn each_end_has_its_cause() {
    let stage = Stage::new();
    let closed = stage.ends(|mut near, far| {
        let reading = thread::spawn(move || near.read(&mut [0]).map(|_| near.close()));
        far.close().unwrap();
        reading.join().unwrap().unwrap().unwrap();
    });
    assert_eq!(closed, EndCause::Closed);
    let by_peer = stage.ends(|mut near, far| {
        let closing = thread::spawn(move || near.close());
        assert_eq!(far.read(&mut [0]).unwrap(), 0);
        far.close().unwrap();
        closing.join().unwrap().unwrap();
    });
    assert_eq!(by_peer, EndCause::ClosedByPeer);
    let cut = stage.ends(|near, far| {
        near.get_ref().shutdown(Shutdown::Both).unwrap();
        assert!(far.read(&mut [0]).is_err());
    });
    assert_eq!(cut, EndCause::Cut);
    assert_eq!(stage.ends(|_, _| {}), EndCause::Dropped);
    let failed = stage.ends(|near, far| {
        near.into_inner()
            .write_all(&[23, 3, 3, 0, 20].repeat(9))
            .unwrap();
        assert!(far.read(&mut [0]).is_err());
    });
    assert_eq!(failed, EndCause::Failed);
    let rejected = stage.ends(|_near, far| {
        let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
        let rotation = Rotation::new().policy(policy);
        stage.server.handle().rotate(rotation).unwrap();
        far.connection().wait(LIMIT).expect("it is rejected");
        assert!(far.read(&mut [0]).is_err());
    });
    assert_eq!(rejected, EndCause::Rejected);
}

/// A client learns of its rejection in TLS 1.3 only after its handshake was accepted.
#[test]
fn a_late_rejection_is_an_end_by_the_peer() {
    let (cast, causes) = (Cast::assemble(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&causes);
    let client = client(&cast).observer(move |event| match event {
        Event::ConnectionEnded { cause, .. } => seen.lock().unwrap().push(cause.as_str()),
        Event::Handshake(handshake) => seen.lock().unwrap().push(handshake.outcome.as_str()),
        _ => {}
    });
    let client = client.build(Rustls::default()).unwrap();
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    let server = server(&cast).policy(policy);
    let server = server.build(Rustls::default()).unwrap();
    let (near, far) = super::pair();
    let serving = thread::spawn(move || server.accept(far).map(drop));
    let mut stream = client.connect("localhost", near).unwrap();
    assert!(stream.read(&mut [0]).is_err());
    drop(stream);
    assert!(serving.join().unwrap().is_err());
    assert_eq!(*causes.lock().unwrap(), ["accepted", "rejected_by_peer"]);
}

#[test]
fn who_has_to_go_is_reported_with_its_number() {
    let stage = Stage::new();
    let cast = Cast::assemble();
    let ending = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ending);
    let server = server(&cast)
        .live_connections(LiveConnections::Notify)
        .observer(move |event| {
            if let Event::ConnectionEnding {
                connection, reason, ..
            } = event
            {
                let mut seen = seen.lock().unwrap();
                seen.push((connection.id(), reason.rejection().is_some()));
            }
        });
    let server = server.build(Rustls::default()).unwrap();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (_near, far) = meet(&client, &server);
    let policy = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    wait_until("the observer receives it", || {
        !ending.lock().unwrap().is_empty()
    });
    assert_eq!(*ending.lock().unwrap(), [(far.connection().id(), true)]);
    drop(stage);
}
