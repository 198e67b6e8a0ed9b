//! The leaf is never verified less strictly than on the other backends; above the leaf the platform's
//! rules hold.

use mtls::pki_types::{ServerName, UnixTime};
use mtls::test_util::{ExtendedKeyUsage, Extension, KeyUsage};
use mtls::{
    HandshakeError, MtlsClient, NativeTls, PeerVerifier, RejectionReason as Reason, Rustls,
    VerifierPolicy,
};

use super::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity};
use super::common::raw::{Peer, Version, socket_pair, tools};
use super::{anchors, identity};

/// What the client asks for.
const NAME: &str = "a.server.test";

const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];
const AUTHORITY_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 35];
const POLICY_CONSTRAINTS: &[u64] = &[2, 5, 29, 36];

/// Each of these is rejected elsewhere and accepted by OpenSSL.
#[test]
fn what_the_platform_accepts_above_the_leaf() {
    let root = Authority::named("Root");
    let branch = || AuthorityBuilder::named("Branch");
    let constrained = |content: &[u8]| branch().extension(critical(NAME_CONSTRAINTS, content));
    let leaf = || Leaf::named("a server").dns("*.server.test").server();
    for (what, branch, leaf, expected) in [
        (
            "name constraints without subtrees",
            constrained(b"\x30\x00"),
            leaf(),
            Reason::MalformedCertificate,
        ),
        (
            "name constraints with two empty sequences",
            constrained(b"\x30\x04\xa0\x00\xa1\x00"),
            leaf(),
            Reason::MalformedCertificate,
        ),
        (
            "name constraints with one empty sequence",
            constrained(b"\x30\x12\xa0\x00\xa1\x0e\x30\x0c\x82\x0aother.test"),
            leaf(),
            Reason::MalformedCertificate,
        ),
        (
            "a wildcard for a name that is excluded",
            constrained(b"\x30\x13\xa1\x11\x30\x0f\x82\x0db.server.test"),
            leaf(),
            Reason::NameConstraintViolated,
        ),
    ] {
        let branch = branch.issued_by(&root);
        let server = leaf.issued_by(&branch).with(&branch);
        let ours = by_our_verifier(&root, any(), &server);
        assert_eq!(ours, Err(expected), "{what}");
        let theirs = by_the_platform(&root, &server);
        assert!(theirs.is_ok(), "{what}: {theirs:?}");
    }
}

/// Leaves with one fault each.
#[test]
fn the_leaf_is_never_verified_more_loosely() {
    let root = Authority::named("Root");
    let plain = || Leaf::named("a server").dns(NAME).server();
    let bare = || plain().without_key_identifier();
    let with_own_key = || bare().extension(extension(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02"));
    let mut rejected = 0;
    for (what, leaf) in [
        ("no fault", plain()),
        ("expired", plain().validity(Validity::expired())),
        ("a CA", plain().marked_as_ca()),
        ("no names", Leaf::named(NAME).server()),
        (
            "another purpose",
            Leaf::named("a server").dns(NAME).client(),
        ),
        (
            "any purpose",
            Leaf::named("a server")
                .dns(NAME)
                .extended_key_usage(ExtendedKeyUsage::Any),
        ),
        (
            "no signatures",
            plain().key_usages(&[KeyUsage::KeyEncipherment]),
        ),
        (
            "signs certificates",
            plain().key_usages(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign]),
        ),
        ("serial number zero", plain().serial_number(&[0])),
        ("long serial number", plain().serial_number(&[1; 21])),
        ("an underscore", plain().dns("an_underscore.test")),
        (
            "a control character",
            plain().subject_attribute(&[2, 5, 4, 11], "a\0b"),
        ),
        ("a key identifier alone", with_own_key()),
        (
            "an authority key identifier without a key",
            with_own_key().extension(extension(AUTHORITY_KEY_IDENTIFIER, b"\x30\x00")),
        ),
        (
            "an authority key identifier of another key",
            bare().extension(extension(
                AUTHORITY_KEY_IDENTIFIER,
                b"\x30\x04\x80\x02\x01\x02",
            )),
        ),
        (
            "a critical authority key identifier",
            bare().extension(critical(
                AUTHORITY_KEY_IDENTIFIER,
                b"\x30\x04\x80\x02\x01\x02",
            )),
        ),
        (
            "a critical subject key identifier",
            plain().extension(critical(SUBJECT_KEY_IDENTIFIER, b"\x04\x02\x01\x02")),
        ),
        (
            "name constraints",
            plain().extension(critical(
                NAME_CONSTRAINTS,
                b"\x30\x0f\xa0\x0d\x30\x0b\x82\x09localhost",
            )),
        ),
        (
            "critical policyConstraints",
            plain().extension(critical(POLICY_CONSTRAINTS, b"\x30\x03\x80\x01\x00")),
        ),
        (
            "critical policyMappings",
            plain().extension(critical(
                &[2, 5, 29, 33],
                b"\x30\x0c\x30\x0a\x06\x03\x2a\x03\x04\x06\x03\x2a\x03\x05",
            )),
        ),
        (
            "critical address blocks",
            plain().extension(critical(
                &[1, 3, 6, 1, 5, 5, 7, 1, 7],
                b"\x30\x08\x30\x06\x04\x02\x00\x01\x05\x00",
            )),
        ),
        (
            "a critical Netscape certificate type",
            plain().extension(critical(
                &[2, 16, 840, 1, 113_730, 1, 1],
                b"\x03\x02\x06\x40",
            )),
        ),
        (
            "an unknown critical extension",
            plain().extension(critical(&[1, 3, 6, 1, 4, 1, 99999], b"\x05\x00")),
        ),
    ] {
        let server = leaf.issued_by(&root);
        let ours = by_our_verifier(&root, any(), &server);
        let theirs = by_the_platform(&root, &server);
        assert!(theirs.is_err() || ours.is_ok(), "{what}: {ours:?}");
        rejected += usize::from(theirs.is_err());
    }
    assert!(rejected > 8, "only {rejected}");
}

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

fn by_our_verifier(
    root: &Authority,
    policy: VerifierPolicy,
    server: &Credential,
) -> Result<(), Reason> {
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(anchors(root), policy, algorithms).unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    let verdict = verifier.verify_server(&server.chain, &name, UnixTime::now());
    verdict.map(drop).map_err(|rejection| rejection.reason())
}

/// The verdict of a client on native-tls.
fn by_the_platform(root: &Authority, server: &Credential) -> Result<(), HandshakeError> {
    let client = Leaf::named("alice").client().issued_by(root);
    let client = MtlsClient::builder()
        .identity(identity(&client))
        .trust_anchors(anchors(root))
        .policy(any())
        .build(NativeTls::default())
        .unwrap();
    let (near, far) = socket_pair();
    let tool = tools()[0];
    let peer = tool.serve_over(far, Peer::new(Version::Tls13).presents(server));
    let verdict = client.connect(NAME, near).map(drop);
    peer.outcome();
    verdict
}

fn extension(oid: &[u64], content: &[u8]) -> Extension {
    Extension::new(oid, content)
}

fn critical(oid: &[u64], content: &[u8]) -> Extension {
    Extension::critical(oid, content)
}
