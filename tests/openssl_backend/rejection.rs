//! What is rejected, with its reason here and its alert there.

use std::io::Write;
use std::sync::{Arc, Mutex};

use mtls::error::Alert;
use mtls::{HandshakeError, OpenSsl, PeerMatcher, RejectionReason, VerifierPolicy};

use super::common::pki::{Cast, Leaf, Validity};
use super::common::raw::{Peer, Tool, Version, socket_pair, tools};
use super::{everywhere, reason, server};

#[test]
fn a_client_without_a_certificate_is_rejected_or_anonymous() {
    let cast = Cast::assemble();
    for tool in tools() {
        everywhere(|version| {
            let events = Arc::new(Mutex::new(0));
            let reported = Arc::clone(&events);
            let required = server(&cast, version)
                .observer(move |_| *reported.lock().unwrap() += 1)
                .build(OpenSsl::default())
                .unwrap();
            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version));
            assert_eq!(reason(required.accept(far)), RejectionReason::NoCertificate);
            let alert = match version {
                Version::Tls12 => Alert::HANDSHAKE_FAILURE,
                Version::Tls13 => Alert::CERTIFICATE_REQUIRED,
            };
            assert_eq!(caller.outcome().alert, Some(alert.code()), "{tool:?}");
            assert_eq!(*events.lock().unwrap(), 1);

            let optional = server(&cast, version)
                .optional_client_auth()
                .build(OpenSsl::default())
                .unwrap();
            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version).hears(5));
            let mut stream = optional.accept(far).unwrap();
            assert!(stream.peer().is_none());
            stream.write_all(b"hello").unwrap();
            assert!(caller.outcome().accepted());

            let (near, far) = socket_pair();
            let caller = tool.call_over(near, Peer::new(version).presents(&cast.mallory));
            assert_eq!(reason(optional.accept(far)), RejectionReason::UnknownIssuer);
            assert_eq!(caller.outcome().alert, Some(Alert::UNKNOWN_CA.code()));
        });
    }
}

#[test]
fn a_panic_in_a_matcher_rejects() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let panics = PeerMatcher::custom("panics", |_| panic!("the matcher is broken"));
        let server = server(&cast, version)
            .policy(VerifierPolicy::allow(panics))
            .build(OpenSsl::default())
            .unwrap();
        let (near, far) = socket_pair();
        let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(&cast.alice));
        let error = server.accept(far).unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(rejection.reason(), RejectionReason::VerifierPanicked);
        assert_eq!(rejection.presented(), Some("the matcher is broken"));
        assert_eq!(
            caller.outcome().alert,
            Some(Alert::CERTIFICATE_UNKNOWN.code())
        );
    });
}

#[test]
fn garbage_and_a_cut_handshake_are_no_rejection() {
    let cast = Cast::assemble();
    let server = server(&cast, Version::Tls13)
        .build(OpenSsl::default())
        .unwrap();
    let (mut near, far) = socket_pair();
    near.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(matches!(
        server.accept(far),
        Err(HandshakeError::NotTls { .. })
    ));
    let (near, far) = socket_pair();
    drop(near);
    match server.accept(far) {
        Err(HandshakeError::Io(error)) => {
            assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn expired_and_future_leaves_say_so() {
    let cast = Cast::assemble();
    let cases = [
        (
            Validity::expired(),
            RejectionReason::Expired,
            Alert::CERTIFICATE_EXPIRED,
        ),
        (
            Validity::not_yet(),
            RejectionReason::NotYetValid,
            Alert::BAD_CERTIFICATE,
        ),
    ];
    for (validity, expected, alert) in cases {
        let late = Leaf::named("late")
            .client()
            .validity(validity)
            .issued_by(&cast.root);
        everywhere(|version| {
            let server = server(&cast, version).build(OpenSsl::default()).unwrap();
            let (near, far) = socket_pair();
            let caller = Tool::OPENSSL.call_over(near, Peer::new(version).presents(&late));
            assert_eq!(reason(server.accept(far)), expected);
            assert_eq!(caller.outcome().alert, Some(alert.code()));
        });
    }
}
