//! One verdict: the verifier by itself, and every backend in a handshake, say the same of the same chain.

mod common;

use common::chains::{self, Case};
use mtls::{
    PeerVerifier, RejectionReason as Reason, SignatureAlgorithms, TrustAnchors, VerifierPolicy,
};
use pki_types::{ServerName, UnixTime};

/// The verdict of the verifier alone.
fn judge(case: &Case, algorithms: SignatureAlgorithms) -> Result<(), Reason> {
    let anchors = TrustAnchors::from_der(case.anchors.clone()).unwrap();
    let policy = VerifierPolicy::allow_any_authenticated();
    let verifier = PeerVerifier::new(&anchors, policy, algorithms).unwrap();
    let (chain, now) = (&case.presented.chain, UnixTime::now());
    let verdict = match case.server_name {
        None => verifier.verify_client(chain, now),
        Some(name) => verifier.verify_server(chain, &ServerName::try_from(name).unwrap(), now),
    };
    verdict.map(drop).map_err(|rejection| {
        assert!(!rejection.hint().is_empty(), "{}: no hint", case.name);
        rejection.reason()
    })
}

fn assert_judged_as_expected(algorithms: &SignatureAlgorithms) {
    let (clients, servers) = (chains::clients(), chains::servers());
    let mut wrong = Vec::new();
    for case in clients.iter().chain(&servers) {
        let verdict = judge(case, algorithms.clone());
        if verdict != case.expected {
            wrong.push(format!(
                "{}: {verdict:?}, not {:?}",
                case.name, case.expected
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[cfg(feature = "rustls")]
#[test]
fn the_verifier_alone_with_the_algorithms_of_rustls() {
    assert_judged_as_expected(&mtls::Rustls::default().signature_algorithms().unwrap());
}
