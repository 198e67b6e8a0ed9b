//! A process without file descriptors.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

use mtls::error::ListenerError;
use tokio::time::timeout;

use crate::service::{Failure, LIMIT, Service, dial, run};

/// The error of a process without descriptors, on every Unix.
const EMFILE: i32 = 24;

/// Set in the process that has few descriptors.
const CHILD: &str = "MTLS_TEST_FEW_DESCRIPTORS";

/// Runs a test again, in a process that may open 64 files.
fn with_few_descriptors(test: &str, body: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return body();
    }
    let output = Command::new("/bin/sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}");
}

/// Takes all descriptors but so many.
fn leave(free: usize) -> Vec<File> {
    let mut files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    files.truncate(files.len() - free);
    files
}

/// Counts this process's descriptors, which takes one more for a moment.
fn open_descriptors() -> usize {
    fs::read_dir("/dev/fd").unwrap().count()
}

#[test]
fn nothing_gives_way_and_accepting_backs_off() {
    with_few_descriptors(
        "descriptors::nothing_gives_way_and_accepting_backs_off",
        || {
            run(async {
                let service = Service::new();
                let (mut listener, address) = service.listener().await;
                // The client's end takes the last one.
                let files = leave(1);
                let client = dial(address).await;
                let seconds = 3;
                let accepted = timeout(Duration::from_secs(seconds), listener.accept()).await;
                assert!(accepted.is_err());
                // After 10, 20, 40, 80, 160, 320 and 640 milliseconds, then each second.
                let errors = service.failures.of_accept();
                assert!((6..=10).contains(&errors.len()), "{errors:?}");
                assert!(
                    errors.iter().all(|code| *code == Some(EMFILE)),
                    "{errors:?}"
                );

                drop(files);
                let from = client.local_addr().unwrap();
                let accept = timeout(LIMIT, listener.accept());
                let (_call, accepted) = tokio::join!(service.hello(client), accept);
                assert_eq!(accepted.unwrap().1, from);
            });
        },
    );
}

#[test]
fn handshakes_give_way_to_free_descriptors() {
    with_few_descriptors(
        "descriptors::handshakes_give_way_to_free_descriptors",
        || {
            run(async {
                let service = Service::new();
                let (mut listener, address) = service.listener().await;
                // Ten times both ends, and one end more.
                let _files = leave(21);
                let mut silent = Vec::new();
                for _ in 0..10 {
                    let open = open_descriptors();
                    silent.push(dial(address).await);
                    let both_ends = async {
                        while open_descriptors() < open + 2 {
                            accepts_nothing_for(&mut listener, 5).await;
                        }
                    };
                    timeout(LIMIT, both_ends).await.unwrap();
                }
                assert_eq!(service.failures.all(), []);
                // Its other end has a descriptor only if a handshake gives way.
                let client = dial(address).await;
                let from = client.local_addr().unwrap();
                let accept = timeout(LIMIT, listener.accept());
                let (call, accepted) = tokio::join!(service.hello(client), accept);
                call.unwrap();
                assert_eq!(accepted.unwrap().1, from);
                let gone = service.failures.wait_for(3).await;
                // A quarter of ten.
                let oldest = silent[..3].iter().map(|tcp| tcp.local_addr().unwrap());
                let addresses: BTreeSet<_> = gone.iter().map(|(from, _)| *from).collect();
                assert_eq!(addresses, oldest.collect());
                let gave_way = Failure::Listener(ListenerError::GaveWay);
                assert!(gone.iter().all(|(_, why)| *why == gave_way), "{gone:?}");
            });
        },
    );
}

async fn accepts_nothing_for(listener: &mut mtls::MtlsListener, milliseconds: u64) {
    let at_most = Duration::from_millis(milliseconds);
    assert!(timeout(at_most, listener.accept()).await.is_err());
}
