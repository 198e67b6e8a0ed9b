//! Fifty rotations, and what they leave behind in the process.

use std::env;
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use mtls::Rustls;

use super::agent::{Agent, LIMIT, until};
use super::common::programs;
use super::message::{Domain, Message};
use super::workloads::{app, meet, until_status, web};

const ROTATIONS: u64 = 50;
const ALONE: &str = "MTLS_TEST_ALONE";

/// In a process of its own: the threads and files of other tests are not to be counted.
#[test]
fn many_rotations_fail_no_handshake_and_leave_nothing_behind() {
    if env::var_os(ALONE).is_some() {
        println!("{}", rotate_many().expect("the agent's program was there"));
        return;
    }
    // Says what is missing here, where it is seen.
    if Agent::away().is_none() {
        return;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    let this = "many::many_rotations_fail_no_handshake_and_leave_nothing_behind";
    command
        .args(["--exact", this, "--nocapture", "--test-threads=1"])
        .env(ALONE, "1");
    let output = programs::run(&mut command, b"", LIMIT * 4).expect_success();
    assert!(
        output.contains("50 rotations") && output.contains("1 passed"),
        "{output}"
    );
    println!("{output}");
}

fn rotate_many() -> Option<String> {
    let (mut of_web, mut of_app) = (Agent::start()?, Agent::start()?);
    let prod = Domain::new("prod.test");
    let give = |agent: &mut Agent, name: &str, round: u64| {
        agent.give(&Message::of([
            prod.entry(&format!("{name}-{round}"), &format!("/{name}"))
        ]));
    };
    give(&mut of_web, "web", 0);
    give(&mut of_app, "app", 0);
    // What a first use makes for the whole process stays: tokio's signals, for one.
    drop(web(&of_web).build(Rustls::default()).unwrap());
    until(|| match (named("mtls-"), files(), threads()) {
        (0, ..) => Ok(()),
        now => Err(format!("{now:?}")),
    });
    let before = (files(), threads());
    let server = web(&of_web).build(Rustls::default()).unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    assert_eq!(named("mtls-spiffe"), 2);
    let idle = files();
    let (stop, shaken) = (AtomicBool::new(false), AtomicUsize::new(0));
    let while_running = thread::scope(|scope| {
        let shaking = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                match meet(&client, &server) {
                    (Ok(_), Ok(_)) => shaken.fetch_add(1, Ordering::Relaxed),
                    other => panic!("{other:?}"),
                };
            }
        });
        let mut first = None;
        for round in 1..=ROTATIONS {
            give(&mut of_web, "web", round);
            give(&mut of_app, "app", round);
            until_status(
                || server.handle().status(),
                |status| status.rotations() == round,
            );
            until_status(
                || client.handle().status(),
                |status| status.rotations() == round,
            );
            // At least one handshake under each.
            let so_far = shaken.load(Ordering::Relaxed);
            until(|| {
                if shaken.load(Ordering::Relaxed) > so_far + 1 || shaking.is_finished() {
                    Ok(())
                } else {
                    Err("no handshake".to_owned())
                }
            });
            assert!(!shaking.is_finished(), "a handshake failed");
            first.get_or_insert_with(|| named("mtls-"));
        }
        stop.store(true, Ordering::Relaxed);
        shaking.join().unwrap();
        (first.unwrap(), named("mtls-"))
    });
    assert_eq!(while_running, (4, 4), "threads of the crate's own");
    until(|| match files() {
        now if now == idle => Ok(()),
        now => Err(format!("{now} files instead of {idle}")),
    });
    let (status, of_client) = (server.handle().status(), client.handle().status());
    assert_eq!((status.failures(), of_client.failures()), (0, 0));
    drop((server, client));
    until(|| match (files(), threads()) {
        now if now == before => Ok(()),
        now => Err(format!("{now:?} instead of {before:?}")),
    });
    Some(format!(
        "{ROTATIONS} rotations of both ends, {} handshakes, none failed; {} files before, {idle} with both ends, before \
         and after the rotations, {} at the end",
        shaken.load(Ordering::Relaxed),
        before.0,
        files(),
    ))
}

fn files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// How many threads have a name that begins so.
fn named(start: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with(start)).count()
}
