//! Handshakes that end well.

use mtls::RejectionReason as Reason;
use mtls::backend::BackendKind;

use crate::common::pki::{Authority, Leaf};
use crate::scene::{ANY, Scene, alice, server};

#[test]
fn allowed() {
    let scene = Scene::new();
    scene.is_allowed_and(|played| {
        let client = played.server.saw.peer.as_ref().unwrap();
        assert!(client.dns_names().eq(["alice.test"]));
        let spiffe_id = client.spiffe_id().map(ToString::to_string);
        assert_eq!(spiffe_id.as_deref(), Some("spiffe://prod.test/alice"));
        let server = played.client.saw.peer.as_ref().unwrap();
        assert!(server.dns_names().eq(["server.test", "localhost"]));
    });
}

#[test]
fn one_certificate_with_both_usages_on_both_ends() {
    let scene = Scene::new();
    let both = Leaf::named("peer").dns("localhost").client().server();
    let both = both
        .issued_by(&scene.cast.intermediate)
        .with(&scene.cast.intermediate);
    scene
        .client_presents(&both)
        .server_presents(&both)
        .is_allowed();
}

#[test]
fn chain_under_a_cross_signed_root() {
    let (old, new) = (Authority::named("Old Root"), Authority::named("New Root"));
    let bridge = new.cross_signed_by(&old);
    let branch = new.intermediate("Branch");
    let chain = [&branch, &bridge];
    let scene = Scene::new()
        .client_presents(&alice().issued_by(&branch).above(&chain))
        .server_presents(&server().issued_by(&branch).above(&chain));
    // Those who know the old root need the bridge, those who know the new one pass it by.
    for (client_trusts, server_trusts) in [(&old, &new), (&new, &old), (&old, &old), (&new, &new)] {
        scene
            .clone()
            .client_trusts(client_trusts)
            .server_trusts(server_trusts)
            .is_allowed();
    }
}

#[test]
fn an_intermediate_is_the_anchor() {
    let scene = Scene::new();
    let branch = scene.cast.intermediate.clone();
    let scene = scene.client_trusts(&branch).server_trusts(&branch);
    scene.clone().without_native_tls().is_allowed();
    // There the platform wants the root.
    let native_tls = scene.only_native_tls();
    native_tls.server_is_rejected(Reason::UnknownIssuer, &[]);
}

#[test]
fn extra_unrelated_certificates_of_a_client() {
    let scene = Scene::new();
    let (branch, stranger) = (
        scene.cast.intermediate.clone(),
        Authority::named("Stranger"),
    );
    let strange = stranger.intermediate("Stranger Below");
    let chain = alice()
        .issued_by(&branch)
        .above(&[&strange, &branch, &stranger]);
    scene
        .client_presents(&chain)
        .only_raw_client(ANY)
        .is_allowed();
}

#[test]
fn extra_unrelated_certificates_of_a_server() {
    let scene = Scene::new();
    let (branch, stranger) = (
        scene.cast.intermediate.clone(),
        Authority::named("Stranger"),
    );
    let strange = stranger.intermediate("Stranger Below");
    let chain = server()
        .issued_by(&branch)
        .above(&[&strange, &branch, &stranger]);
    scene
        .server_presents(&chain)
        .only_raw_server(ANY)
        .is_allowed();
}

/// Whole: also what the other end would not need, such as the root, and whatever it named in its request.
#[test]
fn our_own_chain_is_sent_whole() {
    let scene = Scene::new();
    let (root, branch) = (scene.cast.root.clone(), scene.cast.intermediate.clone());
    let twig = branch.intermediate("Tova");
    let chain = [&twig, &branch, &root];
    let scene = scene
        .client_presents(&alice().issued_by(&twig).above(&chain))
        .server_presents(&server().issued_by(&twig).above(&chain));
    let sent = |setup: &crate::common::ends::Setup| setup.identity.as_ref().unwrap().chain.clone();
    let (by_client, by_server) = (sent(&scene.client), sent(&scene.server));
    let to_raw_server = scene.clone().raw_server(ANY);
    to_raw_server.is_allowed_and(|played| assert!(played.server.saw.presented == by_client));
    let to_raw_client = scene.clone().raw_client(ANY);
    to_raw_client.is_allowed_and(|played| assert!(played.client.saw.presented == by_server));
    // native-tls shows the leaf alone, and a server on OpenSSL the path that it took.
    scene.is_allowed_and(|played| {
        let seen = [
            (played.client, &by_server, BackendKind::NativeTls),
            (played.server, &by_client, BackendKind::OpenSsl),
        ];
        for (part, sent, partial) in seen {
            let presented = &part.saw.presented;
            assert_eq!(presented.first(), sent.first());
            assert!(part.kind == Some(partial) || presented == sent);
        }
    });
}
