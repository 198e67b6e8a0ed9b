//! The verifier by itself.

use mtls::pki_types::ServerName;
use mtls::{
    PeerIdentity, PeerVerifier, Rejection, RejectionReason, Rustls, SignatureAlgorithms,
    TrustAnchors, VerifierPolicy,
};

use crate::divergences::{Judged, assert_as_listed};
use crate::vectors::{self, Case, Peer};

#[test]
fn with_the_algorithms_of_rustls() {
    let Some(cases) = vectors::all() else { return };
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    assert_as_listed(cases.iter().map(|case| (case, judge(case, &algorithms))));
}

#[cfg(feature = "openssl")]
#[test]
fn the_algorithms_of_openssl_come_to_the_same() {
    let Some(cases) = vectors::all() else { return };
    let rustls = Rustls::default().signature_algorithms().unwrap();
    let openssl = mtls::OpenSsl::default().signature_algorithms().unwrap();
    let different: Vec<_> = cases
        .iter()
        .map(|case| (&case.id, judge(case, &rustls), judge(case, &openssl)))
        .filter(|(_, ours, theirs)| ours.verdict != theirs.verdict)
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}

/// The verdict, in the words of the list.
fn judge(case: &Case, algorithms: &SignatureAlgorithms) -> Judged {
    let verifier = TrustAnchors::from_pem(case.anchors().as_bytes())
        .map_err(|error| error.to_string())
        .and_then(|anchors| {
            let policy = VerifierPolicy::allow_any_authenticated();
            PeerVerifier::new(&anchors, policy, algorithms.clone()).map_err(|e| e.to_string())
        });
    let (verdict, words) = match verifier.map(|verifier| verdict(case, &verifier)) {
        Err(error) => ("anchors refused".to_owned(), error),
        Ok(Ok(peer)) => ("accepted".to_owned(), peer.to_string()),
        Ok(Err(refusal)) => (
            format!("refused {:?}", refusal.reason()),
            refusal.to_string(),
        ),
    };
    Judged { verdict, words }
}

fn verdict(case: &Case, verifier: &PeerVerifier) -> Result<String, Rejection> {
    let chain = case.chain();
    let told = |peer: PeerIdentity| peer.to_string();
    match (case.peer, case.server_name()) {
        (Peer::Client, _) => verifier.verify_client(&chain, case.time()).map(told),
        (Peer::Server, Some(name)) => verifier.verify_server(&chain, &name, case.time()).map(told),
        (Peer::Server, None) => {
            // The name is judged last: whoever has only this against it would be accepted for its own name.
            let nobody = ServerName::try_from("nobody.invalid").unwrap();
            match verifier.verify_server(&chain, &nobody, case.time()) {
                Err(r) if r.reason() == RejectionReason::NameMismatch => Ok(r.to_string()),
                verdict => verdict.map(told),
            }
        }
    }
}
