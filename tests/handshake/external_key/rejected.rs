//! Keys that are rejected before they sign, backends that reject them, and peers with which they have nothing in common.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use mtls::backend::{Backend, ClientBackend, ServerBackend};
use mtls::error::{Alert, MaterialProblem};
use mtls::material::{SignatureScheme, SigningKey};
use mtls::{BuildError, CertificateChain, HandshakeError, MtlsIdentity};
use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName, Error,
    ServerConfig, ServerConnection, SignatureScheme as Native,
};

use super::soft::Soft;
use super::{Side, credential, identity, providers, ready, setup};
use crate::common::ends::facade::{Notes, client_builder, server_builder};
use crate::common::ends::{Ended, Setup};
use crate::common::pki::{Cast, KeyAlgorithm, Leaf};
use crate::common::raw::{Version, socket_pair};

#[test]
fn a_key_that_claims_to_be_another() {
    let cast = Cast::assemble();
    for algorithm in KeyAlgorithm::ALL {
        let ours = credential(&cast, algorithm);
        let mut key = Soft::new(&ours);
        key.spki = Soft::new(&credential(&cast, KeyAlgorithm::P256)).spki;
        let error = identity(&ours, &Arc::new(key)).unwrap_err();
        let MaterialProblem::KeyMismatch { subject, key, .. } = error.problem() else {
            panic!("{error}");
        };
        assert_eq!((&**subject, &**key), ("CN=external", "ECDSA P-256"));
    }
}

#[test]
fn a_key_that_says_what_cannot_be() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P256);
    let says = |key: Soft, part: &str| {
        let error = identity(&ours, &Arc::new(key)).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(!error.contains('\n'));
    };
    let mut key = Soft::new(&ours);
    key.spki.truncate(20);
    says(key, "its public key is not a SubjectPublicKeyInfo");
    for schemes in [
        &[][..],
        &[SignatureScheme::RsaPssSha256, SignatureScheme::Ed25519],
    ] {
        let key = Soft::new(&ours).offers(schemes);
        says(
            key,
            "none of its signature schemes fits its key (ECDSA P-256)",
        );
    }
    let mut key = Soft::new(&ours);
    // The same point, compressed: the libraries disagree about it.
    let prefix = key.spki.len() - 65;
    key.spki.truncate(prefix + 33);
    key.spki[prefix] = 2;
    key.spki[1] -= 32;
    key.spki[prefix - 2] -= 32;
    says(key, "the private key is ECDSA P-256");
}

#[test]
fn a_key_of_a_kind_that_is_not_accepted() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P384);
    let mut key = Soft::new(&ours);
    // The last arc of the curve's identifier: 1.3.132.0.34 to 1.3.132.0.10.
    let curve = [0x2b, 0x81, 0x04, 0x00, 0x22];
    let arc = key.spki.windows(5).position(|w| w == curve).unwrap();
    key.spki[arc + 4] = 10;
    let error = identity(&ours, &Arc::new(key)).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::KeyUnsupported { found } if found == "ECDSA secp256k1")
    );
}

#[test]
fn a_chain_is_looked_at_as_with_any_key() {
    let cast = Cast::assemble();
    let ca = Leaf::named("ca")
        .marked_as_ca()
        .issued_by(&cast.intermediate);
    let error = identity(&ca, &Arc::new(Soft::new(&ca))).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::CaLeaf { .. }),
        "{error}"
    );

    let mut ours = credential(&cast, KeyAlgorithm::P256);
    ours.chain[1] = cast.root.certificate();
    let error = identity(&ours, &Arc::new(Soft::new(&ours))).unwrap_err();
    assert!(
        matches!(error.problem(), MaterialProblem::MissingIntermediate { .. }),
        "{error}"
    );
}

#[test]
fn the_other_backends_reject_it() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::P256);
    let key = Arc::new(Soft::new(&ours));
    let identity = MtlsIdentity::from_signing_key(
        CertificateChain::from_der(ours.chain.clone()).unwrap(),
        Arc::clone(&key) as Arc<dyn SigningKey>,
    );
    let identity = identity.unwrap();
    let setup = setup(&cast, &ours);
    fn rejected<B: Backend>(error: BuildError) {
        match error {
            BuildError::Unsupported { backend, what, .. } => {
                assert_eq!(backend, B::KIND);
                assert!(what.contains("from_signing_key"), "{what}");
            }
            other => panic!("{other:?}"),
        }
    }
    fn client<B: ClientBackend + Default>(setup: &Setup, identity: &MtlsIdentity) {
        let builder = client_builder(setup, &Notes::default()).identity(identity.clone());
        rejected::<B>(builder.build(B::default()).unwrap_err());
    }
    fn server<B: ServerBackend + Default>(setup: &Setup, identity: &MtlsIdentity) {
        let builder = server_builder(setup, &Notes::default()).identity(identity.clone());
        rejected::<B>(builder.build(B::default()).unwrap_err());
    }
    let _ = (client::<mtls::Rustls>, server::<mtls::Rustls>);
    #[cfg(feature = "openssl")]
    {
        client::<mtls::OpenSsl>(&setup, &identity);
        server::<mtls::OpenSsl>(&setup, &identity);
    }
    #[cfg(feature = "native-tls")]
    client::<mtls::NativeTls>(&setup, &identity);
    let _ = (&setup, &identity);
    assert!(key.taken().is_empty(), "nothing was signed");
}

/// Our key is RSA's, the peer takes ECDSA alone.
#[test]
fn no_scheme_in_common() {
    let cast = Cast::assemble();
    let ours = credential(&cast, KeyAlgorithm::Rsa);
    let key = Arc::new(Soft::new(&ours));
    let identity = identity(&ours, &key).unwrap();
    for (side, version) in Side::BOTH
        .into_iter()
        .flat_map(|side| Version::ALL.map(|version| (side, version)))
    {
        let setup = Setup {
            version,
            ..setup(&cast, &ours)
        };
        let us = ready(side, &setup, &identity, &providers()[0]).unwrap();
        key.taken();
        let (near, far) = socket_pair();
        let saw = thread::scope(|scope| {
            let them = scope.spawn(|| picky(side, version, &cast, far));
            let saw = us.run(near);
            them.join().unwrap();
            saw
        });
        println!("{side:?} {version:?}: {saw:?}");
        assert!(key.taken().is_empty(), "nothing was signed");
        match (side, saw.ended.unwrap()) {
            (Side::Server, Ended::Handshake(HandshakeError::Backend(_))) => {}
            (Side::Client, ended) => match ended.error().unwrap() {
                HandshakeError::RejectedByPeer { alert, hint } => {
                    assert_eq!(*alert, Alert::CERTIFICATE_REQUIRED);
                    assert!(
                        hint.contains("no signature scheme that fits ours"),
                        "{hint}"
                    );
                }
                other => panic!("{other:?}"),
            },
            (side, other) => panic!("{side:?}: {other:?}"),
        }
    }
}

/// A peer of our `side` that takes ECDSA on P-256 alone, until the connection ends.
fn picky(side: Side, version: Version, cast: &Cast, mut socket: TcpStream) {
    let provider = providers().remove(0);
    let versions: &[_] = match version {
        Version::Tls12 => &[&rustls::version::TLS12],
        Version::Tls13 => &[&rustls::version::TLS13],
    };
    let mut connection: Connection = match side {
        Side::Server => {
            let config = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .unwrap()
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Picky))
                .with_client_auth_cert(cast.alice.chain.clone(), cast.alice.key_der())
                .unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            ClientConnection::new(Arc::new(config), name)
                .unwrap()
                .into()
        }
        Side::Client => {
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .unwrap()
                .with_client_cert_verifier(Arc::new(Picky))
                .with_single_cert(cast.server.chain.clone(), cast.server.key_der())
                .unwrap();
            ServerConnection::new(Arc::new(config)).unwrap().into()
        }
    };
    while connection.is_handshaking() && connection.complete_io(&mut socket).is_ok() {}
    // An alert of its own, if it has one.
    while connection.wants_write() && connection.write_tls(&mut socket).is_ok() {}
    socket.flush().ok();
    socket.shutdown(std::net::Shutdown::Write).ok();
    while socket.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
}

#[derive(Debug)]
struct Picky;

impl ServerCertVerifier for Picky {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<Native> {
        vec![Native::ECDSA_NISTP256_SHA256]
    }
}

impl ClientCertVerifier for Picky {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<Native> {
        vec![Native::ECDSA_NISTP256_SHA256]
    }
}
