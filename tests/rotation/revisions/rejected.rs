//! All or nothing: what a rotation is rejected for, and that nothing has changed then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::error::RotationError;
use mtls::policy::RevocationDepth;
use mtls::rotation::SelfTrust;
use mtls::{
    BuildError, MtlsClient, MtlsServer, NativeTls, OpenSsl, PeerMatcher, RevocationLists,
    RevocationRules, Rotation, Rustls, VerifierPolicy,
};

use crate::common::pki::crl::{Crl, CrlTools as _};
use crate::common::pki::{Authority, AuthorityBuilder, Cast, Credential, Leaf, Validity};
use crate::stage::{Clock, Received, anchors, client_of, identity, meet, server_of};

fn ours(issuer: &Authority, validity: Validity) -> Credential {
    let leaf = Leaf::named("next").dns("localhost").server().client();
    leaf.validity(validity).issued_by(issuer)
}

/// Every rotation that must be rejected, with the words that say why.
fn unsound(cast: &Cast) -> Vec<(&'static str, Rotation, &'static str)> {
    let stranger = Authority::named("Stranger");
    let past = AuthorityBuilder::named("Past").validity(Validity::expired());
    let past = past.self_signed();
    let no_ca = Leaf::named("no CA").issued_by(&cast.root);
    let no_ca = mtls::TrustAnchors::from_der(vec![no_ca.leaf().clone()]).unwrap();
    let lists = RevocationLists::from_der([Crl::new().signed_by(&cast.intermediate)]).unwrap();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    // The last byte belongs to the signature.
    let mut broken = ours(&cast.intermediate, Validity::current()).with(&cast.intermediate);
    let mut leaf = broken.leaf().to_vec();
    *leaf.last_mut().unwrap() ^= 1;
    broken.chain[0] = leaf.into();
    let next = Rotation::new;
    vec![
        (
            "expired identity",
            next().identity(identity(&ours(&cast.root, Validity::expired()))),
            "expired at",
        ),
        (
            "identity to come",
            next().identity(identity(&ours(&cast.root, Validity::not_yet()))),
            "is valid from",
        ),
        (
            "identity of a CA that is not ours",
            next().identity(identity(&ours(&stranger, Validity::current()))),
            "do not authenticate our own identity",
        ),
        (
            "anchors without the CA of our own identity",
            next().trust_anchors(anchors(&[&stranger])),
            "do not authenticate our own identity",
        ),
        (
            "anchors that have all expired",
            next().trust_anchors(anchors(&[&past])),
            "no trust anchor is valid at",
        ),
        (
            "an anchor that is no CA",
            next().trust_anchors(no_ca),
            "no trust anchor can authenticate a peer",
        ),
        (
            "a chain that is not signed",
            next().identity(identity(&broken)),
            "is not signed by the next",
        ),
        (
            "lists without rules",
            next().revocation_lists(lists),
            "the policy has no revocation rules",
        ),
        (
            "rules without lists",
            next().policy(VerifierPolicy::allow_any_authenticated().revocation(rules)),
            "no revocation lists were given",
        ),
        (
            "a shadow without an observer",
            next().shadow_policy(VerifierPolicy::allow_any_authenticated()),
            "shadow_policy cannot be used",
        ),
        (
            "a limit that cannot be held, beside an identity that is good",
            next()
                .identity(identity(&ours(&cast.root, Validity::current())))
                .policy(VerifierPolicy::allow_any_authenticated().max_intermediates(99)),
            "max_intermediates(99)",
        ),
    ]
}

#[test]
fn a_server_stays_what_it_is() {
    fn on<B: ServerBackend + Default>() {
        let cast = Cast::assemble();
        let server = server_of(&cast).build(B::default()).unwrap();
        let client = client_of(&cast).build(Rustls::default()).unwrap();
        for (what, rotation, words) in unsound(&cast) {
            let rejected = server.handle().rotate(rotation).expect_err(what);
            assert!(rejected.to_string().contains(words), "{what}: {rejected}");
            let (connected, served) = meet(&client, &server);
            assert_eq!(served.expect(what).revision(), 1);
            assert_eq!(
                connected.expect(what).peer().chain(),
                cast.server.chain,
                "{what}"
            );
        }
        let status = server.handle().status();
        assert_eq!((status.revision(), status.rotations()), (1, 0));
        // None of them is in the way of a good one.
        let next = ours(&cast.root, Validity::current());
        assert_eq!(
            server
                .handle()
                .rotate(Rotation::new().identity(identity(&next)))
                .unwrap(),
            2
        );
    }
    on::<Rustls>();
    on::<OpenSsl>();
}

#[test]
fn a_client_stays_what_it_is() {
    fn on<B: ClientBackend + Default>() {
        let cast = Cast::assemble();
        let client = client_of(&cast).build(B::default()).unwrap();
        let server = server_of(&cast).build(Rustls::default()).unwrap();
        for (what, rotation, words) in unsound(&cast) {
            let rejected = client.handle().rotate(rotation).expect_err(what);
            assert!(rejected.to_string().contains(words), "{what}: {rejected}");
            let (connected, served) = meet(&client, &server);
            assert_eq!(connected.expect(what).revision(), 1);
            assert_eq!(
                served.expect(what).peer().chain(),
                cast.alice.chain,
                "{what}"
            );
        }
    }
    on::<Rustls>();
    on::<OpenSsl>();
}

#[test]
fn native_tls_rejects_what_it_cannot_enforce_in_a_rotation_too() {
    let cast = Cast::assemble();
    let client = client_of(&cast).build(NativeTls::default()).unwrap();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let lists = RevocationLists::from_der([Crl::new().signed_by(&cast.intermediate)]).unwrap();
    let policy = VerifierPolicy::allow_any_authenticated();
    for rotation in [
        Rotation::new()
            .policy(policy.clone().revocation(rules))
            .revocation_lists(lists),
        Rotation::new().policy(policy.danger_allow_common_name_as_dns()),
    ] {
        let rejected = client.handle().rotate(rotation).unwrap_err();
        assert!(
            matches!(
                rejected,
                RotationError::Build(BuildError::Unsupported { .. })
            ),
            "{rejected}"
        );
    }
    let expired = ours(&cast.root, Validity::expired());
    let rejected = client
        .handle()
        .rotate(Rotation::new().identity(identity(&expired)));
    assert!(matches!(
        rejected,
        Err(RotationError::IdentityNotValid { .. })
    ));
    assert_eq!(client.handle().status().revision(), 1);
    let server = server_of(&cast).build(Rustls::default()).unwrap();
    let next = ours(&cast.root, Validity::current());
    client
        .handle()
        .rotate(Rotation::new().identity(identity(&next)))
        .unwrap();
    let (connected, served) = meet(&client, &server);
    assert_eq!(connected.unwrap().revision(), 2);
    assert_eq!(served.unwrap().peer().subject(), "CN=next");
}

#[test]
fn whether_our_anchors_prove_us_is_ours_to_choose() {
    let (cast, stranger) = (Cast::assemble(), Authority::named("Stranger"));
    let foreign = || identity(&ours(&stranger, Validity::current()));
    let build = |choice: SelfTrust, foreign_from_the_start: bool| {
        let builder = server_of(&cast).self_trust(choice);
        if foreign_from_the_start {
            builder.identity(foreign()).build(Rustls::default())
        } else {
            builder.build(Rustls::default())
        }
    };
    let rotate =
        |server: &MtlsServer<Rustls>| server.handle().rotate(Rotation::new().identity(foreign()));

    let kept = build(SelfTrust::Preserve, false).unwrap();
    assert!(matches!(
        rotate(&kept),
        Err(RotationError::Build(BuildError::OwnChainRejected(_)))
    ));
    // It never was, so there is nothing to keep.
    let never = build(SelfTrust::Preserve, true).unwrap();
    assert_eq!(never.handle().status().revision(), 1);
    let next = Rotation::new().identity(identity(&ours(&stranger, Validity::current())));
    assert_eq!(never.handle().rotate(next).unwrap(), 2);
    // It is from now on, and then it is kept.
    let next = identity(&ours(&cast.root, Validity::current()));
    assert_eq!(
        never
            .handle()
            .rotate(Rotation::new().identity(next))
            .unwrap(),
        3
    );
    assert!(matches!(
        rotate(&never),
        Err(RotationError::Build(BuildError::OwnChainRejected(_)))
    ));

    let required = build(SelfTrust::Require, true).unwrap_err();
    assert!(
        matches!(required, BuildError::OwnChainRejected(_)),
        "{required}"
    );
    let required = build(SelfTrust::Require, false).unwrap();
    assert!(matches!(
        rotate(&required),
        Err(RotationError::Build(BuildError::OwnChainRejected(_)))
    ));

    let unchecked = build(SelfTrust::Skip, false).unwrap();
    assert_eq!(rotate(&unchecked).unwrap(), 2);
}

#[test]
fn a_list_that_revokes_us_takes_effect_on_the_others_that_it_revokes() {
    let cast = Cast::assemble();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let lists = |crl: Crl| RevocationLists::from_der([crl.signed_by(&cast.intermediate)]).unwrap();
    let server = server_of(&cast)
        .policy(policy)
        .revocation_lists(lists(Crl::new()));
    let server = server.build(Rustls::default()).unwrap();
    let both = Crl::new()
        .number(&[2])
        .lists(cast.server.leaf())
        .lists(cast.alice.leaf());
    server
        .handle()
        .rotate(Rotation::new().revocation_lists(lists(both)))
        .unwrap();
    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert_eq!(
        crate::stage::rejection(meet(&client, &server).1),
        mtls::RejectionReason::Revoked
    );
}

#[test]
fn an_exposed_key_is_reported_or_denied_in_a_rotation_too() {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let cast = Cast::assemble();
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (folder.path().join("c"), folder.path().join("k"));
        let next = ours(&cast.root, Validity::current());
        std::fs::write(&chain, next.chain_pem()).unwrap();
        std::fs::write(&key, next.key_pem()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let load = || mtls::MtlsIdentity::from_files(&chain, &key).unwrap();

        let received = Received::default();
        let server = server_of(&cast)
            .observer(received.listen())
            .build(Rustls::default())
            .unwrap();
        server
            .handle()
            .rotate(Rotation::new().identity(load()))
            .unwrap();
        assert_eq!(received.count("InsecureKeyFile"), 1);
        let policy = VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
        server
            .handle()
            .rotate(Rotation::new().policy(policy))
            .unwrap();
        assert_eq!(
            received.count("InsecureKeyFile"),
            1,
            "the identity is the same"
        );

        let server = server_of(&cast).key_permissions(mtls::material::KeyPermissions::Deny);
        let server = server.build(Rustls::default()).unwrap();
        let rejected = server.handle().rotate(Rotation::new().identity(load()));
        let is_denied = matches!(
            rejected,
            Err(RotationError::Build(BuildError::InsecureKeyFile { .. }))
        );
        assert!(is_denied);
    }
}

/// The same chain makes a new revision where the permissions of its key's file have changed, so
/// that the exposure is reported.
#[cfg(unix)]
#[test]
fn a_key_that_has_become_exposed_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let cast = Cast::assemble();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("c"), folder.path().join("k"));
    let own = ours(&cast.root, Validity::current());
    std::fs::write(&chain, own.chain_pem()).unwrap();
    std::fs::write(&key, own.key_pem()).unwrap();
    let load = |mode| {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        mtls::MtlsIdentity::from_files(&chain, &key).unwrap()
    };
    let received = Received::default();
    let server = server_of(&cast)
        .identity(load(0o600))
        .observer(received.listen());
    let server = server.build(Rustls::default()).unwrap();
    let rotate = |mode| {
        server
            .handle()
            .rotate(Rotation::new().identity(load(mode)))
            .unwrap()
    };
    assert_eq!(
        (rotate(0o600), received.all().len()),
        (1, 0),
        "nothing to report"
    );
    assert_eq!(rotate(0o644), 2);
    let reported = received.all();
    assert_eq!(reported.len(), 2, "{reported:?}");
    assert!(
        reported[0].starts_with("IdentityWarning(InsecureKeyFile"),
        "{reported:?}"
    );
    assert!(reported[1].starts_with("Rotated"), "{reported:?}");
    assert_eq!(
        (rotate(0o644), received.all().len()),
        (2, 2),
        "reported once"
    );
    // That the file is not exposed any more makes a revision as well, but no warning.
    assert_eq!((rotate(0o600), received.count("IdentityWarning")), (3, 1));
}

#[test]
fn a_client_of_server_spiffe_keeps_asking_for_ids() {
    let cast = Cast::assemble();
    let client: MtlsClient<Rustls> = client_of(&cast).build(Rustls::default()).unwrap();
    let any = VerifierPolicy::server_spiffe(PeerMatcher::any_authenticated());
    let rejected = client
        .handle()
        .rotate(Rotation::new().policy(any))
        .unwrap_err();
    assert!(rejected.to_string().contains("server_spiffe"), "{rejected}");
}

#[test]
fn an_anchor_of_ours_that_has_grown_old_keeps_nothing_from_being_replaced() {
    let now = time::OffsetDateTime::now_utc();
    let month = Validity {
        not_before: (now - time::Duration::hours(1)).into(),
        not_after: (now + time::Duration::days(30)).into(),
    };
    let year = Validity {
        not_before: (now - time::Duration::hours(1)).into(),
        not_after: (now + time::Duration::days(365)).into(),
    };
    // The CA of our own identity runs out first.
    let old = AuthorityBuilder::named("Old").validity(month).self_signed();
    let theirs = AuthorityBuilder::named("Theirs")
        .validity(year)
        .self_signed();
    let ours = Leaf::named("ours")
        .dns("localhost")
        .server()
        .validity(year)
        .issued_by(&old);
    let bob = Leaf::named("bob")
        .client()
        .validity(year)
        .issued_by(&theirs);
    let clock = Clock::now();
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    let any = VerifierPolicy::allow_any_authenticated();
    let far = Some(time::Duration::days(300));
    let lists = |crl: Crl| {
        let crl = crl.dated_by(time::Duration::hours(-1), far);
        RevocationLists::from_der([crl.signed_by(&theirs)]).unwrap()
    };
    let server = MtlsServer::builder()
        .identity(identity(&ours))
        .trust_anchors(anchors(&[&old, &theirs]))
        .policy(any.revocation(rules))
        .revocation_lists(lists(Crl::new()))
        .clock(clock.read())
        .build(Rustls::default())
        .unwrap();
    clock.advance(std::time::Duration::from_secs(60 * 24 * 3600));
    let revoked = lists(Crl::new().number(&[2]).lists(bob.leaf()));
    assert_eq!(
        server
            .handle()
            .rotate(Rotation::new().revocation_lists(revoked))
            .unwrap(),
        2
    );
    let narrow = VerifierPolicy::allow(PeerMatcher::dns("unused.test").unwrap());
    let narrow = Rotation::new().policy(narrow.revocation(rules));
    assert_eq!(server.handle().rotate(narrow).unwrap(), 3);
    // The old anchor proves no certificate any more, so it may go as well.
    let without = Rotation::new().trust_anchors(anchors(&[&theirs]));
    assert_eq!(server.handle().rotate(without).unwrap(), 4);
}

#[test]
fn native_tls_cannot_require_self_trust() {
    let cast = Cast::assemble();
    let client = client_of(&cast).self_trust(SelfTrust::Require);
    let error = client.build(NativeTls::default()).map(drop).unwrap_err();
    assert!(matches!(error, BuildError::Unsupported { .. }), "{error}");
}

#[test]
fn by_a_clock_that_panics_nothing_is_rotated() {
    let cast = Cast::assemble();
    let is_broken = Arc::new(AtomicBool::new(false));
    let broken = Arc::clone(&is_broken);
    let server = server_of(&cast).clock(move || {
        if broken.load(Ordering::SeqCst) {
            panic!("a clock that panics, as the test wants it")
        } else {
            pki_types::UnixTime::now()
        }
    });
    let server = server.build(Rustls::default()).unwrap();
    is_broken.store(true, Ordering::SeqCst);
    let alice = VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
    let policy = || Rotation::new().policy(alice.clone());
    let rejected = server.handle().rotate(policy()).unwrap_err();
    assert!(rejected.to_string().contains("clock"), "{rejected}");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(server.handle().rotate(policy()).unwrap(), 2);
}

#[test]
fn a_policy_does_not_end_by_the_way_that_we_are_proved() {
    for choice in [SelfTrust::Preserve, SelfTrust::Require] {
        let cast = Cast::assemble();
        let server = server_of(&cast)
            .self_trust(choice)
            .build(Rustls::default())
            .unwrap();
        // Our own leaf lasts for 30 days.
        let strict = VerifierPolicy::allow_any_authenticated()
            .max_leaf_lifetime(std::time::Duration::from_secs(24 * 3600));
        let rejected = server
            .handle()
            .rotate(Rotation::new().policy(strict))
            .unwrap_err();
        assert!(
            matches!(
                rejected,
                RotationError::Build(BuildError::OwnChainRejected(_))
            ),
            "{rejected}"
        );
    }
}
