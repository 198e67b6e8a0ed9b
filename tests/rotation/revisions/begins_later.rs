//! A renewed identity that is not valid yet when it arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mtls::pki_types::UnixTime;
use mtls::rotation::{ReloadTrigger, SourceError};
use mtls::{MtlsIdentity, Rotation, Rustls, Source};

use super::clock_skew::beginning;
use crate::common::pki::Cast;
use crate::stage::{LIMIT, eventually, identity, server_of};

/// A source whose next identity begins later, and which counts how often it is polled.
struct Renewing {
    identities: Vec<MtlsIdentity>,
    polls: Arc<AtomicUsize>,
}

impl Source for Renewing {
    fn load(&mut self, _reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let poll = self.polls.fetch_add(1, Ordering::SeqCst);
        let last = self.identities.len() - 1;
        Ok(Rotation::new().identity(self.identities[poll.min(last)].clone()))
    }
}

/// A renewed identity that begins a few seconds later, because the CA's clock is ahead, serves from its first second.
/// Without a date to wait for, the next poll would come after 0.5, 1, 2, 4 and 8 seconds.
#[test]
fn a_renewed_identity_serves_from_its_first_second() {
    let cast = Cast::assemble();
    let polls = Arc::new(AtomicUsize::new(0));
    let begins = UnixTime::now().as_secs() + 5;
    let source = Renewing {
        identities: vec![identity(&cast.server), identity(&beginning(&cast, 5))],
        polls: Arc::clone(&polls),
    };
    let server = server_of(&cast)
        .source(source)
        .poll_interval(Duration::from_secs(3600));
    let server = server.build(Rustls::default()).unwrap();
    server.handle().reload();
    eventually("rejected", || {
        server.handle().status().last_failure().is_some()
    });
    let started = Instant::now();
    let mut changes = server.handle().status_changes();
    while server.handle().status().revision() == 1 {
        assert!(started.elapsed() < LIMIT);
        changes.wait(LIMIT);
    }
    let now = UnixTime::now().as_secs();
    assert!((begins..=begins + 1).contains(&now), "{begins}, {now}");
    assert!(server.handle().status().last_failure().is_none());
    // 0.5, 1 and 2 seconds of back-off before it begins, and the one at its begin.
    let polls = polls.load(Ordering::SeqCst);
    assert!(polls <= 6, "{polls}");
}
