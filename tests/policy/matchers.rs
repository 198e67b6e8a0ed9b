use mtls::{BuildError, PeerMatcher, VerifierPolicy};

use super::common::pki::{Authority, Leaf};
use super::{admits, client};

const PAYMENTS: &str = "spiffe://prod.example/payments";

fn payments() -> Leaf {
    Leaf::named("payments")
        .uri(PAYMENTS)
        .dns("pay.prod.example")
}

#[test]
fn each_attribute_matches_whole_and_nothing_else() {
    let cases = [
        (PeerMatcher::any_authenticated(), true),
        (PeerMatcher::spiffe_id(PAYMENTS).unwrap(), true),
        (
            PeerMatcher::spiffe_id("spiffe://prod.example/payments/v2").unwrap(),
            false,
        ),
        (
            PeerMatcher::spiffe_id("spiffe://prod.example/pay").unwrap(),
            false,
        ),
        (PeerMatcher::trust_domain("prod.example").unwrap(), true),
        (PeerMatcher::trust_domain("example").unwrap(), false),
        (PeerMatcher::trust_domain("xprod.example").unwrap(), false),
        (PeerMatcher::uri(PAYMENTS).unwrap(), true),
        (
            PeerMatcher::uri("spiffe://PROD.example/payments").unwrap(),
            false,
        ),
        (PeerMatcher::dns("pay.prod.example").unwrap(), true),
        (PeerMatcher::dns("PAY.prod.example").unwrap(), true),
        (PeerMatcher::dns("prod.example").unwrap(), false),
        (PeerMatcher::common_name("payments").unwrap(), true),
        (PeerMatcher::common_name("Payments").unwrap(), false),
        (PeerMatcher::spki_sha256([0; 32]), false),
    ];
    for (matcher, expected) in cases {
        let text = matcher.to_string();
        assert_eq!(admits(payments(), matcher), expected, "{text}");
    }
}

#[test]
fn a_pin_matches_the_key_of_the_leaf() {
    let root = Authority::root("Root");
    let chain = payments().client().issued_by(&root).chain;
    let any = VerifierPolicy::allow_any_authenticated();
    let peer = client(&root, any, &chain).unwrap();
    let pinned = VerifierPolicy::allow(PeerMatcher::spki_sha256(peer.spki_sha256()));
    assert!(client(&root, pinned, &chain).is_ok());
}

#[test]
fn a_wildcard_in_a_client_certificate_is_not_expanded() {
    let wildcard = || Leaf::named("w").dns("*.prod.example");
    assert!(!admits(
        wildcard(),
        PeerMatcher::dns("pay.prod.example").unwrap()
    ));
}

#[test]
fn two_uri_names_are_no_spiffe_id() {
    let two = || {
        Leaf::named("two")
            .uri(PAYMENTS)
            .uri("https://prod.example/")
    };
    assert!(!admits(two(), PeerMatcher::spiffe_id(PAYMENTS).unwrap()));
    assert!(!admits(
        two(),
        PeerMatcher::trust_domain("prod.example").unwrap()
    ));
    assert!(admits(two(), PeerMatcher::uri(PAYMENTS).unwrap()));
}

#[test]
fn any_all_and_not() {
    let dns = |name| PeerMatcher::dns(name).unwrap();
    let any = |list: Vec<PeerMatcher>| PeerMatcher::any_of(list).unwrap();
    let all = |list: Vec<PeerMatcher>| PeerMatcher::all_of(list).unwrap();
    let yes = || dns("pay.prod.example");
    let no = || dns("other.prod.example");
    let cases = [
        (any(vec![no(), yes()]), true),
        (
            any(vec![no(), PeerMatcher::common_name("x").unwrap()]),
            false,
        ),
        (any(vec![no(), all(vec![yes(), yes()])]), true),
        (
            all(vec![
                yes(),
                PeerMatcher::trust_domain("prod.example").unwrap(),
            ]),
            true,
        ),
        (all(vec![yes(), no()]), false),
        (PeerMatcher::not(no()), true),
        (PeerMatcher::not(yes()), false),
        (PeerMatcher::not(PeerMatcher::not(yes())), true),
        (PeerMatcher::not(any(vec![no(), yes()])), false),
        (PeerMatcher::not(all(vec![yes(), no()])), true),
        (PeerMatcher::not(PeerMatcher::any_authenticated()), false),
    ];
    for (matcher, expected) in cases {
        let text = matcher.to_string();
        assert_eq!(admits(payments(), matcher), expected, "{text}");
    }
}

#[test]
fn not_over_an_absent_name_refuses() {
    let nameless = || Leaf::named("nameless");
    let absent = || PeerMatcher::dns("evil.example").unwrap();
    let present = || PeerMatcher::common_name("somebody else").unwrap();
    assert!(!admits(nameless(), PeerMatcher::not(absent())));
    assert!(admits(nameless(), PeerMatcher::not(present())));
    // Nor inside of something else: De Morgan must not be a way around it.
    let either = PeerMatcher::any_of([absent(), present()]).unwrap();
    assert!(!admits(nameless(), PeerMatcher::not(either)));
    let both = PeerMatcher::all_of([absent(), PeerMatcher::any_authenticated()]).unwrap();
    assert!(!admits(nameless(), PeerMatcher::not(both)));
}

#[test]
fn a_custom_matcher_decides_and_says_why() {
    let odd =
        |answer: Result<(), String>| PeerMatcher::custom("odd serials", move |_| answer.clone());
    assert!(admits(payments(), odd(Ok(()))));
    let root = Authority::root("Root");
    let chain = payments().client().issued_by(&root).chain;
    let refusing = VerifierPolicy::allow(odd(Err("serial 4 is even".to_owned())));
    let rejection = client(&root, refusing, &chain).unwrap_err();
    assert!(
        rejection
            .to_string()
            .contains("odd serials: serial 4 is even"),
        "{rejection}"
    );
    assert!(!admits(
        payments(),
        PeerMatcher::not(odd(Err("no".to_owned())))
    ));
}

#[test]
fn patterns_that_cannot_be_meant_are_errors() {
    let wrong = [
        PeerMatcher::dns(""),
        PeerMatcher::dns("*.example"),
        PeerMatcher::dns("a b"),
        PeerMatcher::dns("a..b"),
        PeerMatcher::dns("-a.example"),
        PeerMatcher::uri(""),
        PeerMatcher::uri("no-scheme"),
        PeerMatcher::spiffe_id("prod.example/payments"),
        PeerMatcher::spiffe_id("spiffe://prod.example/"),
        PeerMatcher::trust_domain(""),
        PeerMatcher::trust_domain("spiffe://prod.example"),
        PeerMatcher::common_name(""),
        PeerMatcher::any_of([]),
        PeerMatcher::all_of([]),
    ];
    for matcher in wrong {
        let error = matcher.unwrap_err();
        assert!(
            matches!(error, BuildError::InvalidPattern { .. }),
            "{error}"
        );
    }
}

#[test]
fn a_long_list_reads_short_and_the_same_every_time() {
    let ids = (0..10_000).map(|i| PeerMatcher::spiffe_id(&format!("spiffe://a/{i:05}")).unwrap());
    let matcher = PeerMatcher::any_of(ids).unwrap();
    assert_eq!(
        matcher.to_string(),
        "any_of(spiffe://a/00000, spiffe://a/00001, spiffe://a/00002, spiffe://a/00003, and 9996 more)"
    );
}
