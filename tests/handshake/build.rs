//! What fails before any handshake.

#[cfg(all(feature = "rustls", feature = "openssl"))]
use std::sync::{Arc, Mutex};

use mtls::backend::BackendKind;
#[cfg(all(feature = "rustls", feature = "openssl"))]
use mtls::error::RotationError;
#[cfg(all(feature = "rustls", feature = "openssl"))]
use mtls::test_util::{ExtendedKeyUsage, KeyUsage};
use mtls::{BuildError, Report};
#[cfg(all(feature = "rustls", feature = "openssl"))]
use mtls::{
    Event, MtlsServer, OpenSsl, PeerMatcher, Rotation, Rustls, TrustAnchors, VerifierPolicy,
};
use pki_types::CertificateDer;

use crate::common::ends::{End, Ends, Setup, clients, servers};
#[cfg(all(feature = "rustls", feature = "openssl"))]
use crate::common::pki::{AuthorityBuilder, Validity};
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

/// Alone it fails the build. Beside a good one it is a warning, but on native-tls, which does not show where a path ends.
fn assert_no_anchor(anchor: &CertificateDer<'static>, name: &str, words: &str) {
    each_end(|end, mut setup| {
        let good = std::mem::replace(&mut setup.anchors, vec![anchor.clone()]);
        let error = build_error(end, &setup);
        let said = Report::new(&error).to_string();
        let BuildError::UnusableTrustAnchors(unusable) = error else {
            panic!("{end:?}: {error:?}");
        };
        let [unusable] = unusable.as_slice() else {
            panic!("{end:?}: {unusable:?}");
        };
        assert_eq!((unusable.index, &*unusable.subject), (0, name), "{end:?}");
        assert!(
            said.contains(words) && said.contains(&*unusable.hint()),
            "{end:?}: {said}"
        );
        setup.anchors = [good, vec![anchor.clone()]].concat();
        if end.kind() == Some(BackendKind::NativeTls) {
            let said = build_error(end, &setup).to_string();
            assert!(said.contains(words), "{end:?}: {said}");
        } else {
            assert!(end.ready(&setup).is_ok(), "{end:?}");
        }
    });
}

/// Each kind of anchor that cannot prove a peer is reported while another can, and fails the build alone.
#[cfg(all(feature = "rustls", feature = "openssl"))]
#[test]
fn anchors_that_cannot_prove_a_peer_are_reported() {
    let cast = Cast::assemble();
    let named = AuthorityBuilder::named;
    let cases = [
        (
            named("Old").validity(Validity::expired()).self_signed(),
            ", not at ",
        ),
        (
            named("Early").validity(Validity::not_yet()).self_signed(),
            ", not at ",
        ),
        (
            named("Servers")
                .extended_key_usages(&[ExtendedKeyUsage::ServerAuth])
                .self_signed(),
            "clientAuth",
        ),
        (
            named("Silent")
                .key_usages(&[KeyUsage::CrlSign])
                .self_signed(),
            "keyCertSign",
        ),
        (named("Leaf").not_a_ca(true).self_signed(), "end-entity"),
    ];
    for (anchor, words) in cases {
        let der = anchor.certificate();
        let both = [cast.root.certificate(), der.clone()];
        let received = Arc::new(Mutex::new(Vec::new()));
        let server = |anchors: Vec<CertificateDer<'static>>| {
            let received = Arc::clone(&received);
            MtlsServer::builder()
                .identity(crate::common::ends::facade::identity(&Setup::new(
                    &cast.server,
                    &cast.root,
                )))
                .trust_anchors(TrustAnchors::from_der(anchors).unwrap())
                .policy(VerifierPolicy::allow_any_authenticated())
                .observer(move |event| {
                    if let Event::UnusableTrustAnchor(anchor) = event {
                        received.lock().unwrap().push((*anchor).clone());
                    }
                })
        };
        let rustls = server(both.to_vec()).build(Rustls::default()).unwrap();
        server(both.to_vec()).build(OpenSsl::default()).unwrap();
        // A rotation of trust reports it as well, and one of something else does not.
        rustls
            .handle()
            .rotate(
                Rotation::new().policy(VerifierPolicy::allow(PeerMatcher::dns("a.test").unwrap())),
            )
            .unwrap();
        let status = rustls.handle().status();
        let [listed] = status.unusable_trust_anchors() else {
            panic!("{:?}", status.unusable_trust_anchors());
        };
        assert_eq!(listed.index, 1);
        let reported = received.lock().unwrap().clone();
        let of_time = words == ", not at ";
        assert_eq!(reported.len(), if of_time { 2 } else { 3 }, "{reported:?}");
        for unusable in &reported {
            assert_eq!(unusable.index, 1);
            assert!(unusable.problem.to_string().contains(words), "{unusable}");
            assert!(!unusable.hint().is_empty());
        }
        for error in [
            server(vec![der.clone()])
                .build(Rustls::default())
                .unwrap_err(),
            server(vec![der.clone()])
                .build(OpenSsl::default())
                .unwrap_err(),
            match rustls
                .handle()
                .rotate(
                    Rotation::new().trust_anchors(TrustAnchors::from_der([der.clone()]).unwrap()),
                )
                .unwrap_err()
            {
                RotationError::Build(error) => error,
                other => panic!("{other:?}"),
            },
        ] {
            let is_it = match &error {
                BuildError::TrustAnchorsExpired { .. } => of_time,
                BuildError::UnusableTrustAnchors(_) => !of_time,
                _ => false,
            };
            assert!(is_it, "{error:?}");
        }
    }
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
    impl<T: mtls::backend::ServerBackend> Ambiguous<u8> for T {}
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
    let identity = mtls::MtlsIdentity::from_files(&certificate, &key).unwrap();
    let anchors = TrustAnchors::from_der([Cast::assemble().root.certificate()]).unwrap();
    let builder = mtls::MtlsClient::builder().identity(identity);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let error = builder
        .trust_anchors(anchors)
        .build(Rustls::with_provider(provider))
        .unwrap_err();
    let said = Report::new(&error).to_string();
    for part in [
        "rustls rejected the private key",
        "export it again",
        "exponent 65537",
    ] {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}
