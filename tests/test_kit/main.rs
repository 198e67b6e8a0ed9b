//! The kit that others test their services with, and that our own tests are built on.

#[path = "../common/mod.rs"]
mod common;

mod faults;
mod marker;

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
