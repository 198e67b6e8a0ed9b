//! A handshake ends in its time, whatever the other end does.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use mtls::HandshakeError;

use crate::common::ends::{End, Ended, Ends, Setup};
use crate::common::raw::{Version, socket_pair};
use crate::scene::Scene;

const TIMEOUT: Duration = Duration::from_millis(200);
const SOON: Duration = Duration::from_secs(5);

/// The other end keeps the connection open, and says what `talks` says.
#[track_caller]
fn assert_timed_out(ends: &Ends, setup: &Setup, talk: &[u8]) {
    for version in Version::ALL {
        for end in ends {
            let setup = Setup {
                version,
                timeout: TIMEOUT,
                ..setup.clone()
            };
            time_out(&**end, &setup, talk);
        }
    }
}

fn time_out(end: &dyn End, setup: &Setup, talk: &[u8]) {
    let ready = end.ready(setup).unwrap();
    let (socket, mut other) = socket_pair();
    let before = Instant::now();
    let seen = thread::scope(|scope| {
        let run = scope.spawn(|| ready.run(socket));
        // Byte for byte: the time is for the whole handshake, and not for each read.
        for byte in talk {
            thread::sleep(TIMEOUT / 4);
            // It may be gone by then.
            let _ = other.write_all(&[*byte]);
        }
        run.join().unwrap()
    });
    let took = before.elapsed();
    let Some(Ended::Handshake(HandshakeError::Timeout)) = seen.ended else {
        panic!("{end:?}: {seen:?}");
    };
    assert!((TIMEOUT..SOON).contains(&took), "{end:?}: {took:?}");
    assert!(!seen.completed && seen.observed.is_empty());
}

/// The beginning of a handshake record of 512 bytes: not wrong, only slow.
const SLOW: &[u8] = &[22, 3, 3, 2, 0, 1, 0, 1, 252, 3, 3, 0];

#[test]
fn of_clients() {
    let scene = Scene::new();
    for talk in [&[], SLOW] {
        assert_timed_out(&scene.clients(), &scene.client, talk);
    }
}

#[test]
fn of_servers() {
    let scene = Scene::new();
    for talk in [&[], SLOW] {
        assert_timed_out(&scene.servers(), &scene.server, talk);
    }
}

#[cfg(feature = "tokio")]
#[test]
fn over_tokio() {
    let scene = Scene::new().over_tokio();
    for talk in [&[], SLOW] {
        assert_timed_out(&scene.clients(), &scene.client, talk);
        assert_timed_out(&scene.servers(), &scene.server, talk);
    }
}
