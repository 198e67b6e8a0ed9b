//! Revocation lists that no CA claims: reported by event, status and explanation.

use mtls::backend::ServerBackend;
use mtls::material::RevocationList;
use mtls::pki_types::{CertificateRevocationListDer, UnixTime};
use mtls::policy::RevocationDepth;
use mtls::{
    OpenSsl, PeerVerifier, RevocationLists, RevocationRules, Rotation, Rustls, Status,
    VerifierPolicy,
};

use crate::common::pki::crl::{Crl, tlv};
use crate::common::pki::{Authority, Cast};
use crate::stage::{Received, anchors, client_of, meet, server_of};

fn rules() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
        .revocation(RevocationRules::require(RevocationDepth::Leaf))
}

fn lists(
    lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
) -> RevocationLists {
    RevocationLists::from_der(lists).unwrap()
}

fn unclaimed(status: &Status) -> Vec<String> {
    let lists = status.unclaimed_revocation_lists();
    lists.map(RevocationList::issuer).collect()
}

#[test]
fn rustls() {
    a_list_is_unclaimed_until_its_ca_is_presented(Rustls::default());
}

#[test]
fn openssl() {
    a_list_is_unclaimed_until_its_ca_is_presented(OpenSsl::default());
}

fn a_list_is_unclaimed_until_its_ca_is_presented<B: ServerBackend>(backend: B) {
    let cast = Cast::assemble();
    let stranger = Authority::named("Stranger");
    let [of_root, of_intermediate, of_stranger] =
        [&cast.root, &cast.intermediate, &stranger].map(|ca| Crl::new().signed_by(ca));
    let received = Received::default();
    let server = server_of(&cast)
        .policy(rules())
        .revocation_lists(lists([
            of_root,
            of_intermediate.clone(),
            of_stranger.clone(),
        ]))
        .observer(received.listen())
        .build(backend)
        .unwrap();
    let both = ["CN=Ivo Intermediate", "CN=Stranger"];
    assert_eq!(unclaimed(&server.handle().status()), both);
    for issuer in both {
        let event = format!("UnclaimedRevocationList(RevocationList {{ issuer: {issuer:?}");
        assert_eq!(received.count(&event), 1, "{:?}", received.all());
    }
    assert_eq!(received.count("UnclaimedRevocationList"), 2);

    let client = client_of(&cast).build(Rustls::default()).unwrap();
    assert!(meet(&client, &server).1.is_ok());
    assert_eq!(unclaimed(&server.handle().status()), ["CN=Stranger"]);

    // A rotation reports what is new about lists and trust, and nothing else.
    let mut changes = server.handle().status_changes();
    let policy = rules().max_intermediates(3);
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
    assert_eq!(received.count("UnclaimedRevocationList"), 2);
    let newer = Crl::new().number(&[2]).signed_by(&cast.intermediate);
    let next = lists([newer, of_stranger, Crl::new().signed_by(&cast.root)]);
    server
        .handle()
        .rotate(Rotation::new().revocation_lists(next))
        .unwrap();
    // The signer of the list before is known, so its successor is claimed.
    assert_eq!(
        received.count("UnclaimedRevocationList"),
        3,
        "{:?}",
        received.all()
    );
    let published = changes.wait(std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(unclaimed(&published), ["CN=Stranger"]);
}

/// Where the name of its issuer cannot be decoded, the key decides; elsewhere both do.
#[test]
fn a_list_is_an_anchor_s_by_name_and_key() {
    let cast = Cast::assemble();
    let name = |tag: u8, value: &[u8]| {
        let common_name = tlv(0x30, &[b"\x06\x03\x55\x04\x03", &tlv(tag, &[value])]);
        tlv(0x30, &[&tlv(0x31, &[&common_name])])
    };
    for (issuer, key, is_claimed) in [
        (name(0x02, b"\x01"), &cast.root, true),
        (name(0x02, b"\x01"), &cast.intermediate, false),
        (name(0x0c, b"Another"), &cast.root, false),
    ] {
        let list = Crl::new().signed_as(&issuer, key);
        let server = server_of(&cast)
            .policy(rules())
            .revocation_lists(lists([list]))
            .build(Rustls::default())
            .unwrap();
        assert_eq!(
            unclaimed(&server.handle().status()).is_empty(),
            is_claimed,
            "{issuer:02x?}"
        );
    }
}

#[test]
fn an_explanation_names_them() {
    let cast = Cast::assemble();
    let stranger = Crl::new().signed_by(&Authority::named("Stranger"));
    let list = Crl::new().signed_by(&cast.intermediate);
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let verifier = PeerVerifier::new(anchors(&[&cast.root]), rules(), algorithms).unwrap();
    let verifier = verifier
        .with_revocation_lists(&lists([stranger, list]))
        .unwrap();
    let now = UnixTime::now();
    let explained = verifier.explain_client(&cast.alice.chain, now);
    assert!(explained.verdict().is_ok());
    let said = explained.to_string();
    let words = "list 0 (number 0x01): signed by no trust anchor and by no CA presented so far";
    assert_eq!(said.matches(words).count(), 1, "{said}");
    assert_eq!(said.matches("presented so far").count(), 1, "{said}");
}
