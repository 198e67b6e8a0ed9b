//! Lists that are too long to be read.

use mtls::PeerMatcher as M;
use mtls::pki_types::UnixTime;

use super::{PAYMENTS, Peer, payments};

const MANY: usize = 100_000;

fn ids() -> impl Iterator<Item = M> {
    (0..MANY).map(|i| M::spiffe_id(&format!("spiffe://prod.example/{i:05}")).unwrap())
}

#[test]
fn one_of_a_hundred_thousand() {
    let peer = Peer::with(payments());
    let others = M::any_of(ids()).unwrap();
    assert!(!peer.is_accepted_by(&others));
    let with = M::any_of([others, M::spiffe_id(PAYMENTS).unwrap()]).unwrap();
    assert!(peer.is_accepted_by(&with));
    assert!(!peer.is_accepted_by(&M::not(with)));
}

#[test]
fn every_kind_of_list_is_looked_up() {
    let peer = Peer::with(payments().ip("10.1.2.3").email("ops@pay.example"));
    type Nth = fn(usize) -> M;
    let lists: [(Nth, M); 6] = [
        (
            |i| M::dns_suffix(&format!("x{i}.example")).unwrap(),
            M::dns_suffix("prod.example").unwrap(),
        ),
        (
            |i| M::trust_domain(&format!("x{i}.example")).unwrap(),
            M::trust_domain("prod.example").unwrap(),
        ),
        (
            |i| M::spiffe_path_prefix(&format!("spiffe://x/{i}")).unwrap(),
            M::spiffe_path_prefix(PAYMENTS).unwrap(),
        ),
        (
            |i| M::ip_network(&format!("11.{}.{}.0/24", i / 256 % 256, i % 256)).unwrap(),
            M::ip_network("10.0.0.0/8").unwrap(),
        ),
        (
            |i| M::email_domain_suffix(&format!("x{i}")).unwrap(),
            M::email_domain_suffix("example").unwrap(),
        ),
        (
            |i| M::common_name(mtls::policy::StringMatch::prefix(format!("x{i}"))).unwrap(),
            M::common_name(mtls::policy::StringMatch::prefix("pay")).unwrap(),
        ),
    ];
    for (other, own) in lists {
        let others = M::any_of((0..5_000).map(other)).unwrap();
        assert!(!peer.is_accepted_by(&others));
        assert!(peer.is_accepted_by(&M::not(others.clone())));
        assert!(peer.is_accepted_by(&M::any_of([others, own]).unwrap()));
    }
}

#[test]
fn a_long_list_reads_short_and_the_same_every_time() {
    let matcher = M::any_of(ids()).unwrap();
    let short = concat!(
        r#"any_of(spiffe_id("spiffe://prod.example/00000"), spiffe_id("spiffe://prod.example/00001"), "#,
        r#"spiffe_id("spiffe://prod.example/00002"), spiffe_id("spiffe://prod.example/00003"), and 99996 more)"#
    );
    assert_eq!(format!("{matcher:?}"), format!("PeerMatcher({short})"));
    let peer = Peer::with(payments());
    let verifier = peer.verify(&matcher);
    let rejection = verifier
        .verify_client(&peer.chain, UnixTime::now())
        .unwrap_err();
    assert_eq!(rejection.expected(), Some(short));
    let explained = verifier
        .explain_client(&peer.chain, UnixTime::now())
        .to_string();
    assert!(
        explained.contains("none of 100000 listed values"),
        "{explained}"
    );
    assert!(explained.len() < 10_000);
}

/// However long the entries are, and however they are nested.
#[test]
fn messages_are_bounded() {
    let long = |i| M::uri(&format!("x:{i}{}", "y".repeat(2000))).unwrap();
    let all = |count| M::all_of((0..count).map(long)).unwrap();
    let wide = M::any_of((0..9).map(|_| all(9))).unwrap();
    let deep = (1..M::MAX_DEPTH).fold(all(9), |inner, level| {
        let entries = (0..5).map(|_| M::not(inner.clone()));
        match level % 2 {
            0 => M::all_of(entries).unwrap(),
            _ => M::any_of(entries).unwrap(),
        }
    });
    for matcher in [long(0), all(1), M::not(all(9)), wide, deep] {
        let short = format!("{matcher:?}");
        assert!(short.len() < 1_500, "{short}");
    }
    let named = M::custom(&"n".repeat(10_000), |_| Ok(()));
    assert!(format!("{named:?}").len() < 300);
}

#[test]
fn a_hundred_thousand_entries_parse_back() {
    let matcher = M::any_of(ids().chain([M::not(M::dns("a.test").unwrap())])).unwrap();
    let text = matcher.to_string();
    assert!(text.len() > MANY * 30 && text.len() < M::MAX_TEXT_BYTES / 4);
    let again: M = text.parse().unwrap();
    assert_eq!(again, matcher);
    assert_eq!(again.to_string(), text);
}
