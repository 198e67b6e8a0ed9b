//! A process that forks after it has built a server: the child has none of its threads.

use std::env;
use std::process::{Command, exit};
use std::time::{Duration, Instant};

use fork::{Fork, fork, waitpid};
use mtls::rotation::ReloadTrigger;
use mtls::{FileSource, MtlsIdentity, MtlsServer, Rotation, Rustls, Source, VerifierPolicy};

use super::common::programs::run;
use super::place::Place;

/// Set in the process that forks.
const CHILD: &str = "MTLS_TEST_FORKS";
const TEST: &str = "forked::a_forked_process_says_that_it_does_not_rotate";

fn serve(files: FileSource) -> MtlsServer<Rustls> {
    MtlsServer::builder()
        .source(files)
        .poll_interval(Duration::from_millis(100))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

/// Whether the server gets the renewed files.
fn rotates(server: &MtlsServer<Rustls>, at_most: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < at_most {
        if server.handle().status().revision() > 1 {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// What holds in the forked process.
fn in_forked_process(place: &Place, server: &MtlsServer<Rustls>) {
    let status = server.handle().status();
    let degraded = status.degraded().expect("degraded");
    assert!(degraded.contains("forked"), "{degraded}");
    assert!(degraded.contains("build it after the fork"), "{degraded}");
    place.install(&place.server("second"));
    assert!(!rotates(server, Duration::from_secs(1)));
    // It can still be rotated by hand.
    let third = place.server("third");
    let third = MtlsIdentity::from_der(third.chain.clone(), third.key.secret_pkcs8_der());
    let rotation = Rotation::new().identity(third.unwrap());
    assert_eq!(server.handle().rotate(rotation).unwrap(), 2);
    assert!(server.handle().status().degraded().is_some());

    // What is built after the fork has threads and a watcher of its own.
    let own = serve(place.files());
    assert_eq!(own.handle().status().degraded(), None);
    place.install(&place.server("fourth"));
    assert!(rotates(&own, Duration::from_secs(10)));
}

#[test]
fn a_forked_process_says_that_it_does_not_rotate() {
    if env::var_os(CHILD).is_none() {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", TEST, "--nocapture"]).env(CHILD, "1");
        let said = run(&mut child, b"", Duration::from_secs(60)).expect_success();
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let place = Place::new();
    let server = serve(place.files());
    assert_eq!(server.handle().status().degraded(), None);
    // A source by itself is forked as well, with its watches, and is dropped on either side.
    let mut source = place.files();
    drop(source.load(&ReloadTrigger::default()).unwrap());
    match fork().unwrap() {
        Fork::Child => {
            let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                in_forked_process(&place, &server);
                drop(source.load(&ReloadTrigger::default()).unwrap());
                drop(source);
            }));
            // Without the destructors of the forking process.
            exit(i32::from(checked.is_err()));
        }
        Fork::Parent(forked) => {
            assert_eq!(waitpid(forked).unwrap(), 0, "the forked process failed");
            // The files were renewed by the other process, and the threads are here.
            assert!(rotates(&server, Duration::from_secs(10)));
            assert_eq!(server.handle().status().degraded(), None);
        }
    }
}
