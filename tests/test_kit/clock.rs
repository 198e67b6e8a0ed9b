//! A clock that a test sets, on both sides and on both backends.

use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::pki_types::UnixTime;
use mtls::test_util::{TestCa, TestClock, connect_pair};
use mtls::{HandshakeError, OpenSsl, RejectionReason, Rustls};

use crate::{NAME, client_builder, server_builder};

const MONTH: Duration = Duration::from_secs(31 * 86_400);

fn reason<T: std::fmt::Debug>(result: Result<T, HandshakeError>) -> RejectionReason {
    match result {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!("{other:?}"),
    }
}

fn decides(by_client: impl ClientBackend, by_server: impl ServerBackend) {
    let ca = TestCa::new("Example CA");
    let (near, far) = (TestClock::now(), TestClock::now());
    let client = client_builder(&ca).clock(near.reader());
    let client = client.build(by_client).unwrap();
    let server = server_builder(&ca).clock(far.reader());
    let server = server.build(by_server).unwrap();
    let meet = || connect_pair(&client, &server, NAME);
    let (connected, accepted) = meet();
    assert!(connected.is_ok() && accepted.is_ok());
    near.advance(MONTH);
    assert_eq!(reason(meet().0), RejectionReason::Expired);
    near.set(far.time());
    far.advance(MONTH);
    assert_eq!(reason(meet().1), RejectionReason::Expired);
    far.set(UnixTime::since_unix_epoch(Duration::from_secs(1)));
    assert_eq!(reason(meet().1), RejectionReason::NotYetValid);
    far.set(near.time());
    let (connected, accepted) = meet();
    assert!(connected.is_ok() && accepted.is_ok());
}

#[test]
fn on_rustls() {
    decides(Rustls::default(), Rustls::default());
}

#[test]
fn on_openssl() {
    decides(OpenSsl::default(), OpenSsl::default());
}

#[test]
fn it_stands_still() {
    let clock = TestClock::at(UnixTime::since_unix_epoch(Duration::from_secs(7)));
    let reader = clock.reader();
    clock.clone().advance(Duration::from_millis(2900));
    assert_eq!((reader().as_secs(), clock.time().as_secs()), (9, 9));
}
