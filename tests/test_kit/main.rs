//! The kit that others test their services with, and that our own tests are built on.

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod faults;
mod files;
mod guide;
mod lists;
mod marker;
mod pairs;
mod service;
mod source;

use std::time::{Duration, Instant};

use mtls::test_util::TestCa;
use mtls::{ClientBuilder, MtlsClient, MtlsServer, ServerBuilder, VerifierPolicy};

/// What the server is called.
const NAME: &str = "server.example";

fn server_builder(ca: &TestCa) -> ServerBuilder {
    MtlsServer::builder()
        .identity(ca.leaf("server").dns(NAME).issue())
        .trust_anchors(ca.anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
}

fn client_builder(ca: &TestCa) -> ClientBuilder {
    MtlsClient::builder()
        .identity(ca.leaf("client").issue())
        .trust_anchors(ca.anchors())
}

/// Waits until the condition holds.
#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
