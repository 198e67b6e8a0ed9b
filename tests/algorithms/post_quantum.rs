//! ML-DSA and P-521 identities in handshakes, with ourselves and across the backends.

use mtls::backend::BackendKind;
use openssl::nid::Nid;

use crate::common::ends::{self, Setup, meet};
use crate::common::pki::{Authority, Credential};
use crate::common::raw::Version;
use crate::forge::{Ca, MlDsa, ec, ecdsa, has_ml_dsa};

/// Every client with every server that is no native-tls.
fn is_mutual(ca: &Ca, client: &Credential, server: &Credential, version: Version) -> usize {
    let mut met = 0;
    for near in ends::clients() {
        if near.kind() == Some(BackendKind::NativeTls) {
            continue;
        }
        for far in ends::servers() {
            let setup = |identity: &Credential| Setup {
                version,
                identity: Some(identity.clone()),
                anchors: vec![ca.certificate.clone()],
                ..Setup::new(identity, &Authority::named("unused"))
            };
            let near = near.ready(&setup(client)).unwrap();
            let far_end = far.ready(&setup(server)).unwrap();
            let (saw_server, saw_client) = meet(&*near, &*far_end);
            let said = format!("{far:?} in {version:?}: {saw_server:?}, {saw_client:?}");
            assert!(saw_server.completed && saw_server.ended.is_none(), "{said}");
            assert!(saw_client.completed && saw_client.ended.is_none(), "{said}");
            assert_eq!(saw_client.presented, client.chain, "{said}");
            assert_eq!(saw_server.presented, server.chain, "{said}");
            met += 1;
        }
    }
    met
}

#[test]
fn ml_dsa_on_both_ends_on_every_backend() {
    if !has_ml_dsa() {
        return;
    }
    for kind in MlDsa::ALL {
        let signature = kind.signature();
        let ca = Ca::new("Post-Quantum CA", kind.key(), &signature);
        let client = ca.credential("alice.test", &kind.key(), &signature);
        let server = ca.credential("localhost", &kind.key(), &signature);
        assert_eq!(is_mutual(&ca, &client, &server, Version::Tls13), 4);
    }
}

/// draft-ietf-tls-mldsa, section 4: a client that signs so in TLS 1.2 is not accepted.
#[test]
fn ml_dsa_does_not_count_in_tls_1_2() {
    if !has_ml_dsa() {
        return;
    }
    let ca = Ca::new("CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"));
    let client = ca.credential("alice.test", &MlDsa::M65.key(), &ecdsa("SHA256"));
    let server = ca.credential("localhost", &ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA256"));
    let setup = |version, identity: &Credential| Setup {
        version,
        anchors: vec![ca.certificate.clone()],
        ..Setup::new(identity, &Authority::named("unused"))
    };
    for far in ends::servers() {
        let near = &ends::raw_clients(&["rustls"])[0];
        for (version, is_accepted) in [(Version::Tls12, false), (Version::Tls13, true)] {
            let near = near.ready(&setup(version, &client)).unwrap();
            let verifier = far.ready(&setup(version, &server)).unwrap();
            let (_, seen) = meet(&*near, &*verifier);
            assert_eq!(
                seen.completed, is_accepted,
                "{far:?} in {version:?}: {seen:?}"
            );
        }
    }
}

/// The line of the capability table: OpenSSL asks that the client names the curve among its groups.
#[test]
fn p521_in_tls_1_2_takes_a_client_that_names_the_curve() {
    let ca = Ca::new("CA", ec(Nid::X9_62_PRIME256V1), &ecdsa("SHA512"));
    let [p521, p256] = [Nid::SECP521R1, Nid::X9_62_PRIME256V1];
    let setup = |name: &str, curve| {
        let ours = ca.credential(name, &ec(curve), &ecdsa("SHA512"));
        Setup {
            version: Version::Tls12,
            anchors: vec![ca.certificate.clone()],
            ..Setup::new(&ours, &Authority::named("unused"))
        }
    };
    for near in ends::clients()
        .iter()
        .filter(|e| e.kind() != Some(BackendKind::NativeTls))
    {
        for far in ends::servers() {
            for (client, server) in [(p521, p521), (p521, p256), (p256, p521)] {
                let near_end = near.ready(&setup("alice.test", client)).unwrap();
                let far_end = far.ready(&setup("localhost", server)).unwrap();
                let (saw_server, saw_client) = meet(&*near_end, &*far_end);
                let is_lacking = near.kind() == Some(BackendKind::Rustls)
                    && far.kind() == Some(BackendKind::OpenSsl);
                let said = format!("{near:?}, {far:?}: {saw_server:?}, {saw_client:?}");
                assert_eq!(saw_client.completed, !is_lacking, "{said}");
                assert_eq!(saw_server.completed, !is_lacking, "{said}");
            }
        }
    }
}

#[test]
fn p521_on_both_ends_on_every_backend() {
    let signature = ecdsa("SHA512");
    let ca = Ca::new("P-521 CA", ec(Nid::SECP521R1), &signature);
    let client = ca.credential("alice.test", &ec(Nid::SECP521R1), &signature);
    let server = ca.credential("localhost", &ec(Nid::SECP521R1), &signature);
    assert_eq!(is_mutual(&ca, &client, &server, Version::Tls13), 4);
}
