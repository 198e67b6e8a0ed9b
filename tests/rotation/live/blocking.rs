//! Servers with blocking streams.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::connection::{LiveConnections, ProtocolVersion, Transport, WithoutTimeout};
use mtls::{MtlsServer, PeerMatcher, Rotation};

use super::{
    Cause, Stage, alice, assert_aborted, assert_ends, assert_talks, everyone, meet,
    on_every_server, plain_client, wait_until,
};
use crate::common::pki::Leaf;
use crate::common::raw::{LIMIT, socket_pair};

#[test]
fn are_notified() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        for cause in Cause::ALL {
            let stage = Stage::new();
            let server = stage.server(version, LiveConnections::Notify);
            let server = server.build(B::default()).unwrap();
            let (mut client, mut served) = meet(&alice(&stage), &server);
            let live = served.connection().clone();
            assert!(live.end_reason().is_none());
            assert_eq!(live.wait(Duration::from_millis(1)), None);
            let (called, calls) = channel();
            live.on_end(move |reason| called.send(reason.rejection().unwrap().reason()).unwrap());

            stage.strike(&server, cause);
            let rejection = live.wait(LIMIT).expect("never notified").clone();
            assert_eq!(
                rejection.rejection().unwrap().reason(),
                cause.reason(),
                "{rejection}"
            );
            assert_eq!(live.end_reason(), Some(&rejection));
            assert_eq!(calls.recv_timeout(LIMIT), Ok(cause.reason()));
            wait_until("the observer hears of it", || {
                stage.received() == [("spiffe://prod.test/alice".to_owned(), cause.reason())]
            });
            assert_eq!(server.handle().tracked_connections(), 0);
            // A notified connection is not closed.
            assert_talks(&mut client, &mut served);
            assert!(calls.try_recv().is_err(), "called twice");
        }
    }
    on_every_server!(test);
}

#[test]
fn are_closed_while_they_read() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        for cause in Cause::ALL {
            let stage = Stage::new();
            let server = stage.server(version, LiveConnections::Close);
            let server = server.build(B::default()).unwrap();
            let (client, mut served) = meet(&alice(&stage), &server);
            thread::scope(|scope| {
                let read = scope.spawn(|| {
                    assert_aborted(served.read(&mut [0; 8]), cause.reason());
                    served
                });
                let ended = scope.spawn(|| assert_ends(client));
                stage.strike(&server, cause);
                let mut served = read.join().unwrap();
                // While the stream is still there.
                ended.join().unwrap();
                assert_aborted(served.read(&mut [0; 8]), cause.reason());
                assert_aborted(served.write(b"more"), cause.reason());
                assert_aborted(served.flush(), cause.reason());
                assert_aborted(served.close(), cause.reason());
            });
        }
    }
    on_every_server!(test);
}

#[test]
fn give_nothing_that_was_decrypted_before() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        let (mut client, mut served) = meet(&alice(&stage), &server);
        client.write_all(&[7; 100]).unwrap();
        client.flush().unwrap();
        // The record is decrypted as a whole.
        served.read_exact(&mut [0; 1]).unwrap();
        let live = served.connection().clone();
        stage.strike(&server, Cause::PolicyNarrowed);
        live.wait(LIMIT).expect("never notified");
        let mut buffer = [0; 8];
        assert_aborted(served.read(&mut buffer), Cause::PolicyNarrowed.reason());
        assert_eq!(buffer, [0; 8]);
    }
    on_every_server!(test);
}

#[test]
fn without_a_closer_are_closed_at_the_next_use() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        let (near, far) = socket_pair();
        let client = thread::scope(|scope| {
            let client = scope.spawn(|| alice(&stage).connect("localhost", near).unwrap());
            let mut served = server.accept(WithoutTimeout(far)).unwrap();
            let client = client.join().unwrap();
            let live = served.connection().clone();
            stage.strike(&server, Cause::PolicyNarrowed);
            live.wait(LIMIT).expect("never notified");
            assert_aborted(served.write(b"more"), Cause::PolicyNarrowed.reason());
            client
        });
        assert_ends(client);
    }
    on_every_server!(test);
}

#[test]
fn that_may_stay_do_not_notice() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        let stage = Stage::new();
        let server = stage.server(version, LiveConnections::Close);
        let server = server.build(B::default()).unwrap();
        let bob = Leaf::named("bob").dns("bob.test").client();
        let bob = bob
            .issued_by(&stage.cast.intermediate)
            .with(&stage.cast.intermediate);
        let (mut client, mut served) = meet(&plain_client(&stage, &bob), &server);
        let (others, mut rejected) = meet(&alice(&stage), &server);
        for round in 0..20 {
            let policy = match round % 2 {
                0 => stage.policy(everyone()),
                _ => stage.policy(PeerMatcher::dns("bob.test").unwrap()),
            };
            let rotation = Rotation::new().policy(policy);
            let rotation = match round {
                5 => rotation.revocation_lists(stage.lists(Some(&stage.cast.alice))),
                _ => rotation,
            };
            server.handle().rotate(rotation).unwrap();
            assert_talks(&mut client, &mut served);
        }
        assert_aborted(rejected.read(&mut [0; 8]), rejected_by(&rejected));
        assert_ends(others);
        let live = served.connection();
        assert_eq!(live.wait(Duration::from_millis(50)), None);
        assert_eq!(server.handle().tracked_connections(), 1);
        assert_talks(&mut client, &mut served);
    }
    fn rejected_by<B: ServerBackend>(stream: &super::Stream<B>) -> mtls::RejectionReason {
        let live = stream.connection();
        live.wait(LIMIT)
            .expect("never notified")
            .rejection()
            .unwrap()
            .reason()
    }
    on_every_server!(test);
}

/// A transport that says when the first byte is wanted, and waits.
struct Gate<F> {
    socket: TcpStream,
    at_first: Option<F>,
}

impl<F: FnOnce()> Read for Gate<F> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if let Some(at_first) = self.at_first.take() {
            at_first();
        }
        self.socket.read(buf)
    }
}

impl<F> Write for Gate<F> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.socket.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.socket.flush()
    }
}

impl<F: FnOnce() + Send> Transport for Gate<F> {
    fn read_timeout(&self) -> std::io::Result<Option<Duration>> {
        self.socket.read_timeout()
    }

    fn write_timeout(&self) -> std::io::Result<Option<Duration>> {
        self.socket.write_timeout()
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> std::io::Result<()> {
        self.socket.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> std::io::Result<()> {
        self.socket.set_write_timeout(timeout)
    }

    fn shutdown_write(&self) -> std::io::Result<()> {
        Transport::shutdown_write(&self.socket)
    }

    fn shutdown_handle(&self) -> std::io::Result<Option<Box<dyn FnOnce() + Send>>> {
        self.socket.shutdown_handle()
    }
}

/// The handshake begins under the first revision and ends after the second was published.
#[test]
fn that_a_rotation_overtakes_are_verified_by_it() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        // Where others are tracked, the thread is busy or asleep; where none is, it does not run.
        for has_others in [false, true] {
            let stage = Stage::new();
            let server: MtlsServer<B> = stage
                .server(version, LiveConnections::Close)
                .build(B::default())
                .unwrap();
            let bob = Leaf::named("bob").dns("other.test").client();
            let bob = bob
                .issued_by(&stage.cast.intermediate)
                .with(&stage.cast.intermediate);
            let bob = plain_client(&stage, &bob);
            let _others = has_others.then(|| meet(&bob, &server));
            let (near, far) = socket_pair();
            let gate = Gate {
                socket: far,
                at_first: Some(|| stage.strike(&server, Cause::PolicyNarrowed)),
            };
            thread::scope(|scope| {
                let client = scope.spawn(|| alice(&stage).connect("localhost", near).unwrap());
                let mut served = server.accept(gate).unwrap();
                assert_eq!(served.revision(), 1);
                assert_eq!(server.handle().status().revision(), 2);
                assert_aborted(served.read(&mut [0; 8]), Cause::PolicyNarrowed.reason());
                assert_ends(client.join().unwrap());
            });
        }
    }
    on_every_server!(test);
}

/// The intermediate ends before the leaf.
#[test]
fn are_closed_when_what_proves_the_peer_expires() {
    fn test<B: ServerBackend + Default>(version: ProtocolVersion) {
        use crate::common::pki::{AuthorityBuilder, Validity};
        let stage = Stage::new();
        let end = i64::try_from(pki_types::UnixTime::now().as_secs()).unwrap() + 3600;
        let short = AuthorityBuilder::named("Short")
            .validity(Validity::between_unix(end - 7200, end))
            .issued_by(&stage.cast.root);
        let carol = Leaf::named("carol").dns("carol.test").client();
        let carol = carol.issued_by(&short).with(&short);
        let server = MtlsServer::builder()
            .identity(super::identity(&stage.cast.server))
            .trust_anchors(super::anchors(&[&stage.cast.root]))
            .policy(mtls::VerifierPolicy::allow_any_authenticated())
            .protocol_versions([version])
            .clock(stage.clock())
            .live_connections(LiveConnections::Close)
            .build(B::default())
            .unwrap();
        let (client, mut served) = meet(&plain_client(&stage, &carol), &server);
        stage.ahead.store(3500, std::sync::atomic::Ordering::SeqCst);
        // Longer than it takes to look at the clock.
        let live = served.connection();
        assert_eq!(live.wait(Duration::from_millis(1500)), None);
        stage.ahead.store(3602, std::sync::atomic::Ordering::SeqCst);
        let began = std::time::Instant::now();
        assert_aborted(served.read(&mut [0; 8]), Cause::Expired.reason());
        assert!(began.elapsed() < Duration::from_secs(3));
        assert_ends(client);
    }
    on_every_server!(test);
}
