use mtls::backend::BackendKind;
use mtls::error::Alert;
use mtls::pki_types::{ServerName, UnixTime};
use mtls::{PeerMatcher, PeerVerifier, RejectionReason, Rustls, VerifierPolicy};

use super::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity};
use super::{anchors, client, reason, server, verifier};

fn any() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
}

#[test]
fn a_peer_shows_its_names() {
    let root = Authority::named("Root");
    let leaf = Leaf::named("payments")
        .uri("spiffe://prod.example/payments")
        .dns("Pay.prod.example")
        .ip("192.0.2.7")
        .ip("2001:db8::7")
        .email("ops@prod.example");
    let chain = leaf.client().issued_by(&root).chain;
    let peer = client(&root, any(), &chain).unwrap();
    assert_eq!(peer.spiffe_id().unwrap().path(), "/payments");
    assert!(peer.dns_names().eq(["pay.prod.example"]));
    assert!(peer.uris().eq(["spiffe://prod.example/payments"]));
    assert_eq!(peer.ip_addresses().count(), 2);
    assert!(peer.email_addresses().eq(["ops@prod.example"]));
    assert_eq!(peer.common_name(), Some("payments"));
    assert_eq!(peer.subject(), "CN=payments");
    assert_eq!(peer.issuer(), "CN=Root");
    assert_eq!(peer.chain(), chain);
    assert_eq!(peer.to_string(), "spiffe://prod.example/payments");
    assert!(peer.not_before() < UnixTime::now() && UnixTime::now() < peer.not_after());
}

#[test]
fn a_server_is_known_by_its_names_only() {
    let root = Authority::named("Root");
    let leaf = || Leaf::named("db.internal").server();
    let named = leaf()
        .dns("db.example")
        .dns("*.w.example")
        .ip("192.0.2.7")
        .issued_by(&root);
    for name in ["db.example", "DB.example", "a.w.example", "192.0.2.7"] {
        assert!(server(&root, any(), &named, name).is_ok(), "{name}");
    }
    for name in [
        "db.internal",
        "w.example",
        "a.b.w.example",
        "192.0.2.8",
        "2001:db8::1",
    ] {
        let rejection = server(&root, any(), &named, name).unwrap_err();
        assert_eq!(rejection.reason(), RejectionReason::NameMismatch, "{name}");
        assert_eq!(rejection.expected(), Some(name));
        assert!(
            rejection
                .presented()
                .unwrap()
                .contains("DNS name db.example")
        );
    }
    // A common name is no host name unless that was asked for; an IP address never.
    let unnamed = leaf().issued_by(&root);
    let rejection = server(&root, any(), &unnamed, "db.internal").unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::NameMismatch);
    assert!(
        rejection.hint().contains("danger_allow_common_name_as_dns"),
        "{}",
        rejection.hint()
    );
    let relaxed = || any().danger_allow_common_name_as_dns();
    assert!(server(&root, relaxed(), &unnamed, "db.internal").is_ok());
    assert!(server(&root, relaxed(), &unnamed, "db").is_err());
    assert!(server(&root, relaxed(), &named, "db.internal").is_err());
    let address = Leaf::named("192.0.2.7").server().issued_by(&root);
    assert!(server(&root, relaxed(), &address, "192.0.2.7").is_err());
}

#[test]
fn a_common_name_stands_in_for_clients_too_where_asked() {
    let root = Authority::named("Root");
    let chain = Leaf::named("my-client").client().issued_by(&root).chain;
    let policy = || VerifierPolicy::allow(PeerMatcher::dns("my-client").unwrap());
    assert_eq!(
        reason(client(&root, policy(), &chain)),
        Some(RejectionReason::NotAuthorized)
    );
    assert!(client(&root, policy().danger_allow_common_name_as_dns(), &chain).is_ok());
}

#[test]
fn a_spiffe_id_can_replace_the_name_of_a_server() {
    let root = Authority::named("Root");
    let id = "spiffe://prod.example/db";
    let policy = || VerifierPolicy::server_spiffe(PeerMatcher::spiffe_id(id).unwrap());
    let named = Leaf::named("db").server().uri(id).issued_by(&root);
    assert!(server(&root, policy(), &named, "anything.example").is_ok());
    let other = Leaf::named("db")
        .server()
        .uri("spiffe://prod.example/web")
        .issued_by(&root);
    assert_eq!(
        reason(server(&root, policy(), &other, "anything.example")),
        Some(RejectionReason::NotAuthorized)
    );
    for leaf in [
        Leaf::named("db").server().dns("db.example"),
        Leaf::named("db")
            .server()
            .uri(id)
            .uri("spiffe://prod.example/web"),
    ] {
        let verdict = server(&root, policy(), &leaf.issued_by(&root), "db.example");
        assert_eq!(reason(verdict), Some(RejectionReason::InvalidSvid));
    }
}

#[test]
fn a_rejection_says_what_where_and_what_to_do() {
    let root = Authority::named("Root");
    let chain = Leaf::named("late")
        .client()
        .validity(Validity::expired())
        .issued_by(&root)
        .chain;
    let rejection = client(&root, any(), &chain).unwrap_err();
    assert_eq!(rejection.reason(), RejectionReason::Expired);
    assert_eq!(rejection.certificate(), Some((0, "CN=late")));
    assert!(rejection.expected().unwrap().starts_with("valid from 20"));
    assert!(rejection.presented().unwrap().starts_with("now 20"));
    assert!(rejection.hint().contains("renew"));
    assert_eq!(
        BackendKind::Rustls.alert_for(rejection.reason()),
        Some(Alert::CERTIFICATE_EXPIRED)
    );
    assert_eq!(BackendKind::NativeTls.alert_for(rejection.reason()), None);
}

#[test]
fn validity_includes_its_first_and_last_second() {
    let root = Authority::named("Root");
    let credential = Leaf::named("leaf").client().issued_by(&root);
    let peer = client(&root, any(), &credential.chain).unwrap();
    let verifier = PeerVerifier::new(
        anchors(&[&root]),
        any(),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap();
    let at = |seconds: u64| {
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        reason(verifier.verify_client(&credential.chain, time))
    };
    assert_eq!(at(peer.not_before().as_secs()), None);
    assert_eq!(at(peer.not_after().as_secs()), None);
    assert_eq!(
        at(peer.not_before().as_secs() - 1),
        Some(RejectionReason::NotYetValid)
    );
    assert_eq!(
        at(peer.not_after().as_secs() + 1),
        Some(RejectionReason::Expired)
    );
    assert_eq!(at(0), Some(RejectionReason::NotYetValid));
    assert_eq!(at(u64::MAX / 2), Some(RejectionReason::Expired));
}

#[test]
fn missing_pieces_are_named() {
    let root = Authority::named("Root");
    let intermediate = root.intermediate("Intermediate");
    let leaf = Leaf::named("leaf").client().issued_by(&intermediate);
    let hint = |verdict: Result<_, mtls::Rejection>| verdict.unwrap_err().hint().into_owned();
    let missing = hint(client(&root, any(), &leaf.chain));
    assert!(
        missing.contains("no certificate of CN=Intermediate, which issued its leaf"),
        "{missing}"
    );
    let namesake = hint(client(&intermediate.namesake(), any(), &leaf.chain));
    assert!(
        namesake.contains("another CA of the same name"),
        "{namesake}"
    );
    let with_root = leaf.clone().above(&[&intermediate, &root]);
    let other = hint(client(&Authority::named("Other"), any(), &with_root.chain));
    assert!(other.contains("its own root"), "{other}");
}

#[test]
fn an_empty_chain_and_an_endless_one_are_rejected() {
    let root = Authority::named("Root");
    assert_eq!(
        reason(client(&root, any(), &[])),
        Some(RejectionReason::NoCertificate)
    );
    let credential = Leaf::named("leaf").client().issued_by(&root);
    let endless = vec![credential.leaf().clone(); 257];
    assert_eq!(
        reason(client(&root, any(), &endless)),
        Some(RejectionReason::PathTooLong)
    );
    let name = ServerName::try_from("a.example").unwrap();
    assert_eq!(name.to_str(), "a.example");
}

#[test]
fn a_common_name_never_escapes_name_constraints() {
    let relaxed = || any().danger_allow_common_name_as_dns();
    let constrained = AuthorityBuilder::named("Root")
        .permits_dns("good.example")
        .self_signed();
    let leaf = || Leaf::named("evil.example").server();
    let verdict = server(
        &constrained,
        relaxed(),
        &leaf().issued_by(&constrained),
        "evil.example",
    );
    assert_eq!(reason(verdict), Some(RejectionReason::NameMismatch));
    let root = Authority::named("Free Root");
    let intermediate = AuthorityBuilder::named("Intermediate")
        .permits_dns("good.example")
        .issued_by(&root);
    let below = leaf().issued_by(&intermediate).with(&intermediate);
    assert_eq!(
        reason(server(&root, relaxed(), &below, "evil.example")),
        Some(RejectionReason::NameMismatch)
    );
    let policy = VerifierPolicy::allow(PeerMatcher::dns("evil.example").unwrap())
        .danger_allow_common_name_as_dns();
    let chain = Leaf::named("evil.example")
        .client()
        .issued_by(&constrained)
        .chain;
    assert_eq!(
        reason(client(&constrained, policy, &chain)),
        Some(RejectionReason::NotAuthorized)
    );
}

#[test]
fn a_name_cannot_write_lines_of_its_own() {
    let root = Authority::named("Root");
    let locality = &[2, 5, 4, 7];
    let leaf = Leaf::named("tidy").subject_attribute(locality, "one\nrefused: bob\u{85}\u{7f}");
    let chain = leaf.client().issued_by(&root).chain;
    let peer = client(&root, any(), &chain).unwrap();
    assert!(
        !peer.subject().contains(char::is_control),
        "{:?}",
        peer.subject()
    );
    assert!(
        peer.subject().contains("one\\0arefused"),
        "{}",
        peer.subject()
    );
}

#[test]
fn identities_are_equal_by_their_leaf() {
    let root = Authority::named("Root");
    let intermediate = root.intermediate("Intermediate");
    let issue = |intermediate: &Authority| {
        Leaf::named("alice")
            .dns("a.test")
            .client()
            .issued_by(intermediate)
            .with(intermediate)
    };
    let verifier = verifier(&root, any()).unwrap();
    let peer = |credential: &Credential| {
        let chain = &credential.chain;
        verifier.verify_client(chain, UnixTime::now()).unwrap()
    };
    let alice = issue(&intermediate);
    let short = peer(&alice);
    let long = peer(&alice.with(&root));
    let renewed = peer(&issue(&intermediate));
    assert_ne!(short.chain().len(), long.chain().len());
    assert_eq!(short, long);
    assert_ne!(short, renewed);
    let peers = std::collections::HashSet::from([short, long, renewed]);
    assert_eq!(peers.len(), 2);
}
