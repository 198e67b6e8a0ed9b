//! Leaves as widespread tutorials make them, and keys that are too weak.

use mtls::{PeerMatcher, RejectionReason as Reason, VerifierPolicy};

use crate::common::odd::Odd;
use crate::scene::Scene;

/// RSA 1024: OpenSSL alone takes such a key in hand.
const OPENSSL: &[&str] = &["openssl"];

fn relaxed() -> VerifierPolicy {
    VerifierPolicy::allow_any_authenticated()
        .danger_allow_x509_v1_leaf()
        .danger_allow_common_name_as_dns()
}

#[test]
fn a_client_with_an_rsa_1024_key() {
    let scene = Scene::new();
    let weak = Odd::Rsa1024.issued_by(&scene.cast.root, "alice.test");
    scene
        .client_presents(&weak)
        .only_raw_client(OPENSSL)
        .client_is_rejected(Reason::UnsupportedKey, &["CN=alice.test", "RSA 1024 bits"]);
}

#[test]
fn a_server_with_an_rsa_1024_key() {
    let scene = Scene::new();
    let weak = Odd::Rsa1024.issued_by(&scene.cast.root, "localhost");
    scene
        .server_presents(&weak)
        .only_raw_server(OPENSSL)
        .server_is_rejected(Reason::UnsupportedKey, &["CN=localhost", "RSA 1024 bits"]);
}

#[test]
fn a_version_1_client() {
    let scene = Scene::new();
    let old = Odd::X509V1.issued_by(&scene.cast.root, "my-client");
    let mut scene = scene.client_presents(&old);
    scene.client_is_rejected(
        Reason::UnsupportedVersion,
        &["CN=my-client", "danger_allow_x509_v1_leaf"],
    );
    scene.server.policy = VerifierPolicy::allow_any_authenticated().danger_allow_x509_v1_leaf();
    scene.is_allowed_and(|played| {
        let peer = played.server.saw.peer.as_ref().unwrap();
        assert_eq!(peer.common_name(), Some("my-client"));
    });
}

#[test]
fn a_version_1_client_of_another_ca() {
    let scene = Scene::new();
    let foreign = Odd::X509V1.issued_by(&scene.cast.impostor, "my-client");
    let mut scene = scene.client_presents(&foreign);
    scene.server.policy = relaxed();
    scene.client_is_rejected(Reason::UnknownIssuer, &["CN=my-client"]);
}

#[test]
fn a_version_1_client_below_an_intermediate() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let below = Odd::X509V1.issued_by(&branch, "my-client").with(&branch);
    let mut scene = scene.client_presents(&below);
    scene.server.policy = relaxed();
    scene.client_is_rejected(
        Reason::UnknownIssuer,
        &["CN=my-client", "signed by a trust anchor itself"],
    );
}

#[test]
fn a_version_1_server() {
    let scene = Scene::new();
    let old = Odd::X509V1.issued_by(&scene.cast.root, "localhost");
    let scene = scene.server_presents(&old);
    let words = ["CN=localhost", "danger_allow_x509_v1_leaf"];
    scene.server_is_rejected(Reason::UnsupportedVersion, &words);
    let half = VerifierPolicy::allow_any_authenticated().danger_allow_x509_v1_leaf();
    let half = scene.clone().client_relaxes(half);
    half.server_is_rejected(Reason::NameMismatch, &["danger_allow_common_name_as_dns"]);
    let scene = scene.client_relaxes(relaxed());
    scene.is_allowed();
    scene
        .client_asks_for("other.test")
        .server_is_rejected(Reason::NameMismatch, &["CN=localhost"]);
}

#[test]
fn a_version_1_server_by_its_ip_address() {
    let scene = Scene::new();
    let old = Odd::X509V1.issued_by(&scene.cast.root, "127.0.0.1");
    scene
        .server_presents(&old)
        .client_relaxes(relaxed())
        .client_asks_for("127.0.0.1")
        .server_is_rejected(Reason::NameMismatch, &["CN=127.0.0.1"]);
}

#[test]
fn a_server_with_a_common_name_only() {
    let scene = Scene::new();
    let bare = Odd::CommonNameOnly.issued_by(&scene.cast.root, "localhost");
    let scene = scene.server_presents(&bare);
    let words = ["CN=localhost", "danger_allow_common_name_as_dns"];
    scene.server_is_rejected(Reason::NameMismatch, &words);
    let by_name = VerifierPolicy::allow_any_authenticated().danger_allow_common_name_as_dns();
    scene.client_relaxes(by_name).is_allowed();
}

#[test]
fn a_client_with_a_common_name_only() {
    let scene = Scene::new();
    let bare = Odd::CommonNameOnly.issued_by(&scene.cast.root, "alice.test");
    let mut scene = scene.client_presents(&bare);
    let wanted = || VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap());
    scene.server.policy = wanted();
    scene.client_is_rejected(Reason::NotAuthorized, &["CN=alice.test"]);
    scene.server.policy = wanted().danger_allow_common_name_as_dns();
    scene.is_allowed();
}
