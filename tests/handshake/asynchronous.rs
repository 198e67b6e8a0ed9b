//! The same over tokio, in small: the bodies are those of the blocking tests.

use mtls::{PeerMatcher, RejectionReason as Reason};

use crate::scene::{ANY, Scene};

#[test]
fn allowed() {
    let scene = Scene::new().over_tokio();
    scene.is_allowed_and(|played| {
        let client = played.server.saw.peer.as_ref().unwrap();
        assert_eq!(client.dns_names(), ["alice.test"]);
    });
}

#[test]
fn refused_by_the_server() {
    let scene = Scene::new().over_tokio();
    let mallory = scene.cast.mallory.clone();
    let matcher = PeerMatcher::spiffe_id("spiffe://prod.test/bob").unwrap();
    let admitting_bob = scene.clone().server_admits(matcher);
    admitting_bob.client_is_refused(Reason::NotAllowed, &["CN=alice"]);
    let impostor = scene.client_presents(&mallory);
    impostor.client_is_refused(Reason::UnknownIssuer, &["CN=mallory"]);
}

#[test]
fn refused_by_the_client() {
    let scene = Scene::new().over_tokio();
    let wanting_db = scene
        .clone()
        .client_admits(PeerMatcher::dns("db.test").unwrap());
    wanting_db.server_is_refused(Reason::NotAllowed, &["CN=server"]);
    let elsewhere = scene.client_asks_for("other.test");
    elsewhere.server_is_refused(Reason::NameMismatch, &["CN=server"]);
}

#[test]
fn no_certificate() {
    let mut scene = Scene::new().over_tokio().raw_client(ANY);
    scene.client.identity = None;
    scene.client_is_refused(Reason::NoCertificate, &[]);
    scene.server.optional = true;
    scene.is_allowed_and(|played| assert!(played.server.saw.peer.is_none()));
}
