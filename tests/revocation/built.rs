//! Rules and lists belong together.

#[cfg(feature = "native-tls")]
use mtls::backend::Backend;
use mtls::backend::{ClientBackend, ServerBackend};
use mtls::{
    BuildError, MtlsClient, MtlsIdentity, MtlsServer, PeerVerifier, RevocationLists, Rustls,
    TrustAnchors, VerifierPolicy,
};

use crate::chain_depth;
use crate::common::pki::Cast;
use crate::common::pki::crl::Crl;

struct Parts {
    identity: MtlsIdentity,
    anchors: TrustAnchors,
    lists: RevocationLists,
}

fn parts() -> Parts {
    let cast = Cast::assemble();
    let alice = &cast.alice;
    Parts {
        identity: MtlsIdentity::from_der(alice.chain.clone(), alice.key.secret_pkcs8_der())
            .unwrap(),
        anchors: TrustAnchors::from_der([cast.root.certificate()]).unwrap(),
        lists: RevocationLists::from_der([Crl::new().signed_by(&cast.root)]).unwrap(),
    }
}

fn plain() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn client<B: ClientBackend>(
    backend: B,
    policy: VerifierPolicy,
    with_lists: bool,
) -> Result<MtlsClient<B>, BuildError> {
    let parts = parts();
    let builder = MtlsClient::builder()
        .identity(parts.identity)
        .trust_anchors(parts.anchors)
        .policy(policy);
    if with_lists {
        builder.revocation_lists(parts.lists).build(backend)
    } else {
        builder.build(backend)
    }
}

fn server<B: ServerBackend>(
    backend: B,
    policy: VerifierPolicy,
    with_lists: bool,
) -> Result<MtlsServer<B>, BuildError> {
    let parts = parts();
    let builder = MtlsServer::builder()
        .identity(parts.identity)
        .trust_anchors(parts.anchors)
        .policy(policy);
    if with_lists {
        builder.revocation_lists(parts.lists).build(backend)
    } else {
        builder.build(backend)
    }
}

fn check<B: ClientBackend + ServerBackend + Default>() {
    let rules = || plain().revocation(chain_depth());
    client(B::default(), rules(), true).unwrap();
    server(B::default(), rules(), true).unwrap();
    for error in [
        client(B::default(), rules(), false).err().unwrap(),
        server(B::default(), rules(), false).err().unwrap(),
    ] {
        assert!(
            matches!(error, BuildError::MissingRevocationLists),
            "{error}"
        );
        let hint = error.hint();
        assert!(hint.contains("revocation_lists"), "{hint}");
    }
    for error in [
        client(B::default(), plain(), true).err().unwrap(),
        server(B::default(), plain(), true).err().unwrap(),
    ] {
        assert!(
            matches!(error, BuildError::MissingRevocationRules),
            "{error}"
        );
        let hint = error.hint();
        assert!(hint.contains("VerifierPolicy::revocation"), "{hint}");
    }
    let v1 = || rules().danger_allow_x509_v1_leaf();
    for error in [
        client(B::default(), v1(), true).err().unwrap(),
        server(B::default(), v1(), true).err().unwrap(),
    ] {
        let is_policy = matches!(
            error,
            BuildError::InvalidSetting {
                setting: "policy",
                ..
            }
        );
        assert!(is_policy, "{error}");
    }
}

/// Lists are there for the policy that is in force; the shadow may have no rules.
#[test]
fn a_shadow_policy_without_rules_stands_beside_lists() {
    let parts = parts();
    MtlsClient::builder()
        .identity(parts.identity)
        .trust_anchors(parts.anchors)
        .policy(plain().revocation(chain_depth()))
        .revocation_lists(parts.lists)
        .shadow_policy(plain())
        .observer(|_| {})
        .build(Rustls::default())
        .unwrap();
}

#[test]
fn rules_need_lists_and_lists_need_rules() {
    check::<Rustls>();
    #[cfg(feature = "openssl")]
    check::<mtls::OpenSsl>();
}

#[cfg(feature = "native-tls")]
#[test]
fn not_on_native_tls() {
    use mtls::NativeTls;
    use mtls::backend::BackendKind;
    let rules = || plain().revocation(chain_depth());
    assert_eq!(NativeTls::KIND, BackendKind::NativeTls);
    for (policy, with_lists) in [(rules(), true), (rules(), false), (plain(), true)] {
        let error = client(NativeTls::default(), policy, with_lists)
            .err()
            .unwrap();
        let BuildError::Unsupported { backend, what, .. } = error else {
            panic!("{error}");
        };
        assert!(backend == BackendKind::NativeTls && what.contains("revocation"));
    }
}

#[test]
fn a_verifier_by_itself() {
    let parts = parts();
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let make = |policy| PeerVerifier::new(&parts.anchors, policy, algorithms.clone());
    let error = make(plain())
        .unwrap()
        .with_revocation_lists(&parts.lists)
        .unwrap_err();
    assert!(
        matches!(error, BuildError::MissingRevocationRules),
        "{error}"
    );
    make(plain().revocation(chain_depth()))
        .unwrap()
        .with_revocation_lists(&parts.lists)
        .unwrap();
    let v1 = plain()
        .danger_allow_x509_v1_leaf()
        .revocation(chain_depth());
    assert!(matches!(
        make(v1).unwrap_err(),
        BuildError::InvalidSetting { .. }
    ));
}
