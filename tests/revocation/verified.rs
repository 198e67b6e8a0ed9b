//! Who is revoked, who is known to be good, and who is neither.

use mtls::RejectionReason::{RevocationListStale, RevocationStatusUnknown, Revoked};
use mtls::pki_types::UnixTime;
use mtls::test_util::KeyUsage;
use mtls::{PeerVerifier, RevocationLists, Rustls, TrustAnchors, VerifierPolicy};
use time::Duration;

use crate::common::pki::crl::{Crl, CrlTools as _};
use crate::common::pki::{Authority, AuthorityBuilder, Leaf};
use crate::{World, assert_rejected, chain_depth, leaf_depth, verify};

#[test]
fn good() {
    let world = World::new();
    let [root, issuing] =
        [&world.root, &world.intermediate].map(|issuer| Crl::new().signed_by(issuer));
    world
        .verify(chain_depth(), &[root.clone(), issuing.clone()])
        .unwrap();
    world
        .verify(leaf_depth(), &[root, issuing.clone()])
        .unwrap();
    world.verify(leaf_depth(), &[issuing]).unwrap();
}

#[test]
fn revoked() {
    let world = World::new();
    let clean = [&world.root, &world.intermediate].map(|issuer| Crl::new().signed_by(issuer));
    let leaf = Crl::new()
        .lists_for(world.alice.leaf(), 1)
        .signed_by(&world.intermediate);
    let intermediate = Crl::new()
        .lists(&world.intermediate.certificate())
        .signed_by(&world.root);
    for rules in [leaf_depth(), chain_depth()] {
        for rules in [
            rules,
            rules
                .danger_allow_unknown_status()
                .danger_allow_stale_lists(),
        ] {
            let verdict = world.verify(rules, &[clean[0].clone(), leaf.clone()]);
            assert_rejected(verdict, Revoked, Some(0), "(keyCompromise) by list ");
        }
    }
    let lists = [intermediate, clean[1].clone()];
    let verdict = world.verify(chain_depth(), &lists);
    assert_rejected(verdict, Revoked, Some(1), "(unspecified)");
    world.verify(leaf_depth(), &lists).unwrap();
}

#[test]
fn whatever_the_reason_and_the_date() {
    let world = World::new();
    for reason in [0, 1, 2, 3, 4, 5, 6, 8, 9, 10] {
        let list = Crl::new().lists_for(world.alice.leaf(), reason);
        let verdict = world.verify(leaf_depth(), &[list.signed_by(&world.intermediate)]);
        assert_rejected(verdict, Revoked, Some(0), "revoked at ");
    }
    let list = Crl::new().lists_with(world.alice.leaf(), Duration::days(30), &[]);
    let verdict = world.verify(leaf_depth(), &[list.signed_by(&world.intermediate)]);
    assert_rejected(verdict, Revoked, Some(0), "revoked at ");
}

#[test]
fn unknown() {
    let world = World::new();
    let other = Crl::new().signed_by(&Authority::named("Other"));
    let issuing = Crl::new().signed_by(&world.intermediate);
    let allowing = chain_depth().danger_allow_unknown_status();
    for lists in [&[][..], &[other]] {
        let verdict = world.verify(chain_depth(), lists);
        assert_rejected(verdict, RevocationStatusUnknown, Some(0), "none among the ");
        world.verify(allowing, lists).unwrap();
    }
    let verdict = world.verify(chain_depth(), std::slice::from_ref(&issuing));
    assert_rejected(
        verdict,
        RevocationStatusUnknown,
        Some(1),
        "none among the 1 that were given",
    );
    world.verify(allowing, &[issuing]).unwrap();
}

#[test]
fn stale() {
    let world = World::new();
    let list = Crl::stale().signed_by(&world.intermediate);
    let rules = leaf_depth().danger_allow_unknown_status();
    for rules in [leaf_depth(), rules] {
        let verdict = world.verify(rules, std::slice::from_ref(&list));
        assert_rejected(verdict, RevocationListStale, Some(0), "is stale since ");
    }
    world
        .verify(
            leaf_depth().danger_allow_stale_lists(),
            std::slice::from_ref(&list),
        )
        .unwrap();
    // Beside a current one it does no harm, unless it lists the certificate.
    let current = Crl::new().signed_by(&world.intermediate);
    world
        .verify(leaf_depth(), &[list, current.clone()])
        .unwrap();
    let listing = Crl::stale()
        .lists(world.alice.leaf())
        .signed_by(&world.intermediate);
    let verdict = world.verify(leaf_depth(), &[listing, current]);
    assert_rejected(verdict, Revoked, Some(0), "");
}

#[test]
fn early() {
    let world = World::new();
    let list = Crl::early().signed_by(&world.intermediate);
    for rules in [leaf_depth(), leaf_depth().danger_allow_stale_lists()] {
        let verdict = world.verify(rules, std::slice::from_ref(&list));
        assert_rejected(
            verdict,
            RevocationListStale,
            Some(0),
            "is not valid before ",
        );
    }
}

#[test]
fn current_to_the_second() {
    let world = World::new();
    let crl = Crl::new();
    let list = [crl.signed_by(&world.intermediate)];
    let at = |time: time::OffsetDateTime| {
        let since_epoch = core::time::Duration::from_secs(time.unix_timestamp() as u64);
        let now = UnixTime::since_unix_epoch(since_epoch);
        verify(&[&world.root], leaf_depth(), &list, &world.alice.chain, now)
    };
    let begin = time::OffsetDateTime::from(crl.this_update);
    let end = time::OffsetDateTime::from(crl.next_update.unwrap());
    // Certificates of this cast begin to be valid some moments after.
    let moment = Duration::seconds(1);
    at(begin + Duration::minutes(1)).unwrap();
    at(end).unwrap();
    assert_rejected(at(end + moment), RevocationListStale, Some(0), "");
}

#[test]
fn signed_by_another_key() {
    let world = World::new();
    let namesake = world.intermediate.namesake();
    let right = Crl::new().signed_by(&world.intermediate);
    let wrong = Crl::new().signed_by(&namesake);
    let listing = Crl::new().lists(world.alice.leaf()).signed_by(&namesake);
    for list in [&wrong, &listing] {
        let verdict = world.verify(leaf_depth(), std::slice::from_ref(list));
        let words = "not signed by the issuer of this certificate";
        assert_rejected(verdict, RevocationStatusUnknown, Some(0), words);
        world
            .verify(leaf_depth(), &[right.clone(), list.clone()])
            .unwrap();
    }
}

#[test]
fn its_key_identifier_does_not_hide_a_list() {
    let world = World::new();
    let crl = Crl::new().key_identifier(b"of another key");
    world
        .verify(leaf_depth(), &[crl.signed_by(&world.intermediate)])
        .unwrap();
    let listing = crl.lists(world.alice.leaf()).signed_by(&world.intermediate);
    let verdict = world.verify(leaf_depth(), &[listing]);
    assert_rejected(verdict, Revoked, Some(0), "");
}

#[test]
fn a_list_by_an_issuer_without_crl_sign_only_revokes() {
    let root = Authority::named("Root");
    let silent = AuthorityBuilder::named("Silent")
        .key_usages(&[KeyUsage::KeyCertSign])
        .issued_by(&root);
    let alice = Leaf::named("alice")
        .client()
        .issued_by(&silent)
        .with(&silent);
    let at_leaf = |list| {
        verify(
            &[&root],
            leaf_depth(),
            &[list],
            &alice.chain,
            UnixTime::now(),
        )
    };
    let verdict = at_leaf(Crl::new().signed_by(&silent));
    assert_rejected(verdict, RevocationStatusUnknown, Some(0), "without cRLSign");
    let verdict = at_leaf(Crl::new().lists(alice.leaf()).signed_by(&silent));
    assert_rejected(verdict, Revoked, Some(0), "");
    // No keyUsage, no limits.
    let open = AuthorityBuilder::named("Open")
        .key_usages(&[])
        .issued_by(&root);
    let alice = Leaf::named("alice").client().issued_by(&open).with(&open);
    let lists = [Crl::new().signed_by(&open)];
    verify(
        &[&root],
        leaf_depth(),
        &lists,
        &alice.chain,
        UnixTime::now(),
    )
    .unwrap();
}

#[test]
fn old_and_new_together() {
    let world = World::new();
    let old = Crl::new().dated_by(Duration::days(-2), Some(Duration::days(2)));
    let new = Crl::new().number(&[2]);
    for (old, new) in [
        (old.clone(), new.clone().lists(world.alice.leaf())),
        (old.clone().lists(world.alice.leaf()), new.clone()),
    ] {
        // `verify` tries both orders.
        let lists = [
            old.signed_by(&world.intermediate),
            new.signed_by(&world.intermediate),
        ];
        assert_rejected(world.verify(leaf_depth(), &lists), Revoked, Some(0), "");
    }
    let lists = [
        old.signed_by(&world.intermediate),
        new.signed_by(&world.intermediate),
    ];
    world.verify(leaf_depth(), &lists).unwrap();
}

#[test]
fn an_anchor_is_asked_about_where_its_issuer_is_one_too() {
    let world = World::new();
    let (root, intermediate) = (&world.root, &world.intermediate);
    let lists = [
        Crl::new()
            .lists(&intermediate.certificate())
            .signed_by(root),
        Crl::new().signed_by(intermediate),
    ];
    let leaf = &world.alice.chain[..1];
    let now = UnixTime::now();
    for anchors in [[root, intermediate], [intermediate, root]] {
        let verdict = verify(&anchors, chain_depth(), &lists, leaf, now);
        assert_rejected(verdict, Revoked, None, "trust anchor CN=Intermediate");
        verify(&anchors, leaf_depth(), &lists, leaf, now).unwrap();
        // The same whether or not the intermediate is sent along.
        let verdict = verify(&anchors, chain_depth(), &lists, &world.alice.chain, now);
        assert!(verdict.is_err());
        let clean = [Crl::new().signed_by(root), lists[1].clone()];
        verify(&anchors, chain_depth(), &clean, leaf, now).unwrap();
        let verdict = verify(&anchors, chain_depth(), &lists[1..], leaf, now);
        assert_rejected(
            verdict,
            RevocationStatusUnknown,
            None,
            "trust anchor CN=Intermediate",
        );
    }
    // By itself it is trusted.
    verify(&[intermediate], chain_depth(), &lists, leaf, now).unwrap();
    // Another CA of its issuer's name has no say.
    let namesake = root.namesake();
    let listed = Crl::new()
        .lists(&intermediate.certificate())
        .signed_by(&namesake);
    let lists = [listed, lists[1].clone()];
    verify(&[intermediate, &namesake], chain_depth(), &lists, leaf, now).unwrap();
}

#[test]
fn another_path_is_another_matter() {
    let (first, second) = (Authority::named("First"), Authority::named("Second"));
    let by_first = first.intermediate("Both");
    let by_second = by_first.cross_signed_by(&second);
    let leaf = Leaf::named("alice").client().issued_by(&by_first);
    let issuing = Crl::new().signed_by(&by_first);
    let revoked = |issuer: &Authority, what: &Authority| {
        Crl::new().lists(&what.certificate()).signed_by(issuer)
    };
    let one = [
        revoked(&first, &by_first),
        Crl::new().signed_by(&second),
        issuing.clone(),
    ];
    let both = [
        revoked(&first, &by_first),
        revoked(&second, &by_second),
        issuing,
    ];
    for above in [[&by_first, &by_second], [&by_second, &by_first]] {
        let chain = leaf.clone().above(&above).chain;
        let now = UnixTime::now();
        verify(&[&first, &second], chain_depth(), &one, &chain, now).unwrap();
        let verdict = verify(&[&first, &second], chain_depth(), &both, &chain, now);
        assert_eq!(verdict.unwrap_err().reason(), Revoked);
        let verdict = verify(&[&first, &second], chain_depth(), &one, &chain[..2], now);
        assert_eq!(
            verdict.is_err(),
            above[0].certificate() == by_first.certificate()
        );
    }
}

#[test]
fn an_explanation_shows_every_list_that_was_considered() {
    let world = World::new();
    let lists = [
        Crl::new().signed_by(&world.intermediate.namesake()),
        Crl::stale().signed_by(&world.intermediate),
        Crl::new().signed_by(&world.intermediate),
        Crl::new().signed_by(&world.root),
    ];
    let verifier = PeerVerifier::new(
        TrustAnchors::from_der([world.root.certificate()]).unwrap(),
        VerifierPolicy::allow_any_authenticated().revocation(chain_depth()),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap()
    .with_revocation_lists(&RevocationLists::from_der(lists).unwrap())
    .unwrap();
    let explained = verifier.explain_client(&world.alice.chain, UnixTime::now());
    explained.verdict().unwrap();
    let text = explained.to_string();
    for line in [
        "ok revocation [certificate 0, CN=alice]: not revoked",
        "-- revocation: list 0 (number 0x01): not signed by the issuer of this certificate",
        "no revocation: list 1 (number 0x01): is stale since ",
        "ok revocation: list 2 (number 0x01): does not list the certificate",
        "ok revocation [certificate 1, CN=Intermediate]: not revoked",
        "ok revocation: list 3 (number 0x01): does not list the certificate",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    let plain = PeerVerifier::new(
        TrustAnchors::from_der([world.root.certificate()]).unwrap(),
        VerifierPolicy::allow_any_authenticated(),
        Rustls::default().signature_algorithms().unwrap(),
    );
    let explained = plain
        .unwrap()
        .explain_client(&world.alice.chain, UnixTime::now());
    assert!(
        explained
            .to_string()
            .contains("-- revocation: the policy has no rules")
    );
}
