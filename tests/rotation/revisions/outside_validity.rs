//! An own certificate that has expired or is not valid yet when a client or server is built.

use std::time::Duration;

use mtls::material::IdentityWarning;
use mtls::rotation::SelfValidity;
use mtls::{BuildError, MtlsIdentity, OpenSsl, Rotation, Rustls};

use crate::common::pki::{Cast, Credential, Leaf, Validity};
use crate::stage::{Clock, Received, client_of, identity, server_of};

fn ours(cast: &Cast, validity: Validity) -> Credential {
    let leaf = Leaf::named("ours").dns("localhost").server().client();
    leaf.validity(validity).issued_by(&cast.root)
}

/// Each validity that is not now, and what is said of it.
fn cases(cast: &Cast) -> [(MtlsIdentity, &'static str); 2] {
    [
        (Validity::expired(), "expired at"),
        (Validity::not_yet(), "is valid from"),
    ]
    .map(|(validity, says)| (identity(&ours(cast, validity)), says))
}

#[track_caller]
fn check(warning: &IdentityWarning, says: &str) {
    let IdentityWarning::OutsideValidity { index, subject, .. } = warning else {
        panic!("{warning}");
    };
    assert_eq!((*index, &**subject), (0, "CN=ours"));
    assert!(warning.to_string().contains(says), "{warning}");
    assert!(warning.hint().contains("clock"), "{warning}");
}

/// By default it is reported as often as it comes into service by `build`: once, and in the status.
#[test]
fn it_is_reported_by_event_and_status() {
    let cast = Cast::assemble();
    for (identity, says) in cases(&cast) {
        let received = Received::default();
        let server = server_of(&cast).identity(identity.clone());
        let server = server.observer(received.listen());
        let server = server.build(Rustls::default()).unwrap();
        assert_eq!(received.count("OutsideValidity"), 1, "{:?}", received.all());
        let status = server.handle().status();
        check(status.identity_not_valid().unwrap(), says);
        assert!(
            status.to_string().contains("\nnot valid: certificate 0"),
            "{status}"
        );
        let client = client_of(&cast).identity(identity.clone());
        let client = client.build(OpenSsl::default()).unwrap();
        check(client.handle().status().identity_not_valid().unwrap(), says);

        // A valid one takes its place, and nothing is said any more.
        let next = crate::stage::identity(&ours(&cast, Validity::current()));
        server
            .handle()
            .rotate(Rotation::new().identity(next))
            .unwrap();
        assert_eq!(server.handle().status().identity_not_valid(), None);
        assert_eq!(received.count("OutsideValidity"), 1);
    }
}

/// An identity that expires while it serves: the status says so at once, by the client's or server's own clock.
#[test]
fn the_status_follows_the_clock() {
    let (cast, clock) = (Cast::assemble(), Clock::now());
    let server = server_of(&cast).clock(clock.read());
    let server = server.build(Rustls::default()).unwrap();
    assert_eq!(server.handle().status().identity_not_valid(), None);
    clock.advance(Duration::from_secs(60 * 24 * 3600));
    let status = server.handle().status();
    let warning = status.identity_not_valid().unwrap();
    assert!(warning.to_string().contains("expired at"), "{warning}");
}

#[test]
fn build_rejects_it_by_choice() {
    let cast = Cast::assemble();
    for (identity, says) in cases(&cast) {
        let server = server_of(&cast).identity(identity.clone());
        let rejected = server
            .self_validity(SelfValidity::Require)
            .build(Rustls::default());
        let Err(error @ BuildError::IdentityNotValid(_)) = rejected else {
            panic!("{rejected:?}");
        };
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.hint().contains("clock"), "{error}");
        let client = client_of(&cast).identity(identity);
        let rejected = client
            .self_validity(SelfValidity::Require)
            .build(OpenSsl::default());
        assert!(
            matches!(&rejected, Err(BuildError::IdentityNotValid(warning)) if warning.to_string().contains(says)),
            "{rejected:?}"
        );
    }
    let server = server_of(&cast).self_validity(SelfValidity::Require);
    server.build(Rustls::default()).unwrap();
}

/// A clock that fails shows no validity.
#[test]
fn a_clock_that_panics_proves_no_validity() {
    let cast = Cast::assemble();
    let server = server_of(&cast).clock(|| panic!("no time"));
    let rejected = server
        .self_validity(SelfValidity::Require)
        .build(Rustls::default());
    assert!(
        matches!(
            rejected,
            Err(BuildError::InvalidSetting {
                setting: "clock",
                ..
            })
        ),
        "{rejected:?}"
    );
}
