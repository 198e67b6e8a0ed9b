//! A source on command.

use std::time::Duration;

use mtls::test_util::{TestCa, TestSource, connect_pair};
use mtls::{MtlsServer, Rotation, Rustls, VerifierPolicy};

use crate::{NAME, client_builder, wait_until};

const AT_MOST: Duration = Duration::from_secs(20);

fn material(ca: &TestCa) -> Rotation {
    Rotation::new()
        .identity(ca.leaf("server").dns(NAME).issue())
        .trust_anchors(ca.anchors())
}

fn server(source: &TestSource) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .source(source.clone())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

#[test]
fn it_publishes_and_fails() {
    let ca = TestCa::new("Example CA");
    let source = TestSource::new(material(&ca));
    let server = server(&source);
    let status = || server.handle().status();
    source.publish(material(&ca));
    wait_until("the second revision", || status().revision() == 2);
    source.fail("the disk is gone");
    wait_until("a failure", || status().last_failure().is_some());
    assert_eq!(status().revision(), 2);
    let failure = status();
    let failure = failure.last_failure().unwrap();
    assert!(
        format!("{failure:?}").contains("the disk is gone"),
        "{failure:?}"
    );
    source.publish(material(&ca));
    wait_until("the third revision", || status().revision() == 3);
}

#[test]
fn a_stalled_poll_changes_nothing_until_it_is_released() {
    let ca = TestCa::new("Example CA");
    let source = TestSource::new(material(&ca));
    let server = server(&source);
    source.stall();
    assert!(source.wait_for_poll(AT_MOST) || source.polls() > 1);
    source.publish(material(&ca));
    // Handshakes go on.
    let client = client_builder(&ca).build(Rustls::default()).unwrap();
    let (connected, accepted) = connect_pair(&client, &server, NAME);
    assert!(connected.is_ok() && accepted.is_ok());
    assert_eq!(server.handle().status().revision(), 1);
    source.release();
    wait_until("the second revision", || {
        server.handle().status().revision() == 2
    });
}

#[test]
fn a_server_that_is_dropped_does_not_wait_for_a_stalled_poll() {
    let ca = TestCa::new("Example CA");
    let source = TestSource::new(material(&ca));
    let server = server(&source);
    let polls = source.polls();
    source.stall();
    wait_until("the stalled poll", || source.polls() > polls);
    drop(server);
    // The poll returns by itself: the source is free again.
    source.release();
    assert!(source.polls() > polls);
}

#[test]
fn what_is_withdrawn_serves_no_longer() {
    let ca = TestCa::new("Example CA");
    let source = TestSource::new(material(&ca));
    let server = server(&source);
    source.withdraw();
    wait_until("the withdrawal", || server.handle().status().is_withdrawn());
    let client = client_builder(&ca).build(Rustls::default()).unwrap();
    assert!(connect_pair(&client, &server, NAME).1.is_err());
    source.publish(material(&ca));
    wait_until("the new identity", || {
        !server.handle().status().is_withdrawn()
    });
    assert!(connect_pair(&client, &server, NAME).1.is_ok());
}
