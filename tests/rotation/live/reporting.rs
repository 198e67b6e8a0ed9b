//! Callers' code that takes its time, which is its own affair.

use std::io::Read;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

use mtls::connection::{LiveConnections, ProtocolVersion};
use mtls::{Event, Rotation, Rustls};

use super::{
    Cause, LIMIT, Stage, assert_aborted, assert_ends, everyone, meet, plain_client, wait_until,
};
use crate::common::pki::Leaf;

const TLS13: ProtocolVersion = ProtocolVersion::Tls13;
/// More than are verified at once.
const PEERS: usize = 20;

/// Clients of as many peers, each verified for itself.
fn clients(stage: &Stage) -> Vec<mtls::MtlsClient<Rustls>> {
    let peers = (0..PEERS).map(|number| {
        let leaf = Leaf::named(&format!("peer {number}")).dns("peer.test");
        let leaf = leaf.client().issued_by(&stage.cast.intermediate);
        plain_client(stage, &leaf.with(&stage.cast.intermediate))
    });
    peers.collect()
}

/// None of the callbacks returns before all are closed, and others were verified.
#[test]
fn a_callback_that_blocks_does_not_delay_closing() {
    let stage = Stage::new();
    let server = stage.server(TLS13, LiveConnections::Close);
    let server = server.build(Rustls::default()).unwrap();
    let clients = clients(&stage);
    let pairs: Vec<_> = clients.iter().map(|c| meet(c, &server)).collect();
    let (release, released) = channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let (calls, called) = channel();
    for (number, (_, served)) in pairs.iter().enumerate() {
        let (released, calls) = (released.clone(), calls.clone());
        served.connection().on_end(move |_| {
            calls.send((number, thread::current().id())).unwrap();
            // Until the other end is dropped, which the test does or dies.
            let _ = released.lock().unwrap().recv();
        });
    }
    stage.strike(&server, Cause::PolicyNarrowed);
    let first = called.recv_timeout(LIMIT).expect("no callback was called");
    for (client, mut served) in pairs {
        assert!(served.connection().wait(LIMIT).is_some());
        assert_aborted(served.read(&mut [0; 1]), Cause::PolicyNarrowed.reason());
        assert_ends(client);
    }
    // Later ones are, too.
    server
        .handle()
        .rotate(Rotation::new().policy(stage.policy(everyone())))
        .unwrap();
    let (client, served) = meet(&clients[0], &server);
    stage.strike(&server, Cause::PolicyNarrowed);
    assert!(served.connection().wait(LIMIT).is_some());
    assert_ends(client);
    assert!(called.try_recv().is_err() && stage.received().is_empty());

    drop(release);
    let rest = (1..PEERS).map(|_| called.recv_timeout(LIMIT).expect("one is not called"));
    let all: Vec<_> = std::iter::once(first).chain(rest).collect();
    let mut numbers: Vec<_> = all.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..PEERS).collect::<Vec<_>>());
    assert!(all.iter().all(|(_, thread)| *thread == first.1));
    wait_until("the observer hears of all", || {
        stage.received().len() == PEERS + 1
    });
}

#[test]
fn an_observer_that_blocks_does_not_delay_closing() {
    let stage = Stage::new();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let (hears, received) = channel();
    let server = stage
        .server(TLS13, LiveConnections::Close)
        .observer(move |event| {
            if let Event::ConnectionEnding { connection, .. } = event {
                hears.send(connection.peer().unwrap().subject()).unwrap();
                let _ = released.lock().unwrap().recv();
            }
        })
        .build(Rustls::default())
        .unwrap();
    let clients = clients(&stage);
    let pairs: Vec<_> = clients.iter().map(|c| meet(c, &server)).collect();
    stage.strike(&server, Cause::PolicyNarrowed);
    received.recv_timeout(LIMIT).expect("it receives no event");
    for (client, served) in pairs {
        assert!(served.connection().wait(LIMIT).is_some());
        assert_ends(client);
    }
    assert!(received.try_recv().is_err());
    drop(release);
    for _ in 1..PEERS {
        received.recv_timeout(LIMIT).expect("it hears of too few");
    }
}
