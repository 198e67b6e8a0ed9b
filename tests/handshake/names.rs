//! The name that a client asked for, and the one that the server has.

use mtls::{PeerMatcher, RejectionReason as Reason, VerifierPolicy};

use crate::common::pki::Leaf;
use crate::scene::Scene;

#[test]
fn another_host() {
    Scene::new()
        .client_asks_for("other.test")
        .server_is_rejected(
            Reason::NameMismatch,
            &["CN=server", "expected other.test", "server.test"],
        );
}

#[test]
fn an_ip_address() {
    Scene::new().client_asks_for("127.0.0.1").is_allowed();
}

#[test]
fn another_ip_address() {
    for address in ["127.0.0.2", "::1"] {
        Scene::new()
            .client_asks_for(address)
            .server_is_rejected(Reason::NameMismatch, &["CN=server", address, "127.0.0.1"]);
    }
}

/// Neither a DNS name nor the common name stands for an address.
#[test]
fn an_ip_address_that_only_names_contain() {
    let scene = Scene::new();
    let root = scene.cast.root.clone();
    let named = Leaf::named("127.0.0.1").dns("localhost").server();
    scene
        .client_asks_for("127.0.0.1")
        .server_presents(&named.issued_by(&root))
        .server_is_rejected(Reason::NameMismatch, &["CN=127.0.0.1"]);
}

#[test]
fn a_spiffe_id_in_place_of_the_name() {
    let scene = Scene::new();
    let workload = Leaf::named("workload").uri("spiffe://prod.test/server");
    let workload = workload.server().issued_by(&scene.cast.root);
    let wanted = |id| VerifierPolicy::server_spiffe(PeerMatcher::spiffe_id(id).unwrap());
    let mut scene = scene.server_presents(&workload);
    scene.client.policy = wanted("spiffe://prod.test/server");
    scene.is_allowed();
    scene.client.policy = wanted("spiffe://prod.test/other");
    scene.server_is_rejected(
        Reason::NotAuthorized,
        &["CN=workload", "spiffe://prod.test/other"],
    );
}

#[test]
fn no_spiffe_id_in_place_of_the_name() {
    let mut scene = Scene::new();
    scene.client.policy =
        VerifierPolicy::server_spiffe(PeerMatcher::trust_domain("prod.test").unwrap());
    scene.server_is_rejected(Reason::InvalidSvid, &["CN=server", "SPIFFE ID"]);
}
