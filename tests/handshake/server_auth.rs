//! Clients whose certificates are for servers: rejected, and accepted where the server names them.

use mtls::test_util::ExtendedKeyUsage::{ClientAuth, ServerAuth};
use mtls::{PeerMatcher, RejectionReason as Reason, VerifierPolicy};

use crate::common::pki::{Authority, AuthorityBuilder, Credential, Leaf};
use crate::scene::{ANY, Scene};

fn peer() -> Leaf {
    Leaf::named("peer").dns("peer.example").server()
}

fn policy(name: &str) -> VerifierPolicy {
    VerifierPolicy::allow(PeerMatcher::dns(name).unwrap()).danger_allow_server_auth_for_clients()
}

/// A client of this certificate, and a server that trusts this anchor and names the client.
fn scene(anchor: &Authority, client: &Credential) -> Scene {
    let mut scene = Scene::new().server_trusts(anchor).client_presents(client);
    scene.server.policy = policy("peer.example");
    scene
}

#[test]
fn accepted_by_name_along_paths_for_servers() {
    let root = Authority::named("Root");
    let limited = AuthorityBuilder::named("Limited").extended_key_usages(&[ServerAuth]);
    let (above, between) = (limited.clone().self_signed(), limited.issued_by(&root));
    let lower = between.intermediate("Lower");
    for (anchor, client) in [
        (&root, peer().issued_by(&root)),
        (&root, peer().issued_by(&between).with(&between)),
        (&root, peer().issued_by(&lower).above(&[&lower, &between])),
        (&above, peer().issued_by(&above)),
    ] {
        scene(anchor, &client).is_allowed();
        scene(anchor, &client).raw_client(ANY).is_allowed();
    }
}

#[test]
fn others_are_accepted_as_before() {
    let root = Authority::named("Root");
    for leaf in [
        Leaf::named("peer").dns("peer.example"),
        Leaf::named("peer").dns("peer.example").client(),
        peer().client(),
    ] {
        scene(&root, &leaf.issued_by(&root)).is_allowed();
    }
}

#[test]
fn rejected_for_all_else() {
    let root = Authority::named("Root");
    let limited = AuthorityBuilder::named("Limited").extended_key_usages(&[ClientAuth]);
    let between = limited.issued_by(&root);
    let client = peer().issued_by(&between).with(&between);
    scene(&root, &client).client_is_rejected(
        Reason::WrongExtendedKeyUsage,
        &["CN=Limited", "expected serverAuth", "clientAuth"],
    );
    let other = Leaf::named("peer").dns("other.example").server();
    scene(&root, &other.issued_by(&root))
        .client_is_rejected(Reason::NotAuthorized, &["other.example"]);
    let mut strict = scene(&root, &peer().issued_by(&root));
    strict.server.policy = VerifierPolicy::allow(PeerMatcher::dns("peer.example").unwrap());
    strict.client_is_rejected(
        Reason::WrongExtendedKeyUsage,
        &["CN=peer", "expected clientAuth", "serverAuth"],
    );
}
