//! A verdict about another certificate than the connection's, which no peer can cause.

use super::*;
use crate::backend::openssl::tests::connected;
use crate::backend::tests::{Cast, accepted};

#[test]
fn the_verdict_has_to_be_about_the_peer_s_leaf() {
    let cast = Cast::new();
    let connected = connected(&cast, Some(&cast.alice));
    let (ssl, verifier) = (connected.server.ssl(), &connected.verifier);
    let conclude = || conclude(ssl, verifier, ClientAuthMode::Required);
    let peer = conclude().unwrap().unwrap();
    assert!(peer.dns_names().eq(["alice.test"]));

    let slot = Slot::of(ssl).unwrap();
    *slot.seen() = Some(Box::new(PresentedPath {
        shown: cast
            .bob
            .chain()
            .as_slice()
            .iter()
            .map(|der| X509::from_der(der).unwrap())
            .collect(),
        verdict: Ok(accepted(verifier, &cast.bob)),
        finding: None,
    }));
    assert_not_verified(conclude());
    *slot.seen() = None;
    assert_not_verified(conclude());
}

#[test]
fn a_client_without_a_certificate_is_accepted_where_it_is_optional() {
    let connected = connected(&Cast::new(), None);
    let conclude = |client_auth| conclude(connected.server.ssl(), &connected.verifier, client_auth);
    assert!(matches!(conclude(ClientAuthMode::Optional), Ok(None)));
    // OpenSSL ends such a handshake itself.
    match conclude(ClientAuthMode::Required) {
        Err(HandshakeError::Rejected(rejection)) => {
            assert_eq!(rejection.reason(), RejectionReason::NoCertificate);
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_not_verified(conclusion: Result<Option<PeerIdentity>, HandshakeError>) {
    match conclusion {
        Err(HandshakeError::Backend(error)) => {
            assert!(error.to_string().ends_with("was not verified"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
