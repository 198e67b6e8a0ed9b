//! A value for each revision of our identity or trust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mtls::{PeerMatcher, Rotation, Rustls, VerifierPolicy};

use super::common::pki::{Cast, Leaf};
use super::{anchors, client, identity};

#[test]
fn a_value_is_made_anew_when_identity_or_trust_changes() {
    let cast = Cast::assemble();
    let client = client(&cast).build(Rustls::default()).unwrap();
    let (made, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, failing) = (Arc::clone(&made), Arc::clone(&fails));
    let value = client.handle().per_revision(move || {
        if failing.load(Ordering::SeqCst) > 0 {
            return Err("it cannot be made");
        }
        Ok(count.fetch_add(1, Ordering::SeqCst))
    });
    let value = value.unwrap();
    assert_eq!((value.get(), value.get()), (0, 0));
    let policy = VerifierPolicy::allow(PeerMatcher::any_authenticated());
    client
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert_eq!(value.clone().get(), 0, "a policy changes no connection");

    let renewed = Leaf::named("alice").dns("alice.test").client();
    let renewed = renewed
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let rotation = Rotation::new().identity(identity(&renewed));
    client.handle().rotate(rotation.clone()).unwrap();
    assert_eq!((value.get(), value.clone().get()), (1, 1));
    client.handle().rotate(rotation).unwrap();
    assert_eq!(value.get(), 1, "nothing has changed");

    fails.store(1, Ordering::SeqCst);
    let both = mtls::TrustAnchors::join([anchors(&cast), anchors(&Cast::assemble())]).unwrap();
    client
        .handle()
        .rotate(Rotation::new().trust_anchors(both))
        .unwrap();
    assert_eq!(value.get(), 1, "the former value stays");
    fails.store(0, Ordering::SeqCst);
    assert_eq!(value.get(), 2);
    assert_eq!(made.load(Ordering::SeqCst), 3);
}

#[test]
fn an_error_at_first_is_returned() {
    let client = client(&Cast::assemble()).build(Rustls::default()).unwrap();
    let value = client.handle().per_revision(|| Err::<(), _>("no"));
    assert_eq!(value.err(), Some("no"));
}
