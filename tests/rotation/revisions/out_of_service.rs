//! `OnExpiry` and `OnSourceLost`: a side out of service says so, on every way into a handshake.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::rotation::{OnExpiry, OnSourceLost, SourceError};
use mtls::{HandshakeError, MtlsClient, OpenSsl, RejectionReason, Rotation, Rustls};

use crate::common::on_one_line;
use crate::common::pki::{Cast, Leaf, Validity};
use crate::common::raw::socket_pair;
use crate::stage::{Clock, client_of, eventually, identity, meet, rejection, server_of};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A cast whose server's certificate lasts for a month, and whose others last longer than the tests' clocks go.
fn cast() -> Cast {
    let mut cast = Cast::assemble();
    let now = time::OffsetDateTime::now_utc();
    let long = Validity {
        not_before: (now - time::Duration::hours(1)).into(),
        not_after: (now + time::Duration::days(3650)).into(),
    };
    let root = crate::common::pki::AuthorityBuilder::named("Rhea")
        .validity(long)
        .self_signed();
    cast.server = Leaf::named("server")
        .dns("localhost")
        .server()
        .issued_by(&root);
    cast.alice = Leaf::named("alice")
        .client()
        .validity(long)
        .issued_by(&root);
    cast.root = root;
    cast
}

#[test]
fn an_expired_identity_serves_on_or_rejects_as_was_chosen() {
    fn on<B: ServerBackend + Default>() {
        let cast = cast();
        let raw =
            |server: &mtls::MtlsServer<B>, client: &MtlsClient<Rustls>| meet(client, server).1;
        for (choice, rejects) in [(OnExpiry::KeepServing, false), (OnExpiry::Reject, true)] {
            let clock = Clock::now();
            let server = server_of(&cast).on_expiry(choice).clock(clock.read());
            let server = server.build(B::default()).unwrap();
            // The client's own clock has stopped, so that it does not reject the server by itself.
            let client = client_of(&cast).build(Rustls::default()).unwrap();
            assert!(raw(&server, &client).is_ok());
            clock.advance(YEAR);
            if rejects {
                assert_eq!(
                    rejection(raw(&server, &client)),
                    RejectionReason::NotServing
                );
            } else {
                assert!(raw(&server, &client).is_ok());
            }
            // A valid identity brings it back.
            let now = time::OffsetDateTime::now_utc();
            let next = Leaf::named("server")
                .dns("localhost")
                .server()
                .validity(Validity {
                    not_before: (now - time::Duration::hours(1)).into(),
                    not_after: (now + time::Duration::days(700)).into(),
                });
            let next = identity(&next.issued_by(&cast.root));
            server
                .handle()
                .rotate(Rotation::new().identity(next))
                .unwrap();
            assert!(raw(&server, &client).is_ok());
        }
    }
    on::<Rustls>();
    on::<OpenSsl>();
}

#[test]
fn anonymous_clients_are_rejected_as_well() {
    fn on<B: ServerBackend + Default>() {
        let cast = cast();
        let clock = Clock::now();
        let server = server_of(&cast)
            .on_expiry(OnExpiry::Reject)
            .clock(clock.read());
        let server = server.optional_client_auth().build(B::default()).unwrap();
        let anonymous = || {
            let (near, far) = socket_pair();
            let peer = crate::common::raw::Peer::new(crate::common::raw::Version::Tls13);
            let client = crate::common::raw::tools()[0].call_over(near, peer);
            let served = server.accept(far);
            drop(client);
            served
        };
        assert!(anonymous().unwrap().peer().is_none());
        clock.advance(YEAR);
        match anonymous() {
            Err(HandshakeError::Rejected(rejection)) => {
                assert_eq!(rejection.reason(), RejectionReason::NotServing);
            }
            other => panic!("{:?}", other.map(|_| "served")),
        }
    }
    on::<Rustls>();
    on::<OpenSsl>();
}

#[test]
fn a_client_out_of_service_rejects_every_server() {
    fn on<B: ClientBackend + Default>() {
        let mut cast = cast();
        // The other way round: the client's certificate is the one that runs out.
        let now = time::OffsetDateTime::now_utc();
        let long = Validity {
            not_before: (now - time::Duration::hours(1)).into(),
            not_after: (now + time::Duration::days(3650)).into(),
        };
        cast.server = Leaf::named("server")
            .dns("localhost")
            .server()
            .validity(long)
            .issued_by(&cast.root);
        cast.alice = Leaf::named("alice").client().issued_by(&cast.root);
        let clock = Clock::now();
        let client = client_of(&cast)
            .on_expiry(OnExpiry::Reject)
            .clock(clock.read());
        let client = client.build(B::default()).unwrap();
        let server = server_of(&cast).build(Rustls::default()).unwrap();
        assert!(meet(&client, &server).0.is_ok());
        clock.advance(YEAR);
        let rejected = meet(&client, &server).0.map(drop).unwrap_err();
        assert_eq!(
            rejected.rejection().unwrap().reason(),
            RejectionReason::NotServing
        );
    }
    on::<Rustls>();
    on::<OpenSsl>();
}

#[test]
fn the_configuration_of_rustls_rejects_by_itself() {
    let cast = cast();
    let clock = Clock::now();
    let server = server_of(&cast)
        .on_expiry(OnExpiry::Reject)
        .clock(clock.read());
    let config = server
        .optional_client_auth()
        .build(Rustls::default())
        .unwrap()
        .config();
    clock.advance(YEAR);
    let (near, mut far) = socket_pair();
    let peer = crate::common::raw::Peer::new(crate::common::raw::Version::Tls13);
    let client = crate::common::raw::tools()[0].call_over(near, peer);
    let mut connection = rustls::ServerConnection::new(config).unwrap();
    let rejected = connection.complete_io(&mut far).unwrap_err();
    assert!(
        rejected.to_string().contains("no server certificate"),
        "{rejected}"
    );
    drop(far);
    assert!(!client.outcome().accepted());
}

#[test]
fn a_lost_source_serves_on_or_rejects_as_was_chosen() {
    let cast = cast();
    for (choice, rejects) in [
        (OnSourceLost::KeepServing, false),
        (OnSourceLost::RejectAfter(Duration::from_millis(400)), true),
    ] {
        let is_lost = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(0));
        let (lost, count) = (Arc::clone(&is_lost), Arc::clone(&asked));
        let source = super::sources::from_fn(move |_| {
            *count.lock().unwrap() += 1;
            if lost.load(Ordering::SeqCst) {
                Err(SourceError::from("the vault is sealed"))
            } else {
                Ok(Rotation::new())
            }
        });
        let server = server_of(&cast)
            .source(source)
            .poll_interval(Duration::from_millis(50));
        let server = server
            .on_source_lost(choice)
            .build(Rustls::default())
            .unwrap();
        let client = client_of(&cast).build(Rustls::default()).unwrap();
        is_lost.store(true, Ordering::SeqCst);
        let before = *asked.lock().unwrap();
        eventually("asked again", || *asked.lock().unwrap() > before + 3);
        if rejects {
            eventually("rejected", || meet(&client, &server).1.is_err());
            let rejected = rejection(meet(&client, &server).1);
            assert_eq!(rejected, RejectionReason::NotServing);
            let reported = on_one_line(server.handle().status().last_failure().unwrap());
            assert!(reported.contains("the vault is sealed"), "{reported}");
            is_lost.store(false, Ordering::SeqCst);
            eventually("back in service", || meet(&client, &server).1.is_ok());
            assert!(server.handle().status().last_failure().is_none());
        } else {
            assert!(meet(&client, &server).1.is_ok());
        }
        thread::yield_now();
    }
}

#[test]
fn settings_that_cannot_work_are_rejected() {
    let cast = cast();
    let built = |builder: mtls::ServerBuilder| builder.build(Rustls::default()).unwrap_err();
    let lost = OnSourceLost::RejectAfter(Duration::from_secs(5));
    let error = built(server_of(&cast).on_source_lost(lost)).to_string();
    assert!(error.contains("there is no source"), "{error}");
    let source = || super::sources::from_fn(|_| Ok(Rotation::new()));
    let error = built(server_of(&cast).source(source()).on_source_lost(lost)).to_string();
    assert!(error.contains("longer than `poll_interval`"), "{error}");
    let error = built(
        server_of(&cast)
            .source(source())
            .poll_interval(Duration::ZERO),
    );
    assert!(error.to_string().contains("the time is zero"), "{error}");
}
