//! A policy that is evaluated and not enforced: only the observer receives its verdicts.

use mtls::backend::BackendKind;
use mtls::policy::RevocationDepth;
use mtls::{
    BuildError, PeerIdentity, PeerMatcher, Rejection, RejectionReason as Reason, RevocationRules,
    VerifierPolicy,
};

use crate::common::ends::{Setup, Shadow};
use crate::common::pki::Cast;
use crate::scene::{Part, Scene};

fn only(name: &str) -> VerifierPolicy {
    VerifierPolicy::allow(PeerMatcher::dns(name).unwrap())
}

fn would_reject<'a>(part: Part<'a>) -> (&'a PeerIdentity, &'a Rejection) {
    match &part.saw.shadows[..] {
        [Shadow::WouldReject(peer, rejection)] => (peer, rejection),
        other => panic!("not one would-be rejection: {other:?}"),
    }
}

/// Both ends have one, so that each role and each backend is seen in both versions.
fn under_shadows(client: &VerifierPolicy, server: &VerifierPolicy) -> Scene {
    let mut scene = Scene::new();
    scene.client.shadow = Some(client.clone());
    scene.server.shadow = Some(server.clone());
    scene
}

#[test]
fn that_agrees_is_silent() {
    let scene = under_shadows(&only("server.test"), &only("alice.test"));
    let check = |scene: Scene| {
        scene.is_allowed_and(|played| {
            assert!(played.client.saw.shadows.is_empty());
            assert!(played.server.saw.shadows.is_empty());
        });
    };
    check(scene.clone());
    #[cfg(feature = "tokio")]
    check(scene.clone().over_tokio());
    // Both reject.
    let scene = scene
        .server_accepts(PeerMatcher::dns("bob.test").unwrap())
        .client_presents(&Cast::assemble().mallory);
    scene.play(&scene.clients(), &scene.servers(), |played| {
        assert_eq!(played.server.saw.observed.len(), 1);
        assert!(played.server.saw.shadows.is_empty());
    });
}

#[test]
fn that_is_narrower_reports_peers_it_would_reject() {
    let scene = under_shadows(&only("db.test"), &only("bob.test"));
    let check = |scene: Scene| {
        scene.is_allowed_and(|played| {
            for (part, subject, wanted) in [
                (played.client, "CN=server", "db.test"),
                (played.server, "CN=alice", "bob.test"),
            ] {
                let (peer, rejection) = would_reject(part);
                assert_eq!(peer.chain(), part.saw.presented);
                assert_eq!(rejection.reason(), Reason::NotAuthorized);
                let said = rejection.to_string();
                assert!(said.contains(subject) && said.contains(wanted), "{said}");
            }
        });
    };
    check(scene.clone());
    #[cfg(feature = "tokio")]
    check(scene.over_tokio());
}

#[test]
fn that_is_wider_reports_peers_it_would_accept() {
    let anyone = VerifierPolicy::allow_any_authenticated();
    let scene =
        under_shadows(&anyone, &anyone).server_accepts(PeerMatcher::dns("bob.test").unwrap());
    // The rejection stands, with its alert and its one report.
    scene.client_is_rejected(Reason::NotAuthorized, &["CN=alice", "bob.test"]);
    scene.play(&scene.suspects(), &scene.servers(), |played| {
        let [Shadow::WouldAccept(peer, rejection)] = &played.server.saw.shadows[..] else {
            panic!("not one would-be admission: {:?}", played.server.saw);
        };
        assert!(peer.dns_names().eq(["alice.test"]));
        assert_eq!(std::slice::from_ref(rejection), played.server.saw.observed);
    });
    let scene =
        under_shadows(&anyone, &anyone).client_accepts(PeerMatcher::dns("db.test").unwrap());
    scene.server_is_rejected(Reason::NotAuthorized, &["CN=server", "db.test"]);
    scene.play(&scene.clients(), &scene.suspect_servers(), |played| {
        let [Shadow::WouldAccept(peer, rejection)] = &played.client.saw.shadows[..] else {
            panic!("not one would-be admission: {:?}", played.client.saw);
        };
        assert_eq!(peer.subject(), "CN=server");
        assert_eq!(rejection.reason(), Reason::NotAuthorized);
    });
}

/// A stranger is one under both policies.
#[test]
fn that_is_wider_is_not_wider_than_the_anchors() {
    let anyone = VerifierPolicy::allow_any_authenticated();
    let scene = under_shadows(&anyone, &anyone);
    let mallory = scene.cast.mallory.clone();
    let scene = scene.client_presents(&mallory);
    scene.client_is_rejected(Reason::UnknownIssuer, &["CN=mallory"]);
    scene.play(&scene.suspects(), &scene.servers(), |played| {
        assert!(played.server.saw.shadows.is_empty());
    });
}

#[test]
fn that_panics_would_have_rejected() {
    let panicking = VerifierPolicy::allow(PeerMatcher::custom("hasty", |_| panic!("in haste")));
    under_shadows(&panicking, &panicking).is_allowed_and(|played| {
        for part in [played.client, played.server] {
            let (_, rejection) = would_reject(part);
            assert_eq!(rejection.reason(), Reason::VerifierPanicked);
            assert_eq!(rejection.presented(), Some("in haste"));
        }
    });
}

/// Not in the second look after the handshake, and not for each question of OpenSSL's.
#[test]
fn is_asked_once_for_each_handshake() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let counted = || {
        VerifierPolicy::allow(PeerMatcher::custom("counted", |_| {
            ASKED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }))
    };
    let meetings = AtomicU32::new(0);
    under_shadows(&counted(), &counted()).is_allowed_and(|_| {
        meetings.fetch_add(1, Ordering::Relaxed);
    });
    let meetings = meetings.into_inner();
    assert!(meetings > 0);
    assert_eq!(ASKED.load(Ordering::Relaxed), 2 * meetings);
}

/// It reads no clock of its own: what has just expired has done so for both.
#[cfg(any(feature = "rustls", feature = "openssl"))]
#[test]
fn is_verified_by_the_same_moment() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use mtls::pki_types::UnixTime;

    use crate::common::ends::facade::{Notes, client_builder, server_builder};

    let scene = Scene::new();
    let readings = |kind, shadow: Option<VerifierPolicy>| {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let setup = Setup {
            shadow,
            ..scene.client.clone()
        };
        let client = client_builder(&setup, &Notes::default()).clock(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            UnixTime::now()
        });
        let server = Setup::new(&scene.cast.server, &scene.cast.root);
        both_talk(kind, client, server_builder(&server, &Notes::default()));
        count.load(Ordering::Relaxed)
    };
    for client in scene.clients() {
        let alone = readings(client.kind(), None);
        assert!(alone > 0, "{client:?}");
        let beside = readings(client.kind(), Some(only("db.test")));
        assert_eq!(beside, alone, "{client:?}");
    }
}

/// A panic in the observer does not fail the handshake.
#[cfg(any(feature = "rustls", feature = "openssl"))]
#[test]
fn an_observer_that_panics_changes_nothing() {
    use crate::common::ends::facade::{Notes, client_builder, server_builder};

    let scene = under_shadows(&only("db.test"), &only("bob.test"));
    let root = scene.cast.root.clone();
    for client in scene.clients() {
        let kind = client.kind();
        let client = client_builder(&scene.client, &Notes::default())
            .observer(|event| panic!("received {event:?}"));
        let server = server_builder(&Setup::new(&scene.cast.server, &root), &Notes::default());
        both_talk(kind, client, server);
    }
}

#[cfg(any(feature = "rustls", feature = "openssl"))]
fn both_talk(kind: Option<BackendKind>, client: mtls::ClientBuilder, server: mtls::ServerBuilder) {
    let (near, far) = crate::common::raw::socket_pair();
    #[cfg(feature = "rustls")]
    let server = server.build(mtls::Rustls::default()).unwrap();
    #[cfg(all(feature = "openssl", not(feature = "rustls")))]
    let server = server.build(mtls::OpenSsl::default()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| server.accept(far).map(drop).unwrap());
        let kind = kind.expect("no facade");
        let connected = crate::common::backends::with_client_backend!(kind, |backend| {
            let client = client.build(backend).unwrap();
            client.connect("localhost", near).map(drop)
        });
        connected.expect("no facade").unwrap();
    });
}

/// Whatever could not be in force cannot be a shadow.
#[test]
fn that_could_not_be_enforced_is_rejected_at_build() {
    let scene = Scene::new();
    let anyone = VerifierPolicy::server_spiffe(PeerMatcher::any_authenticated());
    let of_a_client = VerifierPolicy::server_spiffe(PeerMatcher::trust_domain("a.test").unwrap());
    for (ends, setup, shadow) in [
        (scene.clients(), &scene.client, anyone),
        (scene.servers(), &scene.server, of_a_client),
    ] {
        for end in ends {
            let setup = Setup {
                shadow: Some(shadow.clone()),
                ..setup.clone()
            };
            match end.ready(&setup).err() {
                Some(BuildError::InvalidSetting { setting, .. }) => {
                    assert_eq!(setting, "shadow_policy", "{end:?}");
                }
                other => panic!("{end:?}: {other:?}"),
            }
        }
    }
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let revoking = VerifierPolicy::allow_any_authenticated().revocation(rules);
    for client in scene.clients() {
        let setup = Setup {
            shadow: Some(revoking.clone()),
            ..scene.client.clone()
        };
        match (client.kind(), client.ready(&setup).err()) {
            (Some(BackendKind::NativeTls), Some(BuildError::Unsupported { .. })) => {}
            (_, Some(BuildError::MissingRevocationLists)) => {}
            other => panic!("{other:?}"),
        }
    }
    let relaxed = VerifierPolicy::allow_any_authenticated().danger_allow_x509_v1_leaf();
    for client in scene.clients() {
        let setup = Setup {
            shadow: Some(relaxed.clone()),
            ..scene.client.clone()
        };
        let rejected = client.ready(&setup).err();
        match client.kind() {
            Some(BackendKind::NativeTls) => {
                assert!(matches!(rejected, Some(BuildError::Unsupported { .. })));
            }
            _ => assert!(rejected.is_none(), "{rejected:?}"),
        }
    }
}
