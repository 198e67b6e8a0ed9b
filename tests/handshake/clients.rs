//! Clients that are rejected for their certificate.

use mtls::backend::BackendKind;
use mtls::{HandshakeError, RejectionReason as Reason};

use crate::common::ends::Ended;
use crate::common::pki::{Authority, AuthorityBuilder, Validity};
use crate::scene::{ANY, Scene, alice, server};

#[test]
fn of_another_ca() {
    let stranger = Authority::named("Stranger");
    let scene = Scene::new().client_presents(&alice().issued_by(&stranger));
    scene.client_is_rejected(Reason::UnknownIssuer, &["CN=alice", "CN=Stranger"]);
}

#[test]
fn of_another_ca_of_the_same_name() {
    let scene = Scene::new();
    let mallory = scene.cast.mallory.clone();
    scene
        .client_presents(&mallory)
        .client_is_rejected(Reason::UnknownIssuer, &["CN=mallory", "CN=Rhea Root"]);
}

#[test]
fn expired() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let late = alice().validity(Validity::expired()).issued_by(&branch);
    scene
        .client_presents(&late.with(&branch))
        .client_is_rejected(Reason::Expired, &["CN=alice", "valid from", "now"]);
}

#[test]
fn not_yet_valid() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let early = alice().validity(Validity::not_yet()).issued_by(&branch);
    scene
        .client_presents(&early.with(&branch))
        .client_is_rejected(Reason::NotYetValid, &["CN=alice", "valid from", "now"]);
}

#[test]
fn with_an_expired_intermediate() {
    let scene = Scene::new();
    let stale = AuthorityBuilder::named("Stale").validity(Validity::expired());
    let stale = stale.issued_by(&scene.cast.root);
    scene
        .client_presents(&alice().issued_by(&stale).with(&stale))
        .client_is_rejected(Reason::Expired, &["CN=Stale"]);
}

#[test]
fn under_an_expired_anchor() {
    let over = AuthorityBuilder::named("Over").validity(Validity::expired());
    let over = over.self_signed();
    let mut scene = Scene::new().client_presents(&alice().issued_by(&over));
    // Alone it would fail the build.
    scene.server.anchors.push(over.certificate());
    scene.client_is_rejected(Reason::AnchorExpired, &["valid from"]);
}

#[test]
fn with_the_usage_of_a_server() {
    let scene = Scene::new();
    let wrong = server().issued_by(&scene.cast.root);
    scene.client_presents(&wrong).client_is_rejected(
        Reason::WrongExtendedKeyUsage,
        &["CN=server", "clientAuth", "serverAuth"],
    );
}

#[test]
fn without_its_intermediate() {
    let scene = Scene::new();
    let alone = scene.cast.alice.clone().above(&[]);
    scene.client_presents(&alone).client_is_rejected(
        Reason::UnknownIssuer,
        &["CN=alice", "CN=Ivo Intermediate", "append its certificate"],
    );
}

#[test]
fn with_a_ca_as_leaf() {
    let scene = Scene::new();
    let ca = scene.cast.intermediate.credential();
    scene
        .client_presents(&ca)
        .only_raw_client(ANY)
        .client_is_rejected(Reason::LeafIsCa, &["CN=Ivo Intermediate"]);
}

#[test]
fn with_a_certificate_of_its_own_making() {
    Scene::new()
        .client_presents(&alice().self_signed())
        .client_is_rejected(Reason::UnknownIssuer, &["CN=alice"]);
}

/// Certificates below no trust anchor, with thousands of paths through them: the handshake still
/// ends in time. An OpenSSL server shows the one path that it built, which leads to a stranger.
#[test]
fn with_a_maze_of_certificates() {
    let mut above = vec![Authority::named("Layer 5")];
    let mut maze = Vec::new();
    for layer in (0..5).rev() {
        let name = format!("Layer {layer}");
        let issuers = above;
        above = issuers
            .iter()
            .cycle()
            .take(8)
            .map(|i| i.intermediate(&name))
            .collect();
        maze.extend(above.clone());
    }
    let ways: Vec<&Authority> = maze.iter().collect();
    let lost = alice().issued_by(&above[0]).above(&ways);
    let scene = Scene::new().client_presents(&lost).only_raw_client(ANY);
    scene.play(&scene.clients(), &scene.servers(), |played| {
        let ended = played.server.saw.ended.as_ref().and_then(Ended::error);
        let rejection = ended.and_then(HandshakeError::rejection).unwrap();
        let expected = match played.server.kind {
            Some(BackendKind::OpenSsl) => Reason::UnknownIssuer,
            _ => Reason::PathTooLong,
        };
        assert_eq!(rejection.reason(), expected, "{rejection}");
        assert!(played.server.saw.peer.is_none() && played.client.saw.received.is_empty());
    });
}
