//! A service that starts before its certificate: `build` waits for the source's first rotation.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mtls::rotation::{ReloadTrigger, SelfValidity, SourceError};
use mtls::{
    BuildError, MtlsClient, MtlsServer, OpenSsl, Rotation, Rustls, ServerBuilder, VerifierPolicy,
};

use super::sources::from_fn;
use crate::common::on_one_line;
use crate::common::pki::{Cast, Leaf, Validity};
use crate::stage::{LIMIT, anchors, identity, meet};

const NOTHING_YET: &str = "nothing yet";

fn whole(cast: &Cast) -> Rotation {
    Rotation::new()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
}

/// A server whose source is asked by this function, and which gets the number of the poll, from 1.
fn server(
    load: impl Fn(u32, &ReloadTrigger) -> Result<Rotation, SourceError> + Send + 'static,
) -> (ServerBuilder, Arc<AtomicU32>) {
    let polls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&polls);
    let source = from_fn(move |trigger| load(counted.fetch_add(1, Ordering::SeqCst) + 1, trigger));
    let builder = MtlsServer::builder()
        .source(source)
        .policy(VerifierPolicy::allow_any_authenticated());
    (builder, polls)
}

#[test]
fn it_is_polled_until_it_has_everything() {
    let cast = Cast::assemble();
    let rotations = [
        None,
        // Half of it is not enough.
        Some(Rotation::new().identity(identity(&cast.server))),
        Some(whole(&cast)),
    ];
    let (builder, polls) = server(move |poll, _| {
        let given = rotations[usize::try_from(poll).unwrap() - 1].clone();
        given.ok_or_else(|| NOTHING_YET.into())
    });
    let server = builder.wait_for_first(LIMIT).build(Rustls::default());
    let server = server.unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 3);
    assert_eq!(server.handle().status().revision(), 1);
    let client = MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(&[&cast.root]))
        .build(OpenSsl::default())
        .unwrap();
    let (connected, served) = meet(&client, &server);
    assert!(connected.is_ok() && served.is_ok());
}

#[test]
fn without_it_the_source_is_polled_once() {
    let (builder, polls) = server(|_, _| Err(NOTHING_YET.into()));
    let failed = builder.build(Rustls::default());
    assert!(matches!(failed, Err(BuildError::Source(_))), "{failed:?}");
    assert_eq!(polls.load(Ordering::SeqCst), 1);
}

/// The wait has an end, with the error of the last poll, and does not spin.
#[test]
fn it_waits_no_longer_than_that() {
    let at_most = Duration::from_secs(2);
    let (builder, polls) = server(|poll, _| Err(format!("poll {poll} has nothing").into()));
    let started = Instant::now();
    let failed = builder.wait_for_first(at_most).build(Rustls::default());
    let took = started.elapsed();
    let polls = polls.load(Ordering::SeqCst);
    let error = on_one_line(&failed.unwrap_err());
    assert!(
        error.contains(&format!("poll {polls} has nothing")),
        "{error}"
    );
    assert!(took >= at_most && took < at_most * 4, "{took:?}");
    // At 0, 0.5, 1.5 and 2 seconds.
    assert!((3..=6).contains(&polls), "{polls}");
}

/// What is missing is the error, where the source itself does not fail.
#[test]
fn the_error_says_what_is_missing() {
    let cast = Cast::assemble();
    let only_identity = Rotation::new().identity(identity(&cast.server));
    let (builder, _) = server(move |_, _| Ok(only_identity.clone()));
    let failed = builder
        .wait_for_first(Duration::from_millis(100))
        .build(Rustls::default());
    assert!(
        matches!(failed, Err(BuildError::MissingTrustAnchors)),
        "{failed:?}"
    );
}

/// The trigger ends the wait: here the next poll would come a second and a half later.
#[test]
fn the_trigger_ends_the_wait() {
    let cast = Cast::assemble();
    let all = whole(&cast);
    let triggered = Arc::new(Mutex::new(None));
    let at = Arc::clone(&triggered);
    let (builder, polls) = server(move |poll, trigger| match poll {
        // At 0, 0.5 and 1.5 seconds; the next is at 3.5 seconds.
        1 | 2 => Err(NOTHING_YET.into()),
        3 => {
            let (trigger, at) = (trigger.clone(), Arc::clone(&at));
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(200));
                *at.lock().unwrap() = Some(Instant::now());
                trigger.now();
            });
            Err(NOTHING_YET.into())
        }
        _ => Ok(all.clone()),
    });
    builder
        .wait_for_first(LIMIT)
        .poll_interval(Duration::from_secs(600))
        .build(Rustls::default())
        .unwrap();
    let took = triggered.lock().unwrap().unwrap().elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(polls.load(Ordering::SeqCst), 4);
}

/// A source that calls its trigger at each poll is not polled without a pause.
#[test]
fn a_source_that_triggers_all_the_time_does_not_spin() {
    let at_most = Duration::from_secs(1);
    let (builder, polls) = server(|_, trigger| {
        trigger.now();
        Err(NOTHING_YET.into())
    });
    let failed = builder.wait_for_first(at_most).build(Rustls::default());
    assert!(failed.is_err());
    let polls = polls.load(Ordering::SeqCst);
    // Every 50 ms.
    assert!((2..=22).contains(&polls), "{polls}");
}

/// An identity that is not valid is waited for as well, where it has to be.
#[test]
fn a_valid_identity_is_waited_for() {
    let cast = Cast::assemble();
    let leaf = Leaf::named("server").dns("localhost").server();
    let expired = leaf.validity(Validity::expired()).issued_by(&cast.root);
    let expired = whole(&cast).identity(identity(&expired));
    let valid = whole(&cast);
    let (builder, polls) = server(move |poll, _| {
        let given = if poll == 1 { &expired } else { &valid };
        Ok(given.clone())
    });
    builder
        .wait_for_first(LIMIT)
        .self_validity(SelfValidity::Require)
        .build(Rustls::default())
        .unwrap();
    assert_eq!(polls.load(Ordering::SeqCst), 2);
}

#[test]
fn without_a_source_there_is_nothing_to_wait_for() {
    let cast = Cast::assemble();
    let failed = MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[&cast.root]))
        .policy(VerifierPolicy::allow_any_authenticated())
        .wait_for_first(LIMIT)
        .build(Rustls::default());
    assert!(
        matches!(
            failed,
            Err(BuildError::InvalidSetting {
                setting: "wait_for_first",
                ..
            })
        ),
        "{failed:?}"
    );
}
