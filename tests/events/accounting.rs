//! The observer accounts for every connection: one event for each handshake, however it ends.
//!
//! A few hundred handshakes run with the other tests; `MTLS_EVENT_HANDSHAKES=10000` runs that many.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use mtls::backend::ServerBackend;
use mtls::connection::{ConnectionId, Side};
use mtls::event::HandshakeOutcome;
use mtls::{Event, HandshakeError, OpenSsl, RejectionReason, Rustls};

use super::callers::{self, Callers, KINDS, each};

type Outcome = (String, Option<RejectionReason>);

/// What the observer has counted.
#[derive(Default)]
struct Counted {
    outcomes: HashMap<Outcome, usize>,
    addresses: BTreeMap<ConnectionId, Option<SocketAddr>>,
    accepted: Vec<ConnectionId>,
    ended: Vec<ConnectionId>,
}

impl Counted {
    fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Handshake(handshake) => {
                assert_eq!((handshake.side, handshake.revision), (Side::Server, 1));
                let known = self
                    .addresses
                    .insert(handshake.connection, handshake.remote_addr);
                assert!(known.is_none(), "one number for two connections");
                let reason = match handshake.outcome {
                    HandshakeOutcome::Failed(HandshakeError::Rejected(rejection)) => {
                        Some(rejection.reason())
                    }
                    HandshakeOutcome::Accepted(info) => {
                        assert_eq!(info.id(), handshake.connection);
                        self.accepted.push(info.id());
                        None
                    }
                    _ => None,
                };
                let outcome = (handshake.outcome.as_str().to_owned(), reason);
                *self.outcomes.entry(outcome).or_default() += 1;
            }
            Event::ConnectionEnded { connection, .. } => self.ended.push(connection.id()),
            other => panic!("{other:?}"),
        }
    }
}

fn everything_is_counted<B: ServerBackend>(backend: B, is_async: bool, each: usize) {
    let callers = Callers::new();
    let counted = Arc::new(Mutex::new(Counted::default()));
    let seen = Arc::clone(&counted);
    let server = callers::strict_server(&callers)
        .observer(move |event| seen.lock().unwrap().see(event))
        .build(backend)
        .unwrap();
    let mut addresses = callers::play(&callers, &server, is_async, each);
    let counted = counted.lock().unwrap();
    let mut expected: HashMap<Outcome, usize> = HashMap::new();
    for kind in KINDS {
        let (outcome, reason) = kind.expected();
        *expected.entry((outcome.to_owned(), reason)).or_default() += each;
    }
    assert_eq!(counted.outcomes, expected);
    let mut known: Vec<_> = counted.addresses.values().map(|a| a.unwrap()).collect();
    // A client that has hung up has no address any more.
    known.sort_unstable();
    addresses.sort_unstable();
    assert_eq!(known, addresses);
    let (mut accepted, mut ended) = (counted.accepted.clone(), counted.ended.clone());
    accepted.sort_unstable();
    ended.sort_unstable();
    assert_eq!((accepted.len(), &accepted), (2 * each, &ended));
}

#[test]
fn every_handshake_is_counted_once_on_rustls() {
    everything_is_counted(Rustls::default(), false, each());
    everything_is_counted(Rustls::default(), true, each());
}

#[test]
fn every_handshake_is_counted_once_on_openssl() {
    everything_is_counted(OpenSsl::default(), false, each());
    everything_is_counted(OpenSsl::default(), true, each());
}
