//! Clients without a certificate, before servers that require one and servers that do not.

use mtls::RejectionReason as Reason;

use crate::common::pki::Validity;
use crate::scene::{ANY, Scene, alice};

#[test]
fn required() {
    let mut scene = Scene::new().raw_client(ANY);
    scene.client.identity = None;
    scene.client_is_rejected(Reason::NoCertificate, &["certificate and key"]);
}

#[test]
fn optional() {
    let mut scene = Scene::new().raw_client(ANY);
    scene.client.identity = None;
    scene.server.optional = true;
    scene.is_allowed_and(|played| assert!(played.server.saw.peer.is_none()));
}

#[test]
fn optional_and_presented() {
    let mut scene = Scene::new();
    scene.server.optional = true;
    scene.is_allowed_and(|played| {
        let peer = played.server.saw.peer.as_ref();
        assert!(peer.unwrap().dns_names().eq(["alice.test"]));
    });
}

/// Never taken for anonymous.
#[test]
fn optional_and_presented_but_bad() {
    let mut scene = Scene::new();
    scene.server.optional = true;
    let root = scene.cast.root.clone();
    let expired = alice().validity(Validity::expired()).issued_by(&root);
    let for_servers = crate::scene::server().issued_by(&root);
    for (bad, reason) in [
        (&scene.cast.mallory, Reason::UnknownIssuer),
        (&expired, Reason::Expired),
        (&for_servers, Reason::WrongExtendedKeyUsage),
    ] {
        let scene = scene.clone().client_presents(bad);
        scene.client_is_rejected(reason, &[]);
    }
}
