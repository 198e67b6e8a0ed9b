//! The explanations in the documentation are those that the code gives.
//!
//! `UPDATE_EXPLANATIONS=1` writes them anew.

#![cfg(feature = "aws-lc-rs")]

mod common;

use std::fs;
use std::path::Path;

use common::chains;
use common::pki::crl::{Crl, CrlTools as _};
use common::pki::{Authority, AuthorityBuilder, Credential, KeyAlgorithm, Leaf, Validity};
use mtls::policy::{
    CertificateProfile, Explanation, ExplanationStep, RevocationDepth, Rule, SignatureAlgorithms,
    StepOutcome,
};
use mtls::test_util::KeyUsage;
use mtls::{
    PeerMatcher, PeerVerifier, RejectionReason as Reason, RevocationLists, RevocationRules, Rustls,
    TrustAnchors, TrustBundles, VerifierPolicy,
};
use pki_types::{ServerName, UnixTime};
use time::OffsetDateTime;

/// 2026-01-15
const NOW: i64 = 1_768_435_200;
const DAY: i64 = 24 * 3600;

/// What the documentation says of one failure.
struct Story {
    title: &'static str,
    text: &'static str,
    reason: Reason,
    explanation: Explanation,
}

#[test]
fn the_documentation_shows_what_the_code_says() {
    let stories = stories();
    assert!(stories.len() >= 12);
    let mut text = String::new();
    for story in &stories {
        let rejection = story.explanation.verdict().unwrap_err();
        assert_eq!(rejection.reason(), story.reason, "{}", story.title);
        text.push_str(&format!(
            "# {}\n\n{}\n\n```text\n{}\n```\n\n",
            story.title,
            story.text,
            without_digits(&story.explanation.to_string())
        ));
    }
    let text = format!("{}\n", text.trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy/verdict/explanations.md");
    if std::env::var_os("UPDATE_EXPLANATIONS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let documented = fs::read_to_string(&path).unwrap();
    assert_eq!(documented, text, "run with UPDATE_EXPLANATIONS=1");
}

/// Serial numbers and key identifiers differ from run to run.
fn without_digits(text: &str) -> String {
    let mut plain = String::new();
    for word in text.split_inclusive([' ', ',', '\n']) {
        let end = word.trim_end_matches([' ', ',', '\n']);
        let is_long = end.len() >= 12 && end.bytes().all(|b| b.is_ascii_hexdigit());
        if is_long {
            plain.push_str(&word.replace(end, "0a1b2c.."));
        } else {
            plain.push_str(word);
        }
    }
    plain
}

/// Each says which certificate, or which peer, which values, and what to do.
#[test]
fn each_names_the_values_and_the_remedy() {
    for story in stories() {
        let rejection = story.explanation.verdict().unwrap_err();
        let title = story.title;
        assert!(!rejection.hint().is_empty(), "{title}");
        assert!(rejection.presented().is_some(), "{title}: no values");
        let said = rejection.to_string();
        assert!(said.contains("CN="), "{title}: which certificate? {said}");
        let text = story.explanation.to_string();
        assert!(text.contains("\nno ") || text.starts_with("no "), "{title}");
        assert!(text.contains("\nhint: "), "{title}");
        assert!(text.contains(&rejection.to_string()), "{title}");
    }
}

/// Whatever the verdict, the same with the recorder and without.
#[test]
fn an_explanation_is_the_verdict() {
    let root = root("Example CA");
    let good = alice().issued_by(&root);
    let verifier = verifier(&root, VerifierPolicy::allow_any_authenticated());
    let explanation = verifier.explain_client(&good.chain, now());
    let peer = verifier.verify_client(&good.chain, now()).unwrap();
    assert_eq!(explanation.verdict().unwrap().to_string(), peer.to_string());
    assert!(explanation.steps().iter().all(is_kept), "{explanation}");
    let asked: Vec<Rule> = explanation
        .steps()
        .iter()
        .map(ExplanationStep::rule)
        .collect();
    for rule in [Rule::PresentedChain, Rule::Names, Rule::Path, Rule::Matcher] {
        assert!(asked.contains(&rule), "{rule} in {asked:?}");
    }
    // A rule about the whole chain is about none of its certificates.
    let about = |rule| {
        let step = explanation.steps().iter().find(|step| step.rule() == rule);
        step.unwrap().certificate()
    };
    let leaf = explanation
        .steps()
        .iter()
        .find_map(ExplanationStep::certificate);
    assert_eq!(leaf, Some((0, "CN=alice")));
    assert_eq!(about(Rule::Matcher), None);
    for story in stories() {
        let steps = story.explanation.steps();
        let last = steps.last().unwrap();
        assert_eq!(last.outcome(), StepOutcome::Failed, "{}", story.title);
        let before = &steps[..steps.len() - 1];
        assert!(before.iter().all(is_kept), "{}", story.explanation);
    }
}

/// Whichever rule is broken, the last step shows it, and the innermost failed one says it.
#[test]
fn each_rejection_has_a_failed_step_that_says_it() {
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let mut wrong = Vec::new();
    for case in [chains::clients(), chains::servers()].concat() {
        let anchors = TrustAnchors::from_der(case.anchors.clone()).unwrap();
        let policy = VerifierPolicy::allow_any_authenticated().profile(case.profile);
        let verifier = PeerVerifier::new(&anchors, policy, algorithms.clone()).unwrap();
        let (chain, now) = (&case.presented.chain, UnixTime::now());
        let explanation = match case.server_name {
            None => verifier.explain_client(chain, now),
            Some(name) => verifier.explain_server(chain, &ServerName::try_from(name).unwrap(), now),
        };
        let steps = explanation.steps();
        let Err(rejection) = explanation.verdict() else {
            if !steps.iter().all(is_kept) {
                wrong.push(format!("{}: {explanation}", case.name));
            }
            continue;
        };
        let text = rejection.to_string();
        let fact = text.split(": ").next().unwrap();
        let says_it = |step: &ExplanationStep| step.detail().starts_with(fact);
        let failed = steps.iter().filter(|step| !is_kept(step));
        let is_last_alone = failed.count() == 1 && steps.last().is_some_and(|s| !is_kept(s));
        if !is_last_alone || !innermost_failed(steps).is_some_and(says_it) {
            wrong.push(format!("{}: {explanation}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

fn innermost_failed(steps: &[ExplanationStep]) -> Option<&ExplanationStep> {
    let failed = steps.iter().rfind(|step| !is_kept(step))?;
    Some(innermost_failed(failed.steps()).unwrap_or(failed))
}

#[test]
fn lists_that_no_ca_signed_are_named() {
    let root = root("Example CA");
    let peer = alice().issued_by(&root);
    let policy = any().revocation(RevocationRules::require(RevocationDepth::Leaf));
    let good = list(&root, NOW + DAY, None);
    let foreign = list(&authority("Other CA").self_signed(), NOW + DAY, None);
    let lists = RevocationLists::from_der([good.into(), foreign.into()]).unwrap();
    let verifier = verifier(&root, policy);
    let verifier = verifier.with_revocation_lists(&lists).unwrap();
    let explanation = verifier.explain_client(&peer.chain, now());
    assert!(explanation.verdict().is_ok(), "{explanation}");
    let steps = explanation.steps().iter().flat_map(ExplanationStep::steps);
    let passed_over: Vec<&str> = steps
        .filter(|step| step.outcome() == StepOutcome::NotApplied)
        .map(ExplanationStep::detail)
        .filter(|detail| detail.contains("signed by no trust anchor"))
        .collect();
    assert_eq!(passed_over.len(), 1, "{explanation}");
    assert!(passed_over[0].contains("CN=Other CA"), "{explanation}");
}

/// The order in which [`Rule`] lists them is the one in which they are asked.
#[test]
fn the_rules_stand_in_the_order_in_which_they_are_asked() {
    let root = root("Example CA");
    let named = Leaf::named("db.prod.example")
        .validity(current())
        .server()
        .dns("db.prod.example");
    let named = named.issued_by(&root);
    let policy = any().profile(CertificateProfile::WebPki);
    let name = ServerName::try_from("db.prod.example").unwrap();
    let explained = verifier(&root, policy).explain_server(&named.chain, &name, now());
    let steps = explained.steps().iter();
    let mut asked: Vec<Rule> = steps.map(ExplanationStep::rule).collect();
    // The name of the issuer, beside those of the leaf.
    let second = asked.iter().rposition(|rule| *rule == Rule::Names).unwrap();
    asked.remove(second);
    assert!(asked.contains(&Rule::WebPki), "{explained}");
    assert!(asked.is_sorted_by(|a, b| a < b), "{explained}");
}

fn is_kept(step: &ExplanationStep) -> bool {
    step.outcome() != StepOutcome::Failed
}

fn stories() -> Vec<Story> {
    let mut stories = of_certificates();
    stories.extend(of_paths());
    stories.extend(of_revocation());
    stories.extend(of_policies());
    stories
}

fn of_certificates() -> Vec<Story> {
    let root = root("Example CA");
    let verify = |leaf: Leaf| explain(&root, any(), &leaf.issued_by(&root));
    vec![
        Story {
            title: "The certificate has expired",
            text: "It was not renewed, or the new one was not loaded.",
            reason: Reason::Expired,
            explanation: verify(
                alice().validity(Validity::between_unix(NOW - 90 * DAY, NOW - DAY)),
            ),
        },
        Story {
            title: "A server's certificate is used by a client",
            text: "The CA issued it with the extended key usage serverAuth alone.",
            reason: Reason::WrongExtendedKeyUsage,
            explanation: verify(plain().server()),
        },
        Story {
            title: "The key may not sign handshakes",
            text: "The key usage is that of a key for RSA key transport, which TLS 1.3 does not have.",
            reason: Reason::WrongKeyUsage,
            explanation: verify(alice().key_usages(&[KeyUsage::KeyEncipherment])),
        },
        Story {
            title: "The CA's own certificate is presented",
            text: "The wrong file was configured.",
            reason: Reason::LeafIsCa,
            explanation: verify(alice().marked_as_ca()),
        },
        Story {
            title: "An algorithm that the crypto library lacks",
            text: "Here the library is ring, which has no P-521.",
            reason: Reason::UnsupportedKey,
            explanation: {
                let leaf = alice().algorithm(KeyAlgorithm::P521).issued_by(&root);
                let policy = VerifierPolicy::allow_any_authenticated();
                let verifier = PeerVerifier::new(anchors(&root), policy, without_p521());
                verifier.unwrap().explain_client(&leaf.chain, now())
            },
        },
    ]
}

fn of_paths() -> Vec<Story> {
    let root = root("Example CA");
    let branch = authority("Example Issuing CA").issued_by(&root);
    let twig = authority("Example Team CA").issued_by(&branch);
    let short = authority("Example Short CA").path_length(0).self_signed();
    let below_short = authority("Example Issuing CA").issued_by(&short);
    let test_only = authority("Example Test CA")
        .permits_dns("test.example")
        .self_signed();
    let old = AuthorityBuilder::named("Example Old CA")
        .validity(Validity::between_unix(NOW - 3650 * DAY, NOW - 30 * DAY))
        .self_signed();
    vec![
        Story {
            title: "An intermediate is missing",
            text: "The peer sends one of the two certificates between its leaf and the root.",
            reason: Reason::UnknownIssuer,
            explanation: explain(&root, any(), &alice().issued_by(&twig).with(&twig)),
        },
        Story {
            title: "Another CA of the same name",
            text: "The CA was set up anew, with a new key under its old name.",
            reason: Reason::UnknownIssuer,
            explanation: explain(
                &root,
                any(),
                &alice()
                    .without_key_identifier()
                    .issued_by(&self::root("Example CA")),
            ),
        },
        Story {
            title: "A path that is too long for its CA",
            text: "The CA may issue leaves alone.",
            reason: Reason::PathLengthExceeded,
            explanation: explain(
                &short,
                any(),
                &alice().issued_by(&below_short).with(&below_short),
            ),
        },
        Story {
            title: "A name outside its CA's constraints",
            text: "The CA may issue for `test.example` alone.",
            reason: Reason::NameConstraintViolated,
            explanation: explain(&test_only, any(), &alice().issued_by(&test_only)),
        },
        Story {
            title: "The trust anchor has expired",
            text: "It is our own configuration that has to be renewed, not the peer.",
            reason: Reason::AnchorExpired,
            explanation: explain(&old, any(), &alice().issued_by(&old)),
        },
    ]
}

fn of_revocation() -> Vec<Story> {
    let root = root("Example CA");
    let branch = authority("Example Issuing CA").issued_by(&root);
    let leaf = alice()
        .serial_number(&[0x0a, 0x11, 0xce])
        .issued_by(&branch)
        .with(&branch);
    let verify = |lists: &[Vec<u8>]| {
        let policy = any().revocation(RevocationRules::require(RevocationDepth::Leaf));
        let lists = RevocationLists::from_der(lists.iter().cloned().map(Into::into)).unwrap();
        let verifier = verifier(&root, policy)
            .with_revocation_lists(&lists)
            .unwrap();
        verifier.explain_client(&leaf.chain, now())
    };
    let revoked = list(&branch, NOW + DAY, Some(&[0x0a, 0x11, 0xce]));
    let stale = list(&branch, NOW - DAY, None);
    vec![
        Story {
            title: "The certificate was revoked",
            text: "The list that says so is named.",
            reason: Reason::Revoked,
            explanation: verify(&[revoked]),
        },
        Story {
            title: "The revocation list was not replaced in time",
            text: "The job that fetches it has stopped.",
            reason: Reason::RevocationListStale,
            explanation: verify(&[stale]),
        },
    ]
}

fn of_policies() -> Vec<Story> {
    let root = root("Example CA");
    let matcher = PeerMatcher::any_of([
        PeerMatcher::spiffe_id("spiffe://prod.example/billing").unwrap(),
        PeerMatcher::all_of([
            PeerMatcher::dns_suffix("prod.example").unwrap(),
            PeerMatcher::not(PeerMatcher::organizational_unit("Test").unwrap()),
        ])
        .unwrap(),
    ])
    .unwrap();
    let tester = alice().organizational_unit("Test").issued_by(&root);
    let named = Leaf::named("db")
        .validity(current())
        .server()
        .dns("db.prod.example")
        .issued_by(&root);
    let server = verifier(&root, any()).explain_server(
        &named.chain,
        &ServerName::try_from("db.example").unwrap(),
        now(),
    );
    let bundles = TrustBundles::new([("prod.example", anchors(&root))]).unwrap();
    let stranger = Leaf::named("guest")
        .validity(current())
        .client()
        .uri("spiffe://partner.example/guest")
        .issued_by(&root);
    let federated = PeerVerifier::new(
        &bundles,
        any(),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap();
    vec![
        Story {
            title: "The policy does not list the peer",
            text: "Each branch of the matcher says what it found.",
            reason: Reason::NotAuthorized,
            explanation: explain(&root, VerifierPolicy::allow(matcher), &tester),
        },
        Story {
            title: "The server has another name",
            text: "The client connected to a name that the certificate does not hold.",
            reason: Reason::NameMismatch,
            explanation: server,
        },
        Story {
            title: "A peer of a trust domain that is not federated with",
            text: "Its bundle was never given.",
            reason: Reason::UnknownTrustDomain,
            explanation: federated.explain_client(&stranger.chain, now()),
        },
    ]
}

fn list(issuer: &Authority, next_update: i64, serial: Option<&[u8]>) -> Vec<u8> {
    let date = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    let mut list = Crl::new().number(&[7]);
    list.this_update = date(NOW - 2 * DAY).into();
    list.next_update = Some(date(next_update).into());
    if let Some(serial) = serial {
        let ago = date(NOW - 3 * DAY) - OffsetDateTime::now_utc();
        list = list.lists_serial_by(serial, ago, KEY_COMPROMISE);
    }
    list.signed_by(issuer).to_vec()
}

/// A reason code extension.
const KEY_COMPROMISE: &[u8] = b"\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01";

fn explain(root: &Authority, policy: VerifierPolicy, presented: &Credential) -> Explanation {
    verifier(root, policy).explain_client(&presented.chain, now())
}

fn verifier(root: &Authority, policy: VerifierPolicy) -> PeerVerifier {
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    PeerVerifier::new(anchors(root), policy, algorithms).unwrap()
}

fn without_p521() -> SignatureAlgorithms {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let all = provider.signature_verification_algorithms.all.iter();
    let p521 = pki_types::alg_id::ECDSA_P521;
    SignatureAlgorithms::new(all.copied().filter(|a| a.public_key_alg_id() != p521))
}

fn anchors(root: &Authority) -> TrustAnchors {
    TrustAnchors::from_der([root.certificate()]).unwrap()
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn root(name: &str) -> Authority {
    authority(name).self_signed()
}

fn authority(name: &str) -> AuthorityBuilder {
    AuthorityBuilder::named(name)
        .validity(Validity::between_unix(NOW - 365 * DAY, NOW + 3650 * DAY))
}

fn alice() -> Leaf {
    plain().client()
}

fn plain() -> Leaf {
    Leaf::named("alice")
        .validity(current())
        .dns("alice.prod.example")
}

fn current() -> Validity {
    Validity::between_unix(NOW - 30 * DAY, NOW + 60 * DAY)
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW.unsigned_abs()))
}
