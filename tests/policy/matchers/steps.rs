//! What an explanation says about a matcher.

use mtls::PeerMatcher as M;
use mtls::pki_types::UnixTime;
use mtls::policy::ExplanationStep;
use mtls::policy::{Rule, StepOutcome};

use super::{PAYMENTS, Peer, payments};

/// The steps of the matcher, without the verdict's own.
fn steps(peer: &Peer, matcher: &M) -> String {
    let explanation = peer
        .verify(matcher)
        .explain_client(&peer.chain, UnixTime::now());
    let verified = explanation
        .steps()
        .iter()
        .find(|step| step.rule() == Rule::Matcher);
    let steps = verified.unwrap().steps();
    steps.iter().map(ExplanationStep::to_string).collect()
}

#[test]
fn each_branch_says_what_it_saw() {
    let peer = Peer::with(payments().organizational_unit("Test"));
    let matcher: M = r#"
        any_of(
            spiffe_id("spiffe://prod.example/billing"),
            dns("other.example"),
            dns_suffix("svc.local"),
            all_of(dns_suffix("prod.example"), not(organizational_unit("Test")), email("a@b")),
            not(ip("10.0.0.1")),
            trust_domain("prod.example"),
        )"#
    .parse()
    .unwrap();
    assert!(peer.is_accepted_by(&matcher));
    let rejecting: M = r#"
        any_of(
            spiffe_id("spiffe://prod.example/billing"),
            dns("other.example"),
            dns_suffix("svc.local"),
            all_of(dns_suffix("prod.example"), not(organizational_unit("Test")), email("a@b")),
            not(ip("10.0.0.1")),
        )"#
    .parse()
    .unwrap();
    assert_eq!(
        steps(&peer, &rejecting),
        r#"no matcher: any_of, 5 branches
   no matcher: none of 3 listed values; the peer has SPIFFE ID "spiffe://prod.example/payments", DNS name "pay.prod.example"
   no matcher: all_of, 3 branches
      ok matcher: dns_suffix("prod.example"); the peer has DNS name "pay.prod.example"
      no matcher: not
         ok matcher: organizational_unit("Test"); the peer has organizational unit "Test"
   no matcher: not: what it negates is neither a yes nor a no, so it rejects
      no matcher: ip("10.0.0.1"); the peer has no IP address
"#
    );
}

#[test]
fn an_admission_says_which_branch() {
    let peer = Peer::with(payments());
    let matcher: M = r#"all_of(any_authenticated(), any_of(uri("x:y"), spiffe_id("spiffe://prod.example/payments")), not(dns("a.test")))"#
        .parse()
        .unwrap();
    assert_eq!(
        steps(&peer, &matcher),
        r#"ok matcher: all_of, 3 branches
   ok matcher: any_authenticated()
   ok matcher: any_of, 2 branches
      ok matcher: one of 2 listed values; the peer has SPIFFE ID "spiffe://prod.example/payments", URI "spiffe://prod.example/payments"
   ok matcher: not
      no matcher: dns("a.test"); the peer has DNS name "pay.prod.example"
"#
    );
}

#[test]
fn what_is_undecided_says_so() {
    let peer = Peer::with(payments().dns("*.example"));
    let matcher = M::dns_suffix("example").unwrap();
    assert!(peer.is_accepted_by(&matcher));
    assert_eq!(
        steps(&peer, &M::dns_suffix("test").unwrap()),
        "no matcher: dns_suffix(\"test\"); the peer has DNS name \"pay.prod.example\", \"*.example\"; a wildcard is neither \
         a yes nor a no\n"
    );
    let custom = M::custom("mood", |_| Err("not today".to_owned()));
    assert_eq!(
        steps(&peer, &custom),
        "no matcher: custom mood: not today\n"
    );
}

#[test]
fn steps_are_data() {
    let peer = Peer::with(payments());
    let explanation = peer
        .verify(&M::spiffe_id(PAYMENTS).unwrap())
        .explain_client(&peer.chain, UnixTime::now());
    let verified = explanation
        .steps()
        .iter()
        .find(|step| step.rule() == Rule::Matcher);
    let [step] = verified.unwrap().steps() else {
        panic!("{explanation}");
    };
    assert_eq!(
        (step.rule(), step.outcome()),
        (Rule::Matcher, StepOutcome::Passed)
    );
    assert!(step.detail().contains(PAYMENTS) && step.steps().is_empty());
}
