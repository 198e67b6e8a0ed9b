//! Peers that are who they say they are, and still are not wanted.

use mtls::{PeerMatcher, RejectionReason as Reason};

use crate::scene::Scene;

#[test]
fn accepted_by_both_policies() {
    Scene::new()
        .server_accepts(PeerMatcher::spiffe_id("spiffe://prod.test/alice").unwrap())
        .client_accepts(PeerMatcher::dns("server.test").unwrap())
        .is_allowed();
}

#[test]
fn rejected_by_the_servers_policy() {
    Scene::new()
        .server_accepts(PeerMatcher::spiffe_id("spiffe://prod.test/bob").unwrap())
        .client_is_rejected(
            Reason::NotAuthorized,
            &[
                "CN=alice",
                "spiffe://prod.test/bob",
                "spiffe://prod.test/alice",
            ],
        );
}

#[test]
fn rejected_by_the_clients_policy() {
    Scene::new()
        .client_accepts(PeerMatcher::dns("db.test").unwrap())
        .server_is_rejected(
            Reason::NotAuthorized,
            &["CN=server", "db.test", "server.test"],
        );
}

#[test]
fn rejected_by_a_rule_of_the_applications_own() {
    let closed = || PeerMatcher::custom("office hours", |_| Err("come back tomorrow".to_owned()));
    Scene::new().server_accepts(closed()).client_is_rejected(
        Reason::NotAuthorized,
        &["office hours", "come back tomorrow"],
    );
    Scene::new().client_accepts(closed()).server_is_rejected(
        Reason::NotAuthorized,
        &["office hours", "come back tomorrow"],
    );
}

/// The second look, after the handshake: what the first one let through is verified again.
#[test]
fn a_policy_that_changes_its_mind_is_received() {
    // Once for each look.
    use std::sync::atomic::{AtomicU32, Ordering};
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    let once = PeerMatcher::custom("counted", |_| {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let scene = Scene::new().server_accepts(once);
    let meetings = AtomicU32::new(0);
    scene.is_allowed_and(|_| {
        meetings.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(
        LOOKS.load(Ordering::Relaxed),
        2 * meetings.load(Ordering::Relaxed)
    );
}
