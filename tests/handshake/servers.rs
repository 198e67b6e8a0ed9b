//! Servers that are rejected for their certificate.

use mtls::RejectionReason as Reason;

use crate::common::pki::{Authority, AuthorityBuilder, Validity};
use crate::scene::{ANY, Scene, alice, server};

#[test]
fn of_another_ca() {
    let stranger = Authority::named("Stranger");
    let scene = Scene::new().server_presents(&server().issued_by(&stranger));
    scene.server_is_rejected(Reason::UnknownIssuer, &["CN=server", "CN=Stranger"]);
}

#[test]
fn of_another_ca_of_the_same_name() {
    let scene = Scene::new();
    let impostor = server().issued_by(&scene.cast.impostor);
    scene
        .server_presents(&impostor)
        .server_is_rejected(Reason::UnknownIssuer, &["CN=server", "CN=Rhea Root"]);
}

#[test]
fn expired() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let late = server().validity(Validity::expired()).issued_by(&branch);
    scene
        .server_presents(&late.with(&branch))
        .server_is_rejected(Reason::Expired, &["CN=server", "valid from", "now"]);
}

#[test]
fn not_yet_valid() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let early = server().validity(Validity::not_yet()).issued_by(&branch);
    scene
        .server_presents(&early.with(&branch))
        .server_is_rejected(Reason::NotYetValid, &["CN=server", "valid from", "now"]);
}

#[test]
fn with_an_expired_intermediate() {
    let scene = Scene::new();
    let stale = AuthorityBuilder::named("Stale").validity(Validity::expired());
    let stale = stale.issued_by(&scene.cast.root);
    scene
        .server_presents(&server().issued_by(&stale).with(&stale))
        .server_is_rejected(Reason::Expired, &["CN=Stale"]);
}

#[test]
fn under_an_expired_anchor() {
    let over = AuthorityBuilder::named("Over").validity(Validity::expired());
    let over = over.self_signed();
    let mut scene = Scene::new().server_presents(&server().issued_by(&over));
    // Alone it would fail the build.
    scene.client.anchors.push(over.certificate());
    let ours = scene.clone().without_native_tls();
    ours.server_is_rejected(Reason::AnchorExpired, &["valid from"]);
    // The platform does not say which certificate of the path it is.
    scene
        .only_native_tls()
        .server_is_rejected(Reason::Expired, &[]);
}

#[test]
fn with_the_usage_of_a_client() {
    let scene = Scene::new();
    let wrong = alice().dns("localhost").issued_by(&scene.cast.root);
    scene.server_presents(&wrong).server_is_rejected(
        Reason::WrongExtendedKeyUsage,
        &["CN=alice", "clientAuth", "serverAuth"],
    );
}

#[test]
fn without_its_intermediate() {
    let scene = Scene::new();
    let alone = scene.cast.server.clone().above(&[]);
    scene.server_presents(&alone).server_is_rejected(
        Reason::UnknownIssuer,
        &["CN=server", "CN=Ivo Intermediate", "append its certificate"],
    );
}

#[test]
fn with_a_ca_as_leaf() {
    let scene = Scene::new();
    let ca = server().marked_as_ca().issued_by(&scene.cast.root);
    scene
        .server_presents(&ca)
        .only_raw_server(ANY)
        .server_is_rejected(Reason::LeafIsCa, &["CN=server"]);
}

#[test]
fn with_a_certificate_of_its_own_making() {
    Scene::new()
        .server_presents(&server().self_signed())
        .server_is_rejected(Reason::UnknownIssuer, &["CN=server"]);
}
