//! Over sockets: facades on every backend against each other and against raw peers, in TLS 1.2 and 1.3. The alert is
//! what the other end saw.

use mtls::RejectionReason::{RevocationListStale, RevocationStatusUnknown, Revoked};
use mtls::pki_types::CertificateRevocationListDer;
use mtls::{RevocationLists, RevocationRules, VerifierPolicy};

use crate::common::pki::Cast;
use crate::common::pki::crl::Crl;
use crate::scene::Scene;
use crate::{chain_depth, leaf_depth};

type Lists = Vec<CertificateRevocationListDer<'static>>;

fn policy(rules: RevocationRules) -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated().revocation(rules)
}

fn server_verifies(rules: RevocationRules, lists: impl Fn(&Cast) -> Lists) -> Scene {
    let mut scene = Scene::new();
    scene.server.revocation_lists = Some(RevocationLists::from_der(lists(&scene.cast)).unwrap());
    scene.server.policy = policy(rules);
    scene
}

fn client_verifies(rules: RevocationRules, lists: impl Fn(&Cast) -> Lists) -> Scene {
    let mut scene = Scene::new().without_native_tls();
    scene.client.revocation_lists = Some(RevocationLists::from_der(lists(&scene.cast)).unwrap());
    scene.client.policy = policy(rules);
    scene
}

fn clean(cast: &Cast) -> Lists {
    [&cast.root, &cast.intermediate]
        .map(|issuer| Crl::new().signed_by(issuer))
        .into()
}

fn leaf_revoked(cast: &Cast) -> Lists {
    let both = Crl::new()
        .lists_for(cast.alice.leaf(), 1)
        .lists(cast.server.leaf());
    vec![
        Crl::new().signed_by(&cast.root),
        both.signed_by(&cast.intermediate),
    ]
}

fn intermediate_revoked(cast: &Cast) -> Lists {
    let root = Crl::new().lists(&cast.intermediate.certificate());
    vec![
        root.signed_by(&cast.root),
        Crl::new().signed_by(&cast.intermediate),
    ]
}

fn stale(cast: &Cast) -> Lists {
    vec![
        Crl::stale().signed_by(&cast.root),
        Crl::stale().signed_by(&cast.intermediate),
    ]
}

fn by_namesake(cast: &Cast) -> Lists {
    let namesake = cast.intermediate.namesake();
    vec![
        Crl::new().signed_by(&cast.root),
        Crl::new().signed_by(&namesake),
    ]
}

fn of_root_alone(cast: &Cast) -> Lists {
    vec![Crl::new().signed_by(&cast.root)]
}

#[test]
fn good() {
    for rules in [leaf_depth(), chain_depth()] {
        server_verifies(rules, clean).is_allowed();
        client_verifies(rules, clean).is_allowed();
    }
    server_verifies(leaf_depth(), intermediate_revoked).is_allowed();
    client_verifies(leaf_depth(), intermediate_revoked).is_allowed();
}

#[test]
fn clients_that_are_revoked() {
    server_verifies(leaf_depth(), leaf_revoked).client_is_rejected(Revoked, &["keyCompromise"]);
    server_verifies(chain_depth(), leaf_revoked).client_is_rejected(Revoked, &["certificate 0"]);
    let scene = server_verifies(chain_depth(), intermediate_revoked);
    scene.client_is_rejected(Revoked, &["certificate 1", "CN=Ivo Intermediate"]);
}

#[test]
fn servers_that_are_revoked() {
    client_verifies(leaf_depth(), leaf_revoked).server_is_rejected(Revoked, &["certificate 0"]);
    let scene = client_verifies(chain_depth(), intermediate_revoked);
    scene.server_is_rejected(Revoked, &["certificate 1", "CN=Ivo Intermediate"]);
}

#[test]
fn stale_lists() {
    for rules in [leaf_depth(), chain_depth()] {
        server_verifies(rules, stale).client_is_rejected(RevocationListStale, &["is stale since"]);
        client_verifies(rules, stale).server_is_rejected(RevocationListStale, &["is stale since"]);
        server_verifies(rules.danger_allow_stale_lists(), stale).is_allowed();
        client_verifies(rules.danger_allow_stale_lists(), stale).is_allowed();
    }
}

#[test]
fn unknown_status() {
    for lists in [of_root_alone, by_namesake] {
        let server = server_verifies(leaf_depth(), lists);
        server.client_is_rejected(RevocationStatusUnknown, &["certificate 0"]);
        let client = client_verifies(leaf_depth(), lists);
        client.server_is_rejected(RevocationStatusUnknown, &["certificate 0"]);
        server_verifies(leaf_depth().danger_allow_unknown_status(), lists).is_allowed();
        client_verifies(leaf_depth().danger_allow_unknown_status(), lists).is_allowed();
    }
}
