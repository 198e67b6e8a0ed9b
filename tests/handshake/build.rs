//! What fails before any handshake.

use mtls::{BackendKind, BuildError};
use pki_types::CertificateDer;

use crate::common::ends::{End, Ends, Setup, clients, servers};
use crate::common::pki::{Cast, Leaf};

/// Every backend, in every role that it has.
fn each_end(test: impl Fn(&dyn End, Setup)) {
    let cast = Cast::assemble();
    let each = |ends: Ends, setup: Setup| ends.iter().for_each(|e| test(&**e, setup.clone()));
    each(clients(), Setup::new(&cast.alice, &cast.root));
    each(servers(), Setup::new(&cast.server, &cast.root));
}

fn build_error(end: &dyn End, setup: &Setup) -> BuildError {
    match end.ready(setup) {
        Ok(_) => panic!("{end:?} was built"),
        Err(error) => error,
    }
}

/// It comes second, so that its position is seen to be told.
fn assert_no_anchor(anchor: &CertificateDer<'static>, name: &str, words: &str) {
    each_end(|end, mut setup| {
        setup.anchors.push(anchor.clone());
        let error = build_error(end, &setup);
        let said = error.to_string();
        let BuildError::Anchor { index, subject, .. } = error else {
            panic!("{end:?}: {error:?}");
        };
        assert_eq!((index, &*subject), (1, name), "{end:?}");
        assert!(said.contains(words), "{end:?}: {said}");
    });
}

#[test]
fn an_end_entity_certificate_as_anchor() {
    let cast = Cast::assemble();
    assert_no_anchor(cast.server.leaf(), "CN=server", "end-entity certificate");
    assert_no_anchor(cast.alice.leaf(), "CN=alice", "end-entity certificate");
}

#[cfg(feature = "openssl")]
#[test]
fn a_version_1_root_as_anchor() {
    use crate::common::odd::Odd;
    let old = Odd::X509V1.issued_by(&Cast::assemble().root, "Old Root");
    assert_no_anchor(old.leaf(), "CN=Old Root", "X.509 V1 certificate");
}

#[test]
fn a_chain_that_its_issuer_did_not_sign() {
    let cast = Cast::assemble();
    // The names fit, the keys do not, and no key identifier tells: only the signature does.
    let orphan = Leaf::named("orphan").client().server();
    let orphan = orphan
        .without_key_identifier()
        .issued_by(&cast.impostor)
        .with(&cast.root);
    each_end(|end, mut setup| {
        setup.identity = Some(orphan.clone());
        // The platform hands out no algorithms to see it with.
        if end.kind() == Some(BackendKind::NativeTls) {
            assert!(end.ready(&setup).is_ok());
            return;
        }
        match build_error(end, &setup) {
            BuildError::IdentityChain { index, subject, .. } => {
                assert_eq!((index, &*subject), (0, "CN=orphan"));
            }
            other => panic!("{end:?}: {other:?}"),
        }
    });
}

/// native-tls cannot ask a client for its certificate. As soon as it is a `ServerBackend`, this does not compile, and
/// the suite has to have it among its servers.
#[cfg(feature = "native-tls")]
#[test]
fn native_tls_is_no_server() {
    trait Ambiguous<A> {
        fn one() {}
    }
    impl<T> Ambiguous<()> for T {}
    impl<T: mtls::ServerBackend> Ambiguous<u8> for T {}
    <mtls::NativeTls as Ambiguous<_>>::one();
}

/// A key with the public exponent 3, which OpenSSL makes and ring does not sign with.
#[cfg(feature = "ring")]
#[test]
fn a_key_that_the_crypto_provider_does_not_take() {
    use crate::common::programs::{Program, run};

    let Some(openssl) = Program::openssl() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [key, certificate] = ["a.key", "a.crt"].map(|name| folder.path().join(name));
    let mut command = openssl.command();
    let line = "req -x509 -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 -nodes -subj /CN=alice -days 1 \
                -addext basicConstraints=critical,CA:FALSE";
    command.args(line.split_whitespace());
    command
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    run(&mut command, b"", std::time::Duration::from_secs(60)).expect_success();
    let identity = mtls::MtlsIdentity::from_pem_files(&certificate, &key).unwrap();
    let anchors = mtls::TrustAnchors::from_der([Cast::assemble().root.certificate()]).unwrap();
    let builder = mtls::MtlsClient::builder().identity(identity);
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let error = builder
        .trust_anchors(anchors)
        .build(mtls::Rustls::with_provider(provider))
        .unwrap_err();
    let said = error.to_string();
    for part in [
        "rustls refused the private key",
        "export it again",
        "exponent 65537",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}
