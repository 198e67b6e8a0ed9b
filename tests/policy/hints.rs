//! What the text of each fault says: the message, and what to do.
//!
//! `hints.md` beside this file has all of it; `UPDATE_HINTS=1` writes it anew.

use std::fmt::Write;
use std::fs;

use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::test_util::{ExtendedKeyUsage, Extension, KeyUsage};
use mtls::{PeerVerifier, Rustls, VerifierPolicy};

use super::anchors;
use super::common::pki::crl::tlv;
use super::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity};

/// A fault, who trusts which anchors, and what is presented.
struct Case {
    name: &'static str,
    anchors: Vec<CertificateDer<'static>>,
    chain: Vec<CertificateDer<'static>>,
    profile: CertificateProfile,
    /// Verified as a server that was asked for by this name.
    server_name: Option<&'static str>,
}

fn case(name: &'static str, anchors: &[&Authority], presented: Credential) -> Case {
    Case {
        name,
        anchors: anchors.iter().map(|a| a.certificate()).collect(),
        chain: presented.chain,
        profile: CertificateProfile::default(),
        server_name: None,
    }
}

fn by_rfc5280(name: &'static str, root: &Authority, presented: Credential) -> Case {
    Case {
        profile: CertificateProfile::Rfc5280,
        ..case(name, &[root], presented)
    }
}

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.test").client()
}

fn critical(oid: &[u64], content: Vec<u8>) -> Extension {
    Extension::critical(oid, content)
}

const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];

/// A CA that permits one tree of names.
fn limited_to(tag: u8, name: &[u8]) -> Authority {
    let subtrees = tlv(0xa0, &[&tlv(0x30, &[&tlv(tag, &[name])])]);
    AuthorityBuilder::named("Limited CA")
        .extension(critical(NAME_CONSTRAINTS, tlv(0x30, &[&subtrees])))
        .self_signed()
}

fn cases() -> Vec<Case> {
    let root = Authority::named("Root CA");
    let branch = root.intermediate("Issuing CA");
    let mut cases = vec![
        case(
            "an expired leaf",
            &[&root],
            alice().validity(Validity::expired()).issued_by(&root),
        ),
        case(
            "a leaf of tomorrow",
            &[&root],
            alice().validity(Validity::not_yet()).issued_by(&root),
        ),
        case(
            "a missing intermediate",
            &[&root],
            alice().issued_by(&branch),
        ),
        case(
            "another CA",
            &[&root],
            alice().issued_by(&Authority::named("Other CA")),
        ),
        case(
            "another CA of the same name",
            &[&root],
            alice().issued_by(&root.namesake()),
        ),
        case(
            "a chain up to another root",
            &[&root],
            alice()
                .issued_by(&Authority::named("Other CA"))
                .with(&Authority::named("Other CA")),
        ),
        case(
            "a server's leaf as a client's",
            &[&root],
            Leaf::named("a").dns("a.test").server().issued_by(&root),
        ),
        case("a CA as leaf", &[&root], branch.credential()),
        case(
            "a key usage without signatures",
            &[&root],
            alice()
                .key_usages(&[KeyUsage::KeyEncipherment])
                .issued_by(&root),
        ),
        case(
            "a line break in a name",
            &[&root],
            Leaf::named("alice")
                .client()
                .extension(Extension::new(
                    SUBJECT_ALT_NAME,
                    tlv(0x30, &[&tlv(0x82, &[b"a.test\nb.test"])]),
                ))
                .issued_by(&root),
        ),
        case(
            "an unknown critical extension",
            &[&root],
            alice()
                .extension(critical(&[1, 3, 6, 1, 4, 1, 99999], vec![5, 0]))
                .issued_by(&root),
        ),
    ];
    cases.extend(of_the_profile(&root));
    cases.extend(of_paths());
    cases.extend(of_constraints());
    cases.extend(of_servers(&root));
    cases
}

fn of_the_profile(root: &Authority) -> Vec<Case> {
    let dotted = limited_to(0x82, b".test");
    vec![
        by_rfc5280(
            "an underscore, by RFC 5280",
            root,
            Leaf::named("a").dns("a_b.test").client().issued_by(root),
        ),
        by_rfc5280(
            "serial number zero, by RFC 5280",
            root,
            alice().serial_number(&[0]).issued_by(root),
        ),
        by_rfc5280(
            "a leaf with keyCertSign, by RFC 5280",
            root,
            alice()
                .key_usages(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign])
                .issued_by(root),
        ),
        by_rfc5280(
            "an unreadable name, by RFC 5280",
            root,
            Leaf::named("a")
                .client()
                .extension(Extension::new(
                    SUBJECT_ALT_NAME,
                    tlv(0x30, &[&tlv(0x82, &[b"kafka/0"])]),
                ))
                .issued_by(root),
        ),
        Case {
            anchors: vec![dotted.certificate(), root.certificate()],
            ..by_rfc5280(
                "a constraint with a dot, by RFC 5280",
                root,
                alice().issued_by(&dotted),
            )
        },
        by_rfc5280(
            "its own key identifier alone, by RFC 5280",
            root,
            alice()
                .without_key_identifier()
                .extension(Extension::new(&[2, 5, 29, 14], vec![4, 2, 1, 2]))
                .issued_by(root),
        ),
        Case {
            profile: CertificateProfile::WebPki,
            ..case(
                "no extended key usage, by the public web's",
                &[root],
                Leaf::named("a.test").dns("a.test").issued_by(root),
            )
        },
    ]
}

fn of_paths() -> Vec<Case> {
    let root = AuthorityBuilder::named("Short CA")
        .path_length(0)
        .self_signed();
    let below = root.intermediate("Issuing CA");
    let top = Authority::named("Root CA");
    let short = AuthorityBuilder::named("Renewed CA")
        .path_length(0)
        .issued_by(&top);
    // The CA's new key, issued by its old one.
    let renewed = AuthorityBuilder::named("Renewed CA").issued_by(&short);
    let upper = AuthorityBuilder::named("ROOT CA").self_signed();
    vec![
        case(
            "a path length of the anchor",
            &[&root],
            alice().issued_by(&below).with(&below),
        ),
        case(
            "a self-issued rollover",
            &[&top],
            alice().issued_by(&renewed).with(&renewed).with(&short),
        ),
        case(
            "an issuer encoded otherwise",
            &[&upper],
            alice().issued_by(&top),
        ),
        case("a self-signed leaf", &[&top], {
            let own = AuthorityBuilder::named("alice")
                .not_a_ca(true)
                .key_usages(&[])
                .self_signed();
            own.credential()
        }),
        case(
            "a self-signed CA as leaf",
            &[&top],
            Authority::named("alice").credential(),
        ),
    ]
}

fn of_constraints() -> Vec<Case> {
    let mail = Leaf::named("a").email("a@b.test").client();
    let uri = Leaf::named("a").uri("urn:a").client();
    let named = |name, ca: &Authority, leaf: Leaf| case(name, &[ca], leaf.issued_by(ca));
    let directory = tlv(
        0x30,
        &[&tlv(
            0x31,
            &[&tlv(0x30, &[b"\x06\x03\x55\x04\x0a", &tlv(0x0c, &[b"O"])])],
        )],
    );
    vec![
        named(
            "a name outside constraints",
            &limited_to(0x82, b"example"),
            alice(),
        ),
        named(
            "constraints on e-mail addresses",
            &limited_to(0x81, b"c.test"),
            mail,
        ),
        named("constraints on URIs", &limited_to(0x86, b"c.test"), uri),
        named(
            "constraints on directory names",
            &limited_to(0xa4, &directory),
            alice().organization("P"),
        ),
    ]
}

fn of_servers(root: &Authority) -> Vec<Case> {
    let server = |leaf: Leaf| leaf.server().issued_by(root);
    let asked = |name, wanted, presented| Case {
        server_name: Some(wanted),
        ..case(name, &[root], presented)
    };
    vec![
        asked(
            "another host",
            "db.test",
            server(Leaf::named("a").dns("web.test")),
        ),
        asked(
            "a common name alone",
            "db.test",
            server(Leaf::named("db.test")),
        ),
        asked(
            "an address in a DNS name",
            "192.0.2.7",
            server(Leaf::named("a").dns("192.0.2.7")),
        ),
        asked(
            "a client's leaf as a server's",
            "db.test",
            Leaf::named("a")
                .dns("db.test")
                .extended_key_usage(ExtendedKeyUsage::ClientAuth)
                .issued_by(root),
        ),
    ]
}

fn reported(case: &Case) -> String {
    let trusted = mtls::TrustAnchors::from_der(case.anchors.clone()).unwrap();
    let policy = VerifierPolicy::allow_any_authenticated().profile(case.profile);
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(&trusted, policy, algorithms).unwrap();
    let now = UnixTime::now();
    let verdict = match case.server_name {
        None => verifier.verify_client(&case.chain, now),
        Some(name) => {
            verifier.verify_server(&case.chain, &ServerName::try_from(name).unwrap(), now)
        }
    };
    let rejection = verdict.expect_err(case.name);
    // Dates are of now.
    let said = rejection.to_string();
    let said = said.split(": expected valid from").next().unwrap();
    format!("{said}\nhint: {}", rejection.hint())
}

#[test]
fn each_fault_has_its_own_hint() {
    let mut shown = String::new();
    for case in cases() {
        writeln!(
            shown,
            "# {}\n\n```text\n{}\n```\n",
            case.name,
            reported(&case)
        )
        .unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/policy/hints.md");
    if std::env::var_os("UPDATE_HINTS").is_some() {
        fs::write(path, &shown).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(shown, kept, "run with UPDATE_HINTS=1");
}

/// What the hints say is true: followed, each makes the chain good.
#[test]
fn a_hint_that_is_followed_helps() {
    let top = Authority::named("Root CA");
    let verify = |anchor: &Authority, chain: &[CertificateDer<'_>]| {
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let any = VerifierPolicy::allow_any_authenticated();
        let verifier = PeerVerifier::new(anchors(&[anchor]), any, algorithms).unwrap();
        verifier.verify_client(chain, UnixTime::now()).map(drop)
    };
    // "give the CA's new certificate as trust anchor in place of presenting it"
    let short = AuthorityBuilder::named("Renewed CA")
        .path_length(0)
        .issued_by(&top);
    let renewed = AuthorityBuilder::named("Renewed CA").issued_by(&short);
    let leaf = alice().issued_by(&renewed);
    assert!(verify(&top, &leaf.clone().with(&renewed).with(&short).chain).is_err());
    verify(&renewed, &leaf.chain).unwrap();
    // "make a CA certificate, issue the leaf with it, and give the CA's certificate as trust anchor"
    verify(&top, &alice().issued_by(&top).chain).unwrap();
}
