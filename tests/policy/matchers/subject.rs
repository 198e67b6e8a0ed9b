use mtls::PeerMatcher as M;
use mtls::pki_types::UnixTime;

use mtls::{RejectionReason, VerifierPolicy};

use super::{Made, Peer, are_rejected};
use crate::client;
use crate::common::pki::{Authority, Leaf};

const OU: &[u64] = &[2, 5, 4, 11];
const O: &[u64] = &[2, 5, 4, 10];

#[test]
fn common_names() {
    Peer::with(Leaf::named("agent-7@prod"))
        .is([
            M::common_name("agent-7@prod"),
            M::common_name(mtls::policy::StringMatch::prefix("agent-")),
            M::common_name(mtls::policy::StringMatch::prefix("agent-7@prod")),
            M::common_name(mtls::policy::StringMatch::suffix("@prod")),
            M::common_name(mtls::policy::StringMatch::suffix("agent-7@prod")),
        ])
        .is_not([
            M::common_name("Agent-7@prod"),
            M::common_name("agent-7"),
            M::common_name(mtls::policy::StringMatch::prefix("Agent")),
            M::common_name(mtls::policy::StringMatch::prefix("gent")),
            M::common_name(mtls::policy::StringMatch::prefix("agent-7@prod2")),
            M::common_name(mtls::policy::StringMatch::suffix("@pro")),
            M::common_name(mtls::policy::StringMatch::suffix("xagent-7@prod")),
        ]);
    // In the middle of a character there is no prefix.
    Peer::with(Leaf::named("éa"))
        .is([
            M::common_name(mtls::policy::StringMatch::prefix("é")),
            M::common_name(mtls::policy::StringMatch::suffix("a")),
        ])
        .is_not([
            M::common_name(mtls::policy::StringMatch::prefix("e")),
            M::common_name(mtls::policy::StringMatch::suffix("éa ")),
        ]);
    let makes: [fn(&str) -> Made; 9] = [
        |text| M::common_name(text),
        |text| M::common_name(mtls::policy::StringMatch::prefix(text)),
        |text| M::common_name(mtls::policy::StringMatch::suffix(text)),
        |text| M::organization(text),
        |text| M::organization(mtls::policy::StringMatch::prefix(text)),
        |text| M::organization(mtls::policy::StringMatch::suffix(text)),
        |text| M::organizational_unit(text),
        |text| M::organizational_unit(mtls::policy::StringMatch::prefix(text)),
        |text| M::organizational_unit(mtls::policy::StringMatch::suffix(text)),
    ];
    for make in makes {
        are_rejected(make, &["", "a\nb", "\0", "\u{9b}", &"x".repeat(2049)]);
        assert!(make(&"x".repeat(2048)).is_ok());
    }
}

#[test]
fn two_common_names_are_none() {
    Peer::with(Leaf::named("a").subject_attribute(&[2, 5, 4, 3], "b")).is_neither([
        M::common_name("a"),
        M::common_name("b"),
        M::common_name("c"),
        M::common_name(mtls::policy::StringMatch::prefix("a")),
        M::common_name(mtls::policy::StringMatch::suffix("b")),
    ]);
}

#[test]
fn units_and_organizations() {
    let leaf = Leaf::named("x")
        .organization("Example Ltd")
        .subject_attribute(O, "Example Group")
        .organizational_unit("Payments")
        .subject_attribute(OU, "team-7/prod");
    let peer = Peer::with(leaf);
    let identity = peer.identity();
    assert!(
        identity
            .organizational_units()
            .eq(["Payments", "team-7/prod"])
    );
    assert!(
        identity
            .organizations()
            .eq(["Example Ltd", "Example Group"])
    );
    peer.is([
        M::organizational_unit("Payments"),
        M::organizational_unit("team-7/prod"),
        M::organizational_unit(mtls::policy::StringMatch::prefix("team-")),
        M::organizational_unit(mtls::policy::StringMatch::suffix("/prod")),
        M::organization("Example Ltd"),
        M::organization("Example Group"),
        M::organization(mtls::policy::StringMatch::prefix("Example ")),
        M::organization(mtls::policy::StringMatch::suffix(" Group")),
    ])
    .is_not([
        M::organizational_unit("payments"),
        M::organizational_unit("Example Ltd"),
        M::organizational_unit(mtls::policy::StringMatch::prefix("eam")),
        M::organizational_unit(mtls::policy::StringMatch::suffix("/pro")),
        M::organization("Example"),
        M::organization("Payments"),
        M::organization(mtls::policy::StringMatch::prefix("Ltd")),
        M::organization(mtls::policy::StringMatch::suffix("Example")),
    ]);
}

/// As a common name is: a name that cannot be shown is none to verify by.
#[test]
fn control_characters_reject() {
    for leaf in [
        Leaf::named("a\u{7}"),
        Leaf::named("a").organizational_unit("b\u{85}"),
        Leaf::named("a").organization("b\n"),
        Leaf::named("a").subject_attribute(&[2, 5, 4, 3], "b\0"),
    ] {
        let root = Authority::named("Root");
        let chain = leaf.client().issued_by(&root).chain;
        let verdict = client(&root, VerifierPolicy::allow_any_authenticated(), &chain);
        assert_eq!(
            verdict.unwrap_err().reason(),
            RejectionReason::MalformedName
        );
    }
}

#[test]
fn a_rejection_names_the_units() {
    let peer = Peer::with(Leaf::named("x").organizational_unit("Test"));
    let verifier = peer.verify(&M::organizational_unit("Payments").unwrap());
    let rejection = verifier
        .verify_client(peer.identity().chain(), UnixTime::now())
        .unwrap_err();
    assert_eq!(
        rejection.presented(),
        Some(r#"common name "x", organizational unit "Test""#)
    );
    assert_eq!(
        rejection.expected(),
        Some(r#"organizational_unit("Payments")"#)
    );
}
