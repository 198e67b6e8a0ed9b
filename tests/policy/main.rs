//! The policy floor by itself: matchers, anchors, what is rejected when something is built, messages and alerts.
#![cfg(feature = "aws-lc-rs")]

#[path = "../common/mod.rs"]
mod common;

mod anchors;
mod bounded;
mod builders;
mod clock_skew;
mod federation;
mod hints;
mod key_identifiers;
mod matchers;
mod names;
mod namesakes;
mod paths;
mod rules;
mod self_issued;
mod server_auth;
mod unreadable;
#[cfg(feature = "openssl")]
mod version_1;

use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use mtls::{
    BuildError, PeerIdentity, PeerVerifier, Rejection, RejectionReason, Rustls, TrustAnchors,
    VerifierPolicy,
};

use common::pki::{Authority, Credential};

fn anchors(authorities: &[&Authority]) -> TrustAnchors {
    TrustAnchors::from_der(authorities.iter().map(|a| a.certificate())).unwrap()
}

fn verifier(authority: &Authority, policy: VerifierPolicy) -> Result<PeerVerifier, BuildError> {
    PeerVerifier::new(
        anchors(&[authority]),
        policy,
        Rustls::default().signature_algorithms()?,
    )
}

/// Verifies a client now.
fn client(
    authority: &Authority,
    policy: VerifierPolicy,
    chain: &[CertificateDer<'_>],
) -> Result<PeerIdentity, Rejection> {
    verifier(authority, policy)
        .unwrap()
        .verify_client(chain, UnixTime::now())
}

/// Verifies a server now.
fn server(
    authority: &Authority,
    policy: VerifierPolicy,
    credential: &Credential,
    name: &str,
) -> Result<PeerIdentity, Rejection> {
    let name = ServerName::try_from(name).unwrap();
    verifier(authority, policy)
        .unwrap()
        .verify_server(&credential.chain, &name, UnixTime::now())
}

fn reason(verdict: Result<PeerIdentity, Rejection>) -> Option<RejectionReason> {
    verdict.err().map(|rejection| rejection.reason())
}
