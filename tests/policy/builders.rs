use std::time::Duration;

use mtls::error::SettingProblem;
use mtls::{BuildError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, VerifierPolicy};

use super::anchors;
use super::common::pki::{Authority, Credential, Leaf};

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_pem(
        credential.chain_pem().as_bytes(),
        credential.key_pem().as_bytes(),
    )
    .unwrap()
}

fn pki() -> (Authority, MtlsIdentity) {
    let root = Authority::named("Root");
    let own = identity(&Leaf::named("own").client().server().issued_by(&root));
    (root, own)
}

#[test]
fn what_is_required_is_asked_for_by_name() {
    let (root, own) = pki();
    let build = |builder: mtls::ClientBuilder| builder.build(Rustls::default()).unwrap_err();
    let client = MtlsClient::builder;
    assert!(matches!(
        build(client().trust_anchors(anchors(&[&root]))),
        BuildError::MissingIdentity
    ));
    assert!(matches!(
        build(client().identity(own.clone())),
        BuildError::MissingTrustAnchors
    ));
    let server = MtlsServer::builder()
        .identity(own)
        .trust_anchors(anchors(&[&root]));
    let error = server.build(Rustls::default()).unwrap_err();
    assert!(matches!(error, BuildError::MissingPolicy));
    assert!(
        error.hint().contains("allow_any_authenticated"),
        "{}",
        error.hint()
    );
}

#[test]
fn a_shadow_policy_needs_an_observer() {
    let (root, own) = pki();
    let shadow = VerifierPolicy::allow_any_authenticated;
    let client = || {
        MtlsClient::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
            .shadow_policy(shadow())
    };
    let server = || {
        MtlsServer::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
            .policy(shadow())
            .shadow_policy(shadow())
    };
    let errors = [
        client().build(Rustls::default()).unwrap_err(),
        server().build(Rustls::default()).unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(
                &error,
                BuildError::InvalidSetting {
                    setting: "shadow_policy",
                    problem: SettingProblem::NoObserver
                }
            ),
            "{error}"
        );
    }
    client().observer(|_| {}).build(Rustls::default()).unwrap();
    server().observer(|_| {}).build(Rustls::default()).unwrap();
}

#[test]
fn settings_that_cannot_work_are_rejected() {
    let (root, own) = pki();
    let client = || {
        MtlsClient::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
    };
    let long = "x".repeat(256);
    for builder in [
        client().alpn([""]),
        client().alpn([long]),
        client().protocol_versions([]),
        client().handshake_timeout(Duration::ZERO),
        client().policy(VerifierPolicy::server_spiffe(
            PeerMatcher::any_authenticated(),
        )),
    ] {
        let error = builder.build(Rustls::default()).unwrap_err();
        assert!(
            matches!(error, BuildError::InvalidSetting { .. }),
            "{error}"
        );
    }
    let spiffe = PeerMatcher::spiffe_id("spiffe://a/b").unwrap();
    let error = MtlsServer::builder()
        .identity(own.clone())
        .trust_anchors(anchors(&[&root]))
        .policy(VerifierPolicy::server_spiffe(spiffe))
        .build(Rustls::default())
        .unwrap_err();
    assert!(
        matches!(
            error,
            BuildError::InvalidSetting {
                setting: "policy",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn our_own_chain_must_be_signed_as_it_says() {
    let root = Authority::named("Root");
    let intermediate = root
        .again()
        .without_key_identifier()
        .self_signed()
        .intermediate("Intermediate");
    let leaf = Leaf::named("own")
        .client()
        .without_key_identifier()
        .issued_by(&intermediate);
    // The same name, so that nothing but the signature tells the difference.
    let namesake = intermediate
        .again()
        .without_key_identifier()
        .issued_by(&root);
    let namesake = namesake.namesake();
    let own = identity(&leaf.with(&namesake));
    let error = MtlsClient::builder()
        .identity(own)
        .trust_anchors(anchors(&[&root]))
        .build(Rustls::default())
        .unwrap_err();
    assert!(
        matches!(error, BuildError::IdentityChain { index: 0, .. }),
        "{error}"
    );
}

#[test]
fn without_a_provider_there_is_an_error_and_not_a_panic() {
    // A process-wide provider is never looked at: this process has none, and building works all the same.
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    let (root, own) = pki();
    MtlsClient::builder()
        .identity(own)
        .trust_anchors(anchors(&[&root]))
        .build(Rustls::default())
        .unwrap();
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn a_server_s_name_is_replaced_by_a_spiffe_id_only() {
    let (root, own) = pki();
    let build = |matcher| {
        MtlsClient::builder()
            .identity(own.clone())
            .trust_anchors(anchors(&[&root]))
            .policy(VerifierPolicy::server_spiffe(matcher))
            .build(Rustls::default())
    };
    let any = PeerMatcher::any_authenticated;
    let id = || PeerMatcher::spiffe_id("spiffe://a/b").unwrap();
    let domain = || PeerMatcher::trust_domain("a").unwrap();
    let below = || PeerMatcher::spiffe_path_prefix("spiffe://a/b").unwrap();
    let pin = || PeerMatcher::trust_anchor_sha256([0; 32]);
    let dns = || PeerMatcher::dns("a.example").unwrap();
    for matcher in [
        any(),
        dns(),
        pin(),
        // It does not ask for the only URI name.
        PeerMatcher::uri_prefix("spiffe://a/b").unwrap(),
        PeerMatcher::any_of([below(), pin()]).unwrap(),
        PeerMatcher::any_of([below(), PeerMatcher::not(dns())]).unwrap(),
        PeerMatcher::not(id()),
        PeerMatcher::any_of([any()]).unwrap(),
        PeerMatcher::any_of([id(), dns()]).unwrap(),
        PeerMatcher::all_of([any(), dns()]).unwrap(),
    ] {
        let text = matcher.to_string();
        let error = build(matcher).unwrap_err();
        assert!(
            matches!(error, BuildError::InvalidSetting { .. }),
            "{text}: {error}"
        );
    }
    for matcher in [
        id(),
        domain(),
        below(),
        PeerMatcher::any_of([id(), domain(), below()]).unwrap(),
        PeerMatcher::all_of([below(), pin()]).unwrap(),
        PeerMatcher::all_of([domain(), PeerMatcher::not(id())]).unwrap(),
        PeerMatcher::custom("looks for itself", |_| Ok(())),
    ] {
        build(matcher).unwrap();
    }
}
