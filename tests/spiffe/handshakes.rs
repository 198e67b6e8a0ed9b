//! What peers see of it: real handshakes between workloads whose agents change their minds.

use std::error::Error;
use std::time::Duration;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::error::{SpiffeError, Withdrawal};
use mtls::rotation::OnSourceLost;
use mtls::{
    BuildError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors,
    VerifierPolicy,
};

use super::agent::Agent;
use super::message::{Domain, Entry, Message};
use super::workloads::{app, assert_apart, assert_meet, until_failure, until_status, web};

/// The agent of a server and that of a client.
fn agents() -> Option<(Agent, Agent)> {
    Some((Agent::start()?, Agent::start()?))
}

fn web_1(prod: &Domain) -> Message {
    Message::of([prod.entry("web-1", "/web")])
}

fn app_1(prod: &Domain) -> Message {
    Message::of([prod.entry("app-1", "/app")])
}

#[test]
fn a_new_identity_is_what_peers_see() {
    a_new_identity_is_seen(Rustls::default(), Rustls::default());
    #[cfg(feature = "openssl")]
    {
        use mtls::OpenSsl;
        a_new_identity_is_seen(OpenSsl::default(), Rustls::default());
        a_new_identity_is_seen(Rustls::default(), OpenSsl::default());
        a_new_identity_is_seen(OpenSsl::default(), OpenSsl::default());
    }
}

fn a_new_identity_is_seen<S: ServerBackend, C: ClientBackend>(at_server: S, at_client: C) {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let prod = Domain::new("prod.test");
    of_web.give(&web_1(&prod));
    of_app.give(&app_1(&prod));
    let server = web(&of_web).build(at_server).unwrap();
    let client = app(&of_app).build(at_client).unwrap();
    assert_meet(&client, &server, ["web-1", "app-1"]);
    of_web.give(&Message::of([prod.entry("web-2", "/web")]));
    until_status(|| server.handle().status(), |status| status.revision() == 2);
    assert_meet(&client, &server, ["web-2", "app-1"]);
    of_app.give(&Message::of([prod.entry("app-2", "/app")]));
    until_status(|| client.handle().status(), |status| status.revision() == 2);
    assert_meet(&client, &server, ["web-2", "app-2"]);
    // The same again is no revision.
    let reloads = server.handle().status().reloads();
    server.handle().reload();
    until_status(
        || server.handle().status(),
        |status| status.reloads() > reloads,
    );
    assert_eq!(server.handle().status().revision(), 2);
}

#[test]
fn a_ca_is_replaced_in_phases_without_a_failed_handshake() {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let old = Domain::new("prod.test");
    let new = old.renewed();
    let both = [old.bundle(), new.bundle()].concat();
    of_web.give(&web_1(&old));
    of_app.give(&app_1(&old));
    let server = web(&of_web).build(Rustls::default()).unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    assert_meet(&client, &server, ["web-1", "app-1"]);
    let phases: [(&Domain, &[u8], [&str; 2]); 3] = [
        (&old, &both, ["web-2", "app-2"]),
        (&new, &both, ["web-3", "app-3"]),
        (&new, &new.bundle(), ["web-4", "app-4"]),
    ];
    let mut seen = ["web-1", "app-1"];
    for (revision, (ca, bundle, [web, app])) in (2..).zip(phases) {
        let with = |entry: &mut Entry| entry.bundle = bundle.to_vec();
        of_web.give(&Message::of([ca.entry(web, "/web").with(with)]));
        until_status(
            || server.handle().status(),
            |status| status.revision() == revision,
        );
        seen[0] = web;
        assert_meet(&client, &server, seen);
        of_app.give(&Message::of([ca.entry(app, "/app").with(with)]));
        until_status(
            || client.handle().status(),
            |status| status.revision() == revision,
        );
        seen[1] = app;
        assert_meet(&client, &server, seen);
    }
    assert_eq!(server.handle().status().failures(), 0);
    // Who still has the old CA's is a stranger now.
    let left_behind = MtlsClient::builder()
        .identity(identity(&old.svid("app-1", "/app")))
        .trust_anchors(TrustAnchors::from_der([new.root.certificate()]).unwrap())
        .policy(VerifierPolicy::server_spiffe(
            PeerMatcher::trust_domain("prod.test").unwrap(),
        ))
        .build(Rustls::default())
        .unwrap();
    assert_apart(&left_behind, &server, "no path leads to a trust anchor");
}

fn identity(credential: &super::common::pki::Credential) -> MtlsIdentity {
    let key = credential.key.secret_pkcs8_der();
    MtlsIdentity::from_der(credential.chain.clone(), key).unwrap()
}

#[test]
fn an_identity_that_the_bundle_does_not_prove_is_not_served() {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let old = Domain::new("prod.test");
    of_web.give(&web_1(&old));
    of_app.give(&app_1(&old));
    let server = web(&of_web).build(Rustls::default()).unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    let early = old.renewed().entry("web-2", "/web");
    of_web.give(&Message::of([
        early.with(|entry| entry.bundle = old.bundle())
    ]));
    let status = until_failure(
        || server.handle().status(),
        "do not authenticate our own identity",
    );
    let failure = status.last_failure().unwrap();
    let origin = format!("SPIFFE Workload API at {}", of_web.address());
    assert_eq!(failure.origin(), Some(&*origin));
    assert_eq!(status.revision(), 1);
    assert_meet(&client, &server, ["web-1", "app-1"]);
}

#[test]
fn a_trust_domain_that_is_federated_is_accepted_for_as_long() {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let (prod, partner) = (Domain::new("prod.test"), Domain::new("partner.test"));
    of_web.give(&web_1(&prod));
    of_app.give(&Message::of([partner.entry("app-1", "/app")]).federated(&prod));
    let server = web(&of_web).build(Rustls::default()).unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    assert_apart(&client, &server, "partner.test");
    of_web.give(&web_1(&prod).federated(&partner));
    until_status(|| server.handle().status(), |status| status.revision() == 2);
    assert_meet(&client, &server, ["web-1", "app-1"]);
    // An empty bundle, and none at all.
    for gone in [
        web_1(&prod).federated_bytes("partner.test", []),
        web_1(&prod),
    ] {
        let revision = server.handle().status().revision();
        of_web.give(&gone);
        until_status(
            || server.handle().status(),
            |status| status.revision() > revision,
        );
        assert_apart(&client, &server, "partner.test");
    }
    // The other domain's CA proves no identity of ours.
    let forger = Domain {
        name: "prod.test",
        root: partner.root.clone(),
    };
    let revision = server.handle().status().revision();
    of_web.give(&web_1(&prod).federated(&partner));
    until_status(
        || server.handle().status(),
        |status| status.revision() > revision,
    );
    assert_meet(&client, &server, ["web-1", "app-1"]);
    let forged = forger.entry("app-2", "/app");
    of_app.give(&Message::of([forged]).federated(&prod));
    // The federated bundle is that of its own trust domain, so that no anchor proves the
    // client's identity.
    until_failure(
        || client.handle().status(),
        "do not authenticate our own identity",
    );
}

/// What an agent does, and what is said of it.
type Trouble = (fn(&mut Agent, &Domain), &'static str);

#[test]
fn the_last_good_revision_serves_while_the_agent_gives_nothing_good() {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let prod = Domain::new("prod.test");
    of_web.give(&web_1(&prod));
    of_app.give(&app_1(&prod));
    let server = web(&of_web).build(Rustls::default()).unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    let troubles: [Trouble; 4] = [
        (|agent, _| agent.go(), "there is no socket"),
        (|agent, _| agent.fail("syncing"), "unavailable: syncing"),
        (
            |agent, prod| {
                let other = prod.entry("other", "/web").key;
                let entry = prod.entry("bad", "/web");
                agent.give(&Message::of([entry.with(|entry| entry.key = other)]));
            },
            "the private key",
        ),
        (
            |agent, prod| {
                let entry = prod.entry("bad", "/web");
                agent.give(&Message::of([
                    entry.with(|entry| entry.bundle = vec![0x30, 0])
                ]));
            },
            "failed to parse X.509 bundle",
        ),
    ];
    let mut last = "web-1".to_owned();
    for (round, (trouble, words)) in troubles.iter().enumerate() {
        let revision = server.handle().status().revision();
        trouble(&mut of_web, &prod);
        let status = until_failure(|| server.handle().status(), words);
        assert_eq!(status.revision(), revision, "{words}");
        assert_meet(&client, &server, [&last, "app-1"]);
        if of_web.is_away() {
            of_web.come();
        }
        last = format!("web-after-{round}");
        of_web.give(&Message::of([prod.entry(&last, "/web")]));
        until_status(
            || server.handle().status(),
            |status| status.revision() == revision + 1 && status.last_failure().is_none(),
        );
        assert_meet(&client, &server, [&last, "app-1"]);
    }
}

#[test]
fn who_may_not_outlive_its_agent_rejects_after_a_while_and_serves_again() {
    let Some((mut of_web, mut of_app)) = agents() else {
        return;
    };
    let prod = Domain::new("prod.test");
    of_web.give(&web_1(&prod));
    of_app.give(&app_1(&prod));
    let server = web(&of_web)
        .poll_interval(Duration::from_millis(100))
        .on_source_lost(OnSourceLost::RejectAfter(Duration::from_millis(1500)))
        .build(Rustls::default())
        .unwrap();
    let client = app(&of_app).build(Rustls::default()).unwrap();
    assert_meet(&client, &server, ["web-1", "app-1"]);
    of_web.fail("syncing");
    until_failure(|| server.handle().status(), "unavailable: syncing");
    super::agent::until(|| match super::workloads::meet(&client, &server).1 {
        Err(reason) if reason.contains("source") => Ok(()),
        other => Err(format!("{other:?}")),
    });
    of_web.give(&web_1(&prod));
    until_status(
        || server.handle().status(),
        |status| status.last_failure().is_none(),
    );
    assert_meet(&client, &server, ["web-1", "app-1"]);
}

#[test]
fn without_a_first_message_nothing_is_built() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    agent.deny("no identity issued");
    let source = agent.source().response_timeout(Duration::from_millis(300));
    let error = MtlsServer::builder()
        .policy(VerifierPolicy::allow_any_authenticated())
        .source(source)
        .build(Rustls::default())
        .unwrap_err();
    assert!(matches!(error, BuildError::Source(_)), "{error:?}");
    let withdrawal = error.source().unwrap();
    assert!(withdrawal.is::<Withdrawal>(), "{withdrawal:?}");
    let source = withdrawal.source().unwrap().downcast_ref::<SpiffeError>();
    assert!(matches!(source, Some(SpiffeError::NoIdentity { .. })));
    super::agent::until(|| match agent.streams() {
        (0, _) => Ok(()),
        other => Err(format!("{other:?}")),
    });
}

/// `build` waits, and what it waits for has a runtime of its own.
#[tokio::test]
async fn it_is_built_within_a_runtime_too() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    agent.give(&web_1(&prod));
    let server = web(&agent).build(Rustls::default()).unwrap();
    let mut changes = server.handle().status_changes();
    agent.give(&Message::of([prod.entry("web-2", "/web")]));
    while server.handle().status().revision() < 2 {
        let change = tokio::time::timeout(super::agent::LIMIT, changes.changed());
        assert!(change.await.unwrap().is_some());
    }
    drop(server);
}

#[test]
fn a_server_that_is_dropped_leaves_the_agent() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    agent.give(&web_1(&Domain::new("prod.test")));
    let server = web(&agent).build(Rustls::default()).unwrap();
    let second = server.clone();
    assert_eq!(agent.streams(), (1, 1));
    drop(server);
    assert_eq!(agent.streams(), (1, 1), "a clone is still there");
    drop(second);
    super::agent::until(|| match agent.streams() {
        (0, 1) => Ok(()),
        other => Err(format!("{other:?}")),
    });
}
