//! `any_of`, `all_of`, `not` and custom matchers, over attributes that are there and that are not.

use mtls::error::MatcherProblem;
use mtls::pki_types::UnixTime;
use mtls::{PeerMatcher as M, VerifierPolicy};

use super::{Peer, payments};
use crate::common::pki::Leaf;
use crate::{client, verifier};

fn dns(name: &str) -> M {
    M::dns(name).unwrap()
}

fn any<const N: usize>(list: [M; N]) -> M {
    M::any_of(list).unwrap()
}

fn all<const N: usize>(list: [M; N]) -> M {
    M::all_of(list).unwrap()
}

#[test]
fn any_all_and_not() {
    let peer = Peer::with(payments());
    let yes = || dns("pay.prod.example");
    let no = || dns("other.prod.example");
    let suffix = || M::dns_suffix("prod.example").unwrap();
    let cases = [
        (M::any_authenticated(), true),
        (M::not(M::any_authenticated()), false),
        (any([no(), yes()]), true),
        (any([no(), M::common_name("x").unwrap()]), false),
        (any([no(), all([yes(), yes()])]), true),
        (any([no(), any([no(), any([suffix()])])]), true),
        (any([M::not(yes()), M::not(no())]), true),
        (all([yes(), M::trust_domain("prod.example").unwrap()]), true),
        (all([yes(), no()]), false),
        (all([yes(), all([suffix(), no()])]), false),
        (M::not(no()), true),
        (M::not(yes()), false),
        (M::not(M::not(yes())), true),
        (M::not(M::not(no())), false),
        (M::not(any([no(), yes()])), false),
        (M::not(any([no(), dns("third.example")])), true),
        (M::not(all([yes(), no()])), true),
    ];
    for (matcher, expected) in cases {
        assert_eq!(peer.is_accepted_by(&matcher), expected, "{matcher}");
    }
}

/// Of several names one is enough to match, and one is enough to be excluded.
#[test]
fn several_values() {
    Peer::with(Leaf::named("x").dns("a.test").dns("b.test"))
        .is([
            M::dns("a.test"),
            M::dns("b.test"),
            M::all_of([dns("a.test"), dns("b.test")]),
        ])
        .is_not([M::dns("c.test")]);
}

#[test]
fn not_over_what_is_absent_rejects() {
    let nameless = Peer::with(Leaf::named("").without_subject().dns("a.test"));
    nameless.is_neither([
        M::common_name("x"),
        M::common_name(mtls::policy::StringMatch::prefix("x")),
        M::common_name(mtls::policy::StringMatch::suffix("x")),
        M::organization("x"),
        M::organization(mtls::policy::StringMatch::prefix("x")),
        M::organization(mtls::policy::StringMatch::suffix("x")),
        M::organizational_unit("x"),
        M::organizational_unit(mtls::policy::StringMatch::prefix("x")),
        M::organizational_unit(mtls::policy::StringMatch::suffix("x")),
        M::spiffe_id("spiffe://x/y"),
        M::spiffe_path_prefix("spiffe://x/y"),
        M::trust_domain("x"),
        M::uri("x:y"),
        M::uri_prefix("x://y"),
        M::ip("10.0.0.1".parse().unwrap()),
        M::ip_network("10.0.0.0/8"),
        M::email("x@y"),
        M::email_domain("y"),
        M::email_domain_suffix("y"),
    ]);
    Peer::with(Leaf::named("x").email("a@b")).is_neither([
        M::dns("x.test"),
        M::dns_suffix("test"),
        M::dns_prefix("x"),
    ]);
}

/// De Morgan must not be a way around it.
#[test]
fn not_over_what_is_absent_in_a_list_rejects() {
    let peer = Peer::with(Leaf::named("x"));
    let absent = || dns("evil.example");
    let suffix = || M::dns_suffix("example").unwrap();
    let other = || M::common_name("other").unwrap();
    for matcher in [
        any([absent(), other()]),
        any([absent(), suffix()]),
        any([all([absent()]), other()]),
        all([absent(), M::any_authenticated()]),
        all([absent(), suffix()]),
        any([M::not(absent()), other()]),
        all([M::not(absent()), M::not(other())]),
    ] {
        peer.is_neither([Ok(matcher)]);
    }
    // One no is enough against all of them, one yes for any of them.
    peer.is_not([
        M::all_of([absent(), other()]),
        M::all_of([other(), absent()]),
    ]);
    peer.is([M::any_of([absent(), M::not(other())])]);
}

/// It counts for DNS patterns where the policy says so, and nowhere else.
#[test]
fn a_common_name_stands_for_a_dns_name_only_on_request() {
    let peer = Peer::with(Leaf::named("Pay.svc.local"));
    peer.is_neither([M::dns("pay.svc.local"), M::dns_suffix("svc.local")]);
    for (matcher, expected) in [
        (M::dns("pay.svc.local"), true),
        (M::dns_suffix("svc.local"), true),
        (M::dns_prefix("pay"), true),
        (M::dns("other.svc.local"), false),
        (Ok(M::not(dns("other.svc.local"))), true),
        (Ok(M::not(dns("pay.svc.local"))), false),
    ] {
        let policy = VerifierPolicy::allow(matcher.unwrap()).danger_allow_common_name_as_dns();
        let verdict = client(&peer.root, policy, &peer.chain);
        assert_eq!(verdict.is_ok(), expected, "{verdict:?}");
    }
}

#[test]
fn a_custom_matcher_decides_and_says_why() {
    let odd = |answer: Result<(), String>| M::custom("odd serials", move |_| answer.clone());
    let peer = Peer::with(payments());
    assert!(peer.is_accepted_by(&odd(Ok(()))));
    let rejecting = odd(Err("serial 4 is even".to_owned()));
    let verifier = verifier(&peer.root, VerifierPolicy::allow(rejecting.clone())).unwrap();
    let rejection = verifier
        .verify_client(&peer.chain, UnixTime::now())
        .unwrap_err();
    assert!(
        rejection
            .to_string()
            .contains("odd serials: serial 4 is even"),
        "{rejection}"
    );
    peer.is_neither([Ok(rejecting.clone())]);
    assert_eq!(rejecting, rejecting.clone());
    assert_ne!(rejecting, odd(Err("serial 4 is even".to_owned())));
}

#[test]
fn an_empty_list_is_an_error() {
    for list in [M::any_of([]), M::all_of([])] {
        let error = list.unwrap_err();
        assert!(matches!(error.problem(), MatcherProblem::Pattern { .. }));
    }
}

#[test]
fn lists_are_nested_sixteen_deep_at_most() {
    let nested = |depth| {
        (0..depth).try_fold(dns("a.test"), |inner, level| match level % 2 {
            0 => M::any_of([M::not(inner)]),
            _ => M::all_of([M::not(inner)]),
        })
    };
    let deepest = nested(M::MAX_DEPTH).unwrap();
    assert_eq!(deepest.to_string().parse::<M>().unwrap(), deepest);
    let error = nested(M::MAX_DEPTH + 1).unwrap_err();
    assert!(
        matches!(error.problem(), MatcherProblem::Pattern { .. }),
        "{error}"
    );
    // A list in a list of its kind is not nested.
    let flat = (0..10_000).try_fold(dns("a.test"), |inner, _| M::any_of([inner]));
    assert_eq!(flat.unwrap(), any([dns("a.test")]));
    let flat = (0..10_000).try_fold(dns("a.test"), |inner, _| M::all_of([inner]));
    assert_eq!(flat.unwrap(), all([dns("a.test")]));
    let not = (0..10_001).fold(dns("a.test"), |inner, _| M::not(inner));
    assert_eq!(not, M::not(dns("a.test")));
}
