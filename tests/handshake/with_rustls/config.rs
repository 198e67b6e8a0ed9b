//! The configurations that `config()` gives, driven by rustls itself: the verdicts are the same,
//! and the observer receives them.

use std::io::{ErrorKind, Read};

use mtls::backend::BackendKind;
use mtls::error::Alert;
use mtls::{PeerMatcher, Rejection, RejectionReason as Reason, Rustls, VerifierPolicy};
use rustls::{CertificateError, ClientConnection, Error, ServerConnection};

use super::{converse, localhost};
use crate::common::ends::facade::{Notes, client_builder, server_builder};
use crate::common::ends::{MESSAGE, Setup, Shadow};
use crate::common::pki::{Cast, Credential, Validity};
use crate::common::raw::{Peer, RawOutcome, Tool, Version, socket_pair};
use crate::scene::{alice, server};

/// A handshake that rustls ended, as it says itself.
fn rejection(error: std::io::Error) -> Error {
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    error.downcast().expect("not an error of rustls")
}

/// What came of a server with such an identity, for a client on our configuration.
fn call(
    cast: &Cast,
    version: Version,
    theirs: &Credential,
) -> (Result<(), Error>, Notes, RawOutcome) {
    let notes = Notes::default();
    let setup = Setup {
        version,
        ..Setup::new(&cast.alice, &cast.root)
    };
    let client = client_builder(&setup, &notes).build(Rustls::default());
    let (mut near, far) = socket_pair();
    let peer = Peer::new(version).presents(theirs).says(MESSAGE);
    let served = Tool::RUSTLS.serve_over(far, peer.hears(MESSAGE.len()));
    let connection = ClientConnection::new(client.unwrap().config(), localhost()).unwrap();
    let result = converse(&mut connection.into(), &mut near);
    drop(near);
    (result.map(drop).map_err(rejection), notes, served.outcome())
}

/// What came of a client with such an identity, for a server on our configuration.
fn serve(
    cast: &Cast,
    version: Version,
    theirs: Option<&Credential>,
) -> (Result<(), Error>, Notes, RawOutcome) {
    let notes = Notes::default();
    let setup = Setup {
        version,
        ..Setup::new(&cast.server, &cast.root)
    };
    let server = server_builder(&setup, &notes).build(Rustls::default());
    let (near, mut far) = socket_pair();
    let peer = Peer::new(version).says(MESSAGE).hears(MESSAGE.len());
    let peer = theirs
        .iter()
        .fold(peer, |peer, theirs| peer.presents(theirs));
    let called = Tool::RUSTLS.call_over(near, peer);
    let connection = ServerConnection::new(server.unwrap().config()).unwrap();
    let result = converse(&mut connection.into(), &mut far);
    // As a facade does: to close with bytes unread would take the alert along.
    far.shutdown(std::net::Shutdown::Write).ok();
    far.read_to_end(&mut Vec::new()).ok();
    (result.map(drop).map_err(rejection), notes, called.outcome())
}

fn assert_rejected(
    (result, notes, other): (Result<(), Error>, Notes, RawOutcome),
    error: CertificateError,
    reason: Reason,
) {
    assert_eq!(result, Err(Error::InvalidCertificate(error)));
    let reported: Vec<_> = notes.taken().iter().map(Rejection::reason).collect();
    assert_eq!(reported, [reason]);
    let alert = BackendKind::Rustls.alert_for(reason).map(Alert::code);
    assert_eq!(other.alert, alert, "{other:?}");
    assert!(other.received.is_empty());
}

#[test]
fn of_a_client() {
    let cast = Cast::assemble();
    let impostor = server().issued_by(&cast.impostor);
    let expired = server().validity(Validity::expired()).issued_by(&cast.root);
    let for_clients = alice().dns("localhost").issued_by(&cast.root);
    for version in Version::ALL {
        let (result, notes, other) = call(&cast, version, &cast.server);
        assert_eq!(result, Ok(()));
        assert!(notes.taken().is_empty() && other.received == MESSAGE);
        for (theirs, error, reason) in [
            (
                &impostor,
                CertificateError::UnknownIssuer,
                Reason::UnknownIssuer,
            ),
            (&expired, CertificateError::Expired, Reason::Expired),
            (
                &for_clients,
                CertificateError::InvalidPurpose,
                Reason::WrongExtendedKeyUsage,
            ),
        ] {
            assert_rejected(call(&cast, version, theirs), error, reason);
        }
    }
}

#[test]
fn of_a_server() {
    let cast = Cast::assemble();
    let expired = alice().validity(Validity::expired()).issued_by(&cast.root);
    let for_servers = server().issued_by(&cast.root);
    for version in Version::ALL {
        let (result, notes, other) = serve(&cast, version, Some(&cast.alice));
        assert_eq!(result, Ok(()));
        assert!(notes.taken().is_empty() && other.received == MESSAGE);
        for (theirs, error, reason) in [
            (
                &cast.mallory,
                CertificateError::UnknownIssuer,
                Reason::UnknownIssuer,
            ),
            (&expired, CertificateError::Expired, Reason::Expired),
            (
                &for_servers,
                CertificateError::InvalidPurpose,
                Reason::WrongExtendedKeyUsage,
            ),
        ] {
            assert_rejected(serve(&cast, version, Some(theirs)), error, reason);
        }
    }
}

/// The shadow policy is evaluated when rustls drives the handshake, too.
#[test]
fn with_a_shadow_policy() {
    let cast = Cast::assemble();
    for version in Version::ALL {
        let notes = Notes::default();
        let setup = Setup {
            version,
            shadow: Some(VerifierPolicy::allow(PeerMatcher::dns("bob.test").unwrap())),
            ..Setup::new(&cast.server, &cast.root)
        };
        let server = server_builder(&setup, &notes).build(Rustls::default());
        let (near, mut far) = socket_pair();
        let peer = Peer::new(version).presents(&cast.alice).says(MESSAGE);
        let called = Tool::RUSTLS.call_over(near, peer.hears(MESSAGE.len()));
        let connection = ServerConnection::new(server.unwrap().config()).unwrap();
        converse(&mut connection.into(), &mut far).unwrap();
        drop(far);
        assert_eq!(called.outcome().received, MESSAGE);
        assert!(notes.taken().is_empty());
        assert!(matches!(&notes.shadows()[..], [Shadow::WouldReject(..)]));
    }
}

/// rustls itself rejects a peer that presents nothing, so that the observer cannot be called.
#[test]
fn of_a_server_before_a_client_without_a_certificate() {
    let cast = Cast::assemble();
    for version in Version::ALL {
        let (result, notes, other) = serve(&cast, version, None);
        assert_eq!(result, Err(Error::NoCertificatesPresented));
        assert!(notes.taken().is_empty());
        assert_eq!(other.alert, Some(Alert::CERTIFICATE_REQUIRED.code()));
        assert!(other.received.is_empty());
    }
}
