//! Text that a stranger chose is bounded wherever it is shown.

use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use mtls::policy::ExplanationStep;
use mtls::policy::{CertificateProfile, Explanation, RevocationDepth};
use mtls::test_util::Extension;
use mtls::{
    PeerMatcher, PeerVerifier, Rejection, RevocationLists, RevocationRules, Rustls, VerifierPolicy,
};

use super::anchors;
use super::common::pki::crl::{Crl, tlv};
use super::common::pki::{Authority, AuthorityBuilder, Leaf, Validity};

/// Bytes of a rejection with its hint.
const MAX_REJECTION: usize = 4_096;
/// Bytes of one step of an explanation.
const MAX_STEP: usize = 4_096;

/// Leaves of tens of kilobytes: each has a part that is as long as a stranger can make it.
fn monsters() -> Vec<(&'static str, Leaf)> {
    let plain = || Leaf::named("mallory").client().server();
    let many = |tag: u8, name: &str| {
        let names: Vec<u8> = (0..3_000)
            .flat_map(|i| tlv(tag, &[format!("{name}{i}.test").as_bytes()]))
            .collect();
        Extension::new(&[2, 5, 29, 17], tlv(0x30, &[&names]))
    };
    let one = |tag: u8, text: &str| {
        let name = tlv(tag, &[text.as_bytes()]);
        Extension::new(&[2, 5, 29, 17], tlv(0x30, &[&name]))
    };
    let purposes = tlv(0x30, &[&b"\x06\x03\x2a\x03\x04".repeat(8_000)]);
    let purposes = Extension::new(&[2, 5, 29, 37], purposes);
    let key = tlv(0x30, &[&tlv(0x80, &[&[7; 50_000]])]);
    let key = Extension::new(&[2, 5, 29, 35], key);
    let mut crowded = plain();
    for unit in 0..5_000 {
        crowded = crowded.organizational_unit(&format!("unit {unit}"));
    }
    vec![
        (
            "a long common name",
            Leaf::named(&"é".repeat(30_000)).client().server(),
        ),
        ("5,000 attributes", crowded),
        ("3,000 DNS names", plain().extension(many(0x82, "host"))),
        (
            "3,000 unreadable names",
            plain().extension(many(0x82, "a b")),
        ),
        (
            "3,000 names of an unknown kind",
            plain().extension(many(0x89, "x")),
        ),
        (
            "a long URI",
            plain().extension(one(0x86, &format!("urn:{}", "u".repeat(50_000)))),
        ),
        (
            "a long unreadable name",
            plain().extension(one(0x82, &"\u{e9} ".repeat(20_000))),
        ),
        (
            "a long name with a line break",
            plain().extension(one(0x82, &"a\n".repeat(20_000))),
        ),
        (
            "8,000 purposes",
            Leaf::named("mallory").dns("m.test").extension(purposes),
        ),
        (
            "a long key identifier",
            plain().without_key_identifier().extension(key),
        ),
        (
            "a long serial number",
            plain().serial_number(&[0x5a; 50_000]),
        ),
        (
            "expired",
            Leaf::named(&"x".repeat(60_000))
                .client()
                .server()
                .validity(Validity::expired()),
        ),
    ]
}

#[track_caller]
fn assert_bounded(what: &str, rejection: &Rejection) {
    let bytes = rejection.to_string().len() + rejection.hint().len();
    assert!(bytes < MAX_REJECTION, "{what}: {bytes} bytes: {rejection}");
    assert!(format!("{rejection:?}").len() < 2 * MAX_REJECTION, "{what}");
    let subject = rejection.certificate().map_or("", |(_, subject)| subject);
    // Escapes aside, of a name no more than 8 attributes are rendered.
    assert!(subject.matches("OU=").count() <= 8, "{subject}");
}

fn assert_steps_bounded(what: &str, steps: &[ExplanationStep]) {
    for step in steps {
        let subject = step.certificate().map_or("", |(_, subject)| subject);
        let bytes = subject.len() + step.detail().len();
        assert!(bytes < MAX_STEP, "{what}: {bytes} bytes: {}", step.detail());
        assert_steps_bounded(what, step.steps());
    }
}

fn explain(
    verifier: &PeerVerifier,
    chain: &[CertificateDer<'_>],
    what: &str,
) -> Vec<Option<Rejection>> {
    let now = UnixTime::now();
    let name = ServerName::try_from("wanted.test").unwrap();
    let both: [Explanation; 2] = [
        verifier.explain_client(chain, now),
        verifier.explain_server(chain, &name, now),
    ];
    both.iter()
        .map(|explanation| {
            assert_steps_bounded(what, explanation.steps());
            let rejection = explanation.verdict().err().cloned();
            rejection.inspect(|rejection| assert_bounded(what, rejection))
        })
        .collect()
}

#[test]
fn rejections_hints_and_steps_are_short_whatever_the_certificate_holds() {
    let root = Authority::named("Root");
    let long_root = Authority::named(&"R".repeat(20_000));
    let limited = tlv(0xa0, &[&tlv(0x30, &[b"\x82\x04only"])]);
    let limited = Extension::new(&[2, 5, 29, 30], tlv(0x30, &[&limited]));
    let limited = AuthorityBuilder::named("Limited")
        .extension(limited)
        .self_signed();
    let stranger = Authority::named(&"S".repeat(20_000));
    let algorithms = || Rustls::default().signature_algorithms().unwrap();
    let unmatched = || PeerMatcher::dns("accepted.test").unwrap();
    let verifier = |profile, matcher: PeerMatcher| {
        let policy = VerifierPolicy::allow(matcher).profile(profile);
        let all = anchors(&[&root, &long_root, &limited]);
        PeerVerifier::new(&all, policy, algorithms()).unwrap()
    };
    let mut rejected = 0;
    for (what, leaf) in monsters() {
        for issuer in [&root, &long_root, &limited, &stranger] {
            let chain = leaf.clone().issued_by(issuer).chain;
            for profile in [
                CertificateProfile::Interoperable,
                CertificateProfile::Rfc5280,
                CertificateProfile::WebPki,
            ] {
                for matcher in [unmatched(), PeerMatcher::not(unmatched())] {
                    let verdicts = explain(&verifier(profile, matcher), &chain, what);
                    rejected += verdicts.iter().flatten().count();
                }
            }
        }
    }
    assert!(rejected > 200, "only {rejected}");
}

#[test]
fn rejections_for_lists_are_short() {
    let root = Authority::named(&"R".repeat(20_000));
    let chain = Leaf::named(&"x".repeat(40_000))
        .client()
        .issued_by(&root)
        .chain;
    let rules = RevocationRules::require(RevocationDepth::Chain);
    let policy = VerifierPolicy::allow_any_authenticated().revocation(rules);
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let lists = (0..40).map(|number| Crl::stale().number(&[number + 1]).signed_by(&root));
    let lists = RevocationLists::from_der(lists).unwrap();
    let verifier = PeerVerifier::new(anchors(&[&root]), policy, algorithms).unwrap();
    let verifier = verifier.with_revocation_lists(&lists).unwrap();
    let verdicts = explain(&verifier, &chain, "40 stale lists");
    assert!(verdicts.iter().all(Option::is_some));
}
