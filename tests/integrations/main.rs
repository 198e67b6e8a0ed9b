//! What the integrations with HTTP libraries decide by themselves: who may pass, what is repeated,
//! and what is made anew. The libraries as users have them are tested in `ecosystem/`.

#[path = "../common/mod.rs"]
mod common;

mod attributed;
mod concurrent;
mod per_revision;
mod rejected;
mod repeated;
mod require_peer;
mod tonic_calls;

use std::net::Ipv4Addr;
use std::time::Duration;

use mtls::{ClientBuilder, MtlsClient, MtlsIdentity, MtlsServer, ServerBuilder};
use mtls::{TrustAnchors, VerifierPolicy};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use common::pki::{Cast, Credential};

/// Much longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(cast: &Cast) -> TrustAnchors {
    TrustAnchors::from_der([cast.root.certificate()]).unwrap()
}

fn client(cast: &Cast) -> ClientBuilder {
    MtlsClient::builder()
        .identity(identity(&cast.alice))
        .trust_anchors(anchors(cast))
}

fn server(cast: &Cast) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(cast))
        .policy(VerifierPolicy::allow_any_authenticated())
}

async fn bind() -> (TcpListener, String) {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/", tcp.local_addr().unwrap().port());
    (tcp, url)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}
