//! Names that cannot be read: kept, shown, and decided by nothing but other names.

use std::sync::{Arc, Mutex};

use mtls::peer::NameKind;
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::test_util::Extension;
use mtls::{
    PeerIdentity, PeerMatcher, PeerVerifier, Rejection, RejectionReason as Reason, Rustls,
    TrustBundles, VerifierPolicy,
};
use x509_cert::der::{Decode, Encode};

use super::common::pki::crl::tlv;
use super::common::pki::{Authority, AuthorityBuilder, Leaf};
use super::{anchors, client};

const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
const DNS: u8 = 0x82;
const EMAIL: u8 = 0x81;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
/// Of no kind that RFC 5280 has.
const UNKNOWN: u8 = 0x89;

fn with_names(names: &[(u8, &[u8])]) -> Leaf {
    let names: Vec<Vec<u8>> = names
        .iter()
        .map(|(tag, value)| tlv(*tag, &[value]))
        .collect();
    let san = tlv(0x30, &[&names.concat()]);
    let san = Extension::new(SUBJECT_ALT_NAME, san);
    Leaf::named("leaf").client().extension(san)
}

fn verify(leaf: &Leaf, matcher: PeerMatcher) -> Result<PeerIdentity, Rejection> {
    let root = Authority::named("Root");
    let chain = leaf.clone().issued_by(&root).chain;
    client(&root, VerifierPolicy::allow(matcher), &chain)
}

fn accepts(leaf: &Leaf, matcher: PeerMatcher) -> bool {
    match verify(leaf, matcher) {
        Ok(_) => true,
        Err(rejection) => {
            assert_eq!(rejection.reason(), Reason::NotAuthorized, "{rejection}");
            false
        }
    }
}

fn any() -> PeerMatcher {
    PeerMatcher::any_authenticated()
}

fn not(matcher: PeerMatcher) -> PeerMatcher {
    PeerMatcher::not(matcher)
}

#[test]
fn they_are_kept_and_shown() {
    for (tag, kind, value, shown) in [
        (DNS, NameKind::Dns, &b"kafka/0"[..], r#"DNS name "kafka/0""#),
        (DNS, NameKind::Dns, b"my host", r#"DNS name "my host""#),
        (
            DNS,
            NameKind::Dns,
            b"a.*.example",
            r#"DNS name "a.*.example""#,
        ),
        (
            DNS,
            NameKind::Dns,
            b"z\xc3\xbc.example",
            r#"DNS name "z\xc3\xbc.example""#,
        ),
        (
            EMAIL,
            NameKind::Email,
            b"no address",
            r#"e-mail address "no address""#,
        ),
        (
            EMAIL,
            NameKind::Email,
            b"a@kafka/0",
            r#"e-mail address "a@kafka/0""#,
        ),
        (URI, NameKind::Uri, b"no scheme", r#"URI "no scheme""#),
        (
            URI,
            NameKind::Uri,
            b"spiffe://PROD/a",
            r#"URI "spiffe://PROD/a""#,
        ),
        (
            IP,
            NameKind::Ip,
            b"\xc0\x00\x02",
            r#"IP address "\xc0\x00\x02""#,
        ),
        (
            UNKNOWN,
            NameKind::Unknown,
            b"x",
            r#"name of an unknown kind "x""#,
        ),
    ] {
        let leaf = with_names(&[(tag, value), (DNS, b"good.example")]);
        let peer = verify(&leaf, any()).unwrap();
        assert!(peer.dns_names().eq(["good.example"]));
        let unreadable: Vec<_> = peer.unreadable_names().collect();
        assert_eq!(unreadable.len(), 1, "{shown}");
        assert_eq!(
            (unreadable[0].kind(), unreadable[0].as_bytes()),
            (kind, value)
        );
        assert!(
            unreadable[0].to_string().starts_with(shown),
            "{}",
            unreadable[0]
        );
        // The other profiles reject it, and say which name it is.
        let root = Authority::named("Root");
        let chain = leaf.issued_by(&root).chain;
        for profile in [CertificateProfile::Rfc5280, CertificateProfile::WebPki] {
            let policy = VerifierPolicy::allow(any()).profile(profile);
            let rejection = client(&root, policy, &chain).unwrap_err();
            assert_eq!(rejection.reason(), Reason::MalformedName);
            assert!(rejection.to_string().contains(shown), "{rejection}");
        }
    }
}

#[test]
fn control_characters_and_two_names_in_one_reject() {
    for (tag, value) in [
        (DNS, &b"good.example\0.evil.example"[..]),
        (DNS, b"good.example\n"),
        (DNS, b"a.example,b.example"),
        (DNS, b"a.example;b.example"),
        (EMAIL, b"a@a.example,b@b.example"),
        (EMAIL, b"a@a.example@b.example"),
        (URI, b"urn:a\x7f"),
    ] {
        let leaf = with_names(&[(DNS, b"good.example"), (tag, value)]);
        let rejection = verify(&leaf, any()).unwrap_err();
        assert_eq!(rejection.reason(), Reason::MalformedName, "{value:?}");
    }
    let rejection = verify(&Leaf::named("nul\0byte").client(), any()).unwrap_err();
    assert_eq!(rejection.reason(), Reason::MalformedName);
}

/// Its number would follow in octets of its own, which readers of one octet take for the length.
#[test]
fn a_tag_of_several_octets_is_malformed() {
    let rejection = verify(&with_names(&[(0x9f, b"\x01")]), any()).unwrap_err();
    assert_eq!(rejection.reason(), Reason::MalformedName, "{rejection}");
}

/// Two readers may differ about what separates names only where both read the letters.
#[test]
fn what_is_not_in_ascii_is_unreadable_and_not_several() {
    let leaf = with_names(&[(DNS, b"z\xc3\xbc.example,b.example")]);
    let peer = verify(&leaf, any()).unwrap();
    let problems: Vec<_> = peer.unreadable_names().map(|n| n.problem()).collect();
    assert_eq!(problems, ["it is not in ASCII"]);
}

#[test]
fn names_of_kinds_that_no_matcher_asks_for_hide_nothing() {
    for (kind, tag) in [
        ("otherName", 0xa0),
        ("x400Address", 0xa3),
        ("directoryName", 0xa4),
        ("ediPartyName", 0xa5),
        ("registeredID", 0x88),
    ] {
        let leaf = with_names(&[(tag, b""), (DNS, b"good.example")]);
        let peer = verify(&leaf, not(PeerMatcher::dns("other.example").unwrap())).expect(kind);
        assert_eq!(peer.unreadable_names().count(), 0, "{kind}");
    }
}

#[test]
fn a_matcher_is_undecided_unless_another_name_decides_it() {
    let good = || PeerMatcher::dns("good.example").unwrap();
    let other = || PeerMatcher::dns("other.example").unwrap();
    for hidden in [(DNS, &b"kafka/0"[..]), (UNKNOWN, b"x")] {
        let leaf = with_names(&[hidden, (DNS, b"good.example")]);
        assert!(accepts(&leaf, good()));
        assert!(!accepts(&leaf, not(good())));
        assert!(!accepts(&leaf, other()));
        assert!(!accepts(&leaf, not(other())), "{hidden:?} could be it");
        let both = PeerMatcher::all_of([good(), not(other())]).unwrap();
        assert!(!accepts(&leaf, both));
        let either = PeerMatcher::any_of([good(), not(other())]).unwrap();
        assert!(accepts(&leaf, either));
        let suffix = PeerMatcher::dns_suffix("elsewhere.example").unwrap();
        assert!(!accepts(&leaf, not(suffix)));
    }
    // Of another kind it changes nothing, but for one that may be of any kind.
    let uri = || PeerMatcher::uri("urn:x").unwrap();
    let with_uri = |hidden| with_names(&[hidden, (URI, b"urn:y")]);
    assert!(accepts(&with_uri((DNS, b"kafka/0")), not(uri())));
    assert!(!accepts(&with_uri((URI, b"no scheme")), not(uri())));
    assert!(!accepts(&with_uri((UNKNOWN, b"x")), not(uri())));
}

/// A leaf whose common name is of another string type, signed anew: nothing that makes certificates makes these.
fn with_common_name(root: &Authority, tag: u8, value: &[u8]) -> Vec<CertificateDer<'static>> {
    let marker = "m".repeat(value.len());
    let leaf = Leaf::named(&marker).dns("good.example").client();
    let leaf = leaf.issued_by(root);
    let certificate = x509_cert::Certificate::from_der(leaf.leaf()).unwrap();
    let mut tbs = certificate.tbs_certificate().to_der().unwrap();
    let wanted = tlv(0x0c, &[marker.as_bytes()]);
    let mut places = tbs.windows(wanted.len());
    let at = places.position(|window| window == wanted).unwrap();
    tbs.splice(at..at + wanted.len(), tlv(tag, &[value]));
    let algorithm = certificate.signature_algorithm().to_der().unwrap();
    let signature = [&[0], &*root.sign_message(&tbs)].concat();
    vec![tlv(0x30, &[&tbs, &algorithm, &tlv(0x03, &[&signature])]).into()]
}

#[test]
fn an_unreadable_name_of_the_subject_leaves_its_kind_undecided() {
    let root = Authority::named("Root");
    let common_name = |name| PeerMatcher::common_name(name).unwrap();
    for (tag, value, shown) in [
        (0x13, &b"kafka_1"[..], "CN=kafka_1"),
        (0x13, b"ops@example*", "CN=ops@example*"),
        (0x14, b"Z\xfcrich", "CN=Zürich"),
        (0x1c, b"\0\0\0Z\0\0\0h", "CN=Zh"),
        (0x1a, b"Visible", "CN=Visible"),
    ] {
        let chain = with_common_name(&root, tag, value);
        let verify = |matcher| client(&root, VerifierPolicy::allow(matcher), &chain);
        let peer = verify(any()).unwrap();
        assert_eq!(peer.common_name(), None);
        assert_eq!(peer.subject(), shown);
        let unreadable: Vec<_> = peer.unreadable_names().collect();
        assert_eq!(unreadable.len(), 1);
        assert_eq!(unreadable[0].kind(), NameKind::CommonName);
        assert_eq!(unreadable[0].as_bytes(), value);
        for matcher in [
            common_name("kafka_1"),
            common_name("Zürich"),
            not(common_name("x")),
        ] {
            let rejection = verify(matcher).unwrap_err();
            assert_eq!(rejection.reason(), Reason::NotAuthorized, "{rejection}");
        }
        assert!(verify(PeerMatcher::dns("good.example").unwrap()).is_ok());
        let policy = VerifierPolicy::allow(any()).profile(CertificateProfile::Rfc5280);
        let rejection = client(&root, policy, &chain).unwrap_err();
        assert_eq!(rejection.reason(), Reason::MalformedName);
    }
    // Two bytes a letter, which is read as text.
    let chain = with_common_name(&root, 0x1e, b"\0Z\0\xfc");
    let peer = client(&root, VerifierPolicy::allow(common_name("Zü")), &chain).unwrap();
    assert_eq!(peer.common_name(), Some("Zü"));
}

#[test]
fn an_underscore_is_readable() {
    let leaf = with_names(&[(DNS, b"kafka_0.example")]);
    let peer = verify(&leaf, PeerMatcher::dns("kafka_0.example").unwrap()).unwrap();
    assert_eq!(peer.unreadable_names().count(), 0);
    assert!(accepts(
        &leaf,
        not(PeerMatcher::dns("other.example").unwrap())
    ));
}

#[test]
fn an_unreadable_uri_is_a_second_one_for_spiffe() {
    let id = &b"spiffe://prod.example/pay"[..];
    let spiffe = || PeerMatcher::spiffe_id("spiffe://prod.example/pay").unwrap();
    assert!(accepts(&with_names(&[(URI, id)]), spiffe()));
    for hidden in [
        (URI, &b"no scheme"[..]),
        (UNKNOWN, b"x"),
        (URI, b"spiffe://PROD/a"),
    ] {
        let leaf = with_names(&[(URI, id), hidden]);
        assert!(!accepts(&leaf, spiffe()));
        assert!(!accepts(&leaf, not(spiffe())));
        let root = Authority::named("Root");
        let bundles = TrustBundles::new([("prod.example", anchors(&[&root]))]).unwrap();
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let policy = VerifierPolicy::allow(any());
        let verifier = PeerVerifier::new(&bundles, policy, algorithms).unwrap();
        let chain = leaf.issued_by(&root).chain;
        let rejection = verifier.verify_client(&chain, UnixTime::now()).unwrap_err();
        assert_eq!(rejection.reason(), Reason::InvalidSvid, "{rejection}");
    }
    // A DNS name is none.
    assert!(accepts(
        &with_names(&[(URI, id), (DNS, b"kafka/0")]),
        spiffe()
    ));
}

#[test]
fn a_ca_that_limits_their_kind_rejects_them() {
    // permitted or excluded: DNS example, IP 10.0.0.0/8
    let dns = b"\x82\x07example";
    let ip = b"\x87\x08\x0a\x00\x00\x00\xff\x00\x00\x00";
    let limits = |tree: u8, base: &[u8]| {
        let subtrees = tlv(tree, &[&tlv(0x30, &[base])]);
        Extension::critical(&[2, 5, 29, 30], tlv(0x30, &[&subtrees]))
    };
    let names: [(u8, &[u8]); 3] = [(DNS, b"kafka/0"), (IP, b"\x0a\x00\x00"), (UNKNOWN, b"x")];
    for tree in [0xa0, 0xa1] {
        for (base, is_limited) in [
            (&dns[..], [true, false, true]),
            (&ip[..], [false, true, true]),
        ] {
            for (name, is_limited) in names.into_iter().zip(is_limited) {
                let leaf = with_names(&[name]);
                let root = Authority::named("Root");
                let branch = AuthorityBuilder::named("Branch").extension(limits(tree, base));
                let anchor = branch.clone().self_signed();
                let branch = branch.issued_by(&root);
                let below = leaf.clone().issued_by(&branch).with(&branch).chain;
                let direct = leaf.issued_by(&anchor).chain;
                let verdicts: [(&Authority, Vec<CertificateDer<'_>>); 2] =
                    [(&root, below), (&anchor, direct)];
                for (anchor, chain) in verdicts {
                    let verdict = client(anchor, VerifierPolicy::allow(any()), &chain);
                    let reason = verdict.map(drop).map_err(|r| r.reason());
                    let expected = if is_limited {
                        Err(Reason::NameConstraintViolated)
                    } else {
                        Ok(())
                    };
                    assert_eq!(reason, expected, "{tree:02x} {base:02x?} {name:02x?}");
                }
            }
        }
    }
}

/// RFC 5280 has no leading dot in constraints on DNS names; OpenSSL and Go read it as below.
#[test]
fn a_constraint_with_a_leading_dot() {
    let limited = |tree: u8| {
        let subtrees = tlv(tree, &[&tlv(0x30, &[b"\x82\x08.example"])]);
        let extension = Extension::critical(&[2, 5, 29, 30], tlv(0x30, &[&subtrees]));
        AuthorityBuilder::named("Limited")
            .extension(extension)
            .self_signed()
    };
    for (tree, name, accepted) in [
        (0xa0, "db.example", true),
        (0xa0, "example", false),
        (0xa0, "other", false),
        (0xa1, "db.example", false),
        (0xa1, "example", false),
        (0xa1, "EXAMPLE", false),
        (0xa1, "other", true),
        (0xa1, "badexample", true),
    ] {
        let root = limited(tree);
        let chain = with_names(&[(DNS, name.as_bytes())]).issued_by(&root).chain;
        let verdict = client(&root, VerifierPolicy::allow(any()), &chain);
        let reason = verdict.map(drop).map_err(|r| r.reason());
        let expected = if accepted {
            Ok(())
        } else {
            Err(Reason::NameConstraintViolated)
        };
        assert_eq!(reason, expected, "{tree:02x} {name}");
    }
}

#[test]
fn a_custom_matcher_sees_them() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let matcher = {
        let seen = Arc::clone(&seen);
        PeerMatcher::custom("all readable", move |peer| {
            let names: Vec<_> = peer.unreadable_names().map(|n| n.to_string()).collect();
            seen.lock().unwrap().extend(names.clone());
            if names.is_empty() {
                Ok(())
            } else {
                Err(format!("{names:?}"))
            }
        })
    };
    assert!(!accepts(&with_names(&[(DNS, b"kafka/0")]), matcher.clone()));
    assert_eq!(seen.lock().unwrap().len(), 1);
    assert!(accepts(&with_names(&[(DNS, b"kafka-0")]), matcher));
}
