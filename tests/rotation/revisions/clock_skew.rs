//! Clocks that are ahead of ours, in handshakes and in rotations.

use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::pki_types::UnixTime;
use mtls::{BuildError, HandshakeError, OpenSsl, RejectionReason, Rotation, Rustls};

use crate::common::pki::{Cast, Credential, Leaf, Validity};
use crate::stage::{client_of, identity, meet, server_of};

/// Begins in so many seconds.
pub fn beginning(cast: &Cast, seconds: i64) -> Credential {
    let now: i64 = UnixTime::now().as_secs().try_into().unwrap();
    let leaf = Leaf::named("early").dns("localhost").server().client();
    let validity = Validity::between_unix(now + seconds, now + 24 * 3600);
    leaf.validity(validity)
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate)
}

/// On every backend with tolerance, as client and as server, the verdict is the same.
#[test]
fn a_peer_that_is_ahead_is_accepted_within_it() {
    fn on<C: ClientBackend + Default, S: ServerBackend + Default>() {
        let cast = Cast::assemble();
        let early = || identity(&beginning(&cast, 60));
        for (skew, accepted) in [(0, false), (600, true)] {
            let skew = Duration::from_secs(skew);
            let server = server_of(&cast).clock_skew(skew);
            let server = server.build(S::default()).unwrap();
            let client = client_of(&cast).identity(early());
            let client = client.build(C::default()).unwrap();
            let (_connected, served) = meet(&client, &server);
            assert_eq!(served.is_ok(), accepted, "{skew:?}");
            if let Err(error) = served {
                assert!(is_not_yet_valid(&error), "{error}");
            }
            let server = server_of(&cast).identity(early());
            let server = server.build(S::default()).unwrap();
            let client = client_of(&cast).clock_skew(skew);
            let client = client.build(C::default()).unwrap();
            let (connected, _served) = meet(&client, &server);
            assert_eq!(connected.is_ok(), accepted, "{skew:?}");
            if let Err(error) = connected {
                assert!(is_not_yet_valid(&error), "{error}");
            }
        }
    }
    on::<Rustls, Rustls>();
    on::<OpenSsl, OpenSsl>();
    on::<Rustls, OpenSsl>();
}

fn is_not_yet_valid(error: &HandshakeError) -> bool {
    matches!(error, HandshakeError::Rejected(rejection) if rejection.reason() == RejectionReason::NotYetValid)
}

#[test]
fn more_than_ten_minutes_is_no_skew() {
    let cast = Cast::assemble();
    let server = server_of(&cast).clock_skew(Duration::from_secs(601));
    let rejected = server.build(Rustls::default());
    assert!(
        matches!(
            rejected,
            Err(BuildError::InvalidSetting {
                setting: "clock_skew",
                ..
            })
        ),
        "{rejected:?}"
    );
}

#[cfg(feature = "native-tls")]
#[test]
fn native_tls_has_no_tolerance() {
    let cast = Cast::assemble();
    let client = client_of(&cast).clock_skew(Duration::from_secs(1));
    let rejected = client.build(mtls::NativeTls::default());
    assert!(
        matches!(
            rejected,
            Err(BuildError::Unsupported {
                what: "`clock_skew`",
                ..
            })
        ),
        "{rejected:?}"
    );
}

/// Trust anchors of a CA that is ahead are taken in a rotation.
#[test]
fn an_anchor_that_is_ahead_is_taken() {
    let cast = Cast::assemble();
    let now: i64 = UnixTime::now().as_secs().try_into().unwrap();
    let ahead = cast
        .root
        .again()
        .validity(Validity::between_unix(now + 60, now + 24 * 3600))
        .self_signed();
    for (skew, taken) in [(0, false), (300, true)] {
        let server = server_of(&cast).clock_skew(Duration::from_secs(skew));
        let server = server.build(Rustls::default()).unwrap();
        let rotation = Rotation::new().trust_anchors(crate::stage::anchors(&[&ahead]));
        assert_eq!(server.handle().rotate(rotation).is_ok(), taken, "{skew} s");
    }
}
