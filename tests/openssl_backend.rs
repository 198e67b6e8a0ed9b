//! The OpenSSL backend with itself, with rustls, and with peers that verify nothing.
#![cfg(feature = "openssl")]

mod common;
#[path = "openssl_backend/depth.rs"]
mod depth;
#[path = "openssl_backend/flow.rs"]
mod flow;
#[path = "openssl_backend/meeting.rs"]
mod meeting;
#[path = "openssl_backend/native.rs"]
mod native;
#[path = "openssl_backend/parity.rs"]
mod parity;
#[path = "openssl_backend/queue.rs"]
mod queue;
#[cfg(feature = "tokio")]
#[path = "openssl_backend/readiness.rs"]
mod readiness;
#[path = "openssl_backend/rejection.rs"]
mod rejection;

use std::fmt::Debug;

use mtls::backend::ClientBackend;
use mtls::connection::ProtocolVersion;
use mtls::{
    HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, RejectionReason,
    ServerBuilder, TrustAnchors, VerifierPolicy,
};
use pki_types::CertificateDer;

use common::pki::{Cast, Credential};
use common::raw::Version;

const ALICE: &str = "spiffe://prod.test/alice";

fn identity(credential: &Credential) -> MtlsIdentity {
    let key = credential.key.secret_pkcs8_der();
    MtlsIdentity::from_der(credential.chain.clone(), key).unwrap()
}

fn anchors(certificates: &[CertificateDer<'static>]) -> TrustAnchors {
    TrustAnchors::from_der(certificates.to_vec()).unwrap()
}

fn protocol(version: Version) -> ProtocolVersion {
    match version {
        Version::Tls12 => ProtocolVersion::Tls12,
        Version::Tls13 => ProtocolVersion::Tls13,
    }
}

fn server(cast: &Cast, version: Version) -> ServerBuilder {
    MtlsServer::builder()
        .identity(identity(&cast.server))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .protocol_versions([protocol(version)])
        .policy(VerifierPolicy::allow(
            PeerMatcher::spiffe_id(ALICE).unwrap(),
        ))
}

fn client<B: ClientBackend>(
    cast: &Cast,
    credential: &Credential,
    version: Version,
    backend: B,
) -> MtlsClient<B> {
    MtlsClient::builder()
        .identity(identity(credential))
        .trust_anchors(anchors(&[cast.root.certificate()]))
        .protocol_versions([protocol(version)])
        .alpn(["h2", "other"])
        .build(backend)
        .unwrap()
}

#[track_caller]
fn reason<T: Debug>(result: Result<T, HandshakeError>) -> RejectionReason {
    match result {
        Err(HandshakeError::Rejected(rejection)) => rejection.reason(),
        other => panic!("not rejected: {other:?}"),
    }
}

fn everywhere(test: impl Fn(Version)) {
    Version::ALL.into_iter().for_each(test);
}
