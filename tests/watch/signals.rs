//! A process that reads its files again upon a signal.

use std::process::Command;
use std::time::Duration;

use mtls::{FileSource, MtlsServer, Rustls, VerifierPolicy};
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::SignalKind;

use super::common::programs::Running;
use super::place::Place;
use super::stage::LIMIT;

/// Names the folder of the files, in the process that receives the signal.
const CHILD: &str = "MTLS_TEST_RELOADS_IN";

/// Polled upon a signal alone.
fn server(folder: &std::path::Path) -> MtlsServer<Rustls> {
    let [chain, key, anchors] = ["tls.crt", "tls.key", "ca.crt"].map(|name| folder.join(name));
    MtlsServer::builder()
        .source(FileSource::from_files(chain, key, anchors).without_notify())
        .poll_interval(Duration::from_secs(3600))
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

async fn receive_signals(folder: &std::path::Path) {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let (server, other) = (server(folder), server(folder));
    let before = tasks();
    for handle in [server.handle(), other.handle()] {
        handle.reload_on_signal(SignalKind::hangup()).unwrap();
    }
    assert_eq!(tasks(), before + 2);
    let mut changes = server.handle().status_changes();
    let mut of_other = other.handle().status_changes();
    println!("ready");
    for _ in 0..2 {
        let status = changes.changed().await.unwrap();
        let also = of_other.changed().await.unwrap();
        assert_eq!(status.revision(), also.revision());
        println!("revision {}", status.revision());
    }
    // Nothing else keeps the server alive, and its task ends with it.
    drop((server, other));
    assert!(changes.changed().await.is_none());
    while tasks() > before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("tasks ended");
}

#[test]
fn a_signal_has_the_files_read_again() {
    if let Some(folder) = std::env::var_os(CHILD) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(receive_signals(folder.as_ref()));
        return;
    }
    let place = Place::new();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "signals::a_signal_has_the_files_read_again"])
        .arg("--nocapture")
        .env(CHILD, place.folder());
    let mut child = Running::start(&mut child);
    child.wait_for_line("ready", LIMIT);
    for revision in 2..4 {
        place.install(&place.server(&format!("server {revision}")));
        let id = child.id().to_string();
        let killed = Command::new("sh")
            .args(["-c", "kill -HUP \"$0\"", &id])
            .status();
        assert!(killed.unwrap().success());
        child.wait_for_line(&format!("revision {revision}"), LIMIT);
    }
    child.wait_for_line("tasks ended", LIMIT);
    child.close_stdin();
    child.finish(LIMIT).expect_success();
}

#[test]
fn without_a_runtime_it_is_an_error() {
    let place = Place::new();
    let server = server(&place.folder());
    let failed = server.handle().reload_on_signal(SignalKind::hangup());
    assert!(failed.unwrap_err().to_string().contains("no reactor"));
}

/// SIGKILL cannot be handled.
#[tokio::test]
async fn a_signal_that_cannot_be_handled_is_an_error() {
    let place = Place::new();
    let server = server(&place.folder());
    let kill = SignalKind::from_raw(9);
    assert!(server.handle().reload_on_signal(kill).is_err());
}
