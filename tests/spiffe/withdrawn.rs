//! An agent that answers that it has no identity for a workload any more, and one that is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::rotation::OnWithdrawal;
use mtls::{Event, MtlsServer, Rustls, Status};

use super::agent::{Agent, LIMIT, until};
use super::common::on_one_line;
use super::message::{Domain, Message};
use super::workloads::{app, assert_apart, assert_meet, meet, until_failure, until_status, web};

const NO_IDENTITY: &str = "no identity issued";

struct Scene {
    of_web: Agent,
    of_app: Agent,
    prod: Domain,
    /// What the server's observer received of failures, and whether each was a withdrawal.
    failures: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Scene {
    fn new() -> Option<Self> {
        let (mut of_web, mut of_app) = (Agent::start()?, Agent::start()?);
        let prod = Domain::new("prod.test");
        of_web.give(&Message::of([prod.entry("web-1", "/web")]));
        of_app.give(&Message::of([prod.entry("app-1", "/app")]));
        Some(Self {
            of_web,
            of_app,
            prod,
            failures: Arc::default(),
        })
    }

    fn server(&self, choice: OnWithdrawal) -> MtlsServer<Rustls> {
        let failures = Arc::clone(&self.failures);
        web(&self.of_web)
            .on_withdrawal(choice)
            .observer(move |event| {
                if let Event::ReloadFailed(failure) = event {
                    let failure = (on_one_line(*failure), failure.is_withdrawal());
                    failures.lock().unwrap().push(failure);
                }
            })
            .build(Rustls::default())
            .unwrap()
    }

    #[track_caller]
    fn reported(&self, words: &str, is_withdrawal: bool) {
        until(|| {
            let failures = self.failures.lock().unwrap();
            let found = failures.iter().find(|(text, _)| text.contains(words));
            match found {
                Some((_, found)) if *found == is_withdrawal => Ok(()),
                _ => Err(format!("{failures:?}")),
            }
        });
    }
}

#[track_caller]
fn assert_well(status: &Status) {
    assert!(
        !status.is_withdrawn() && status.last_failure().is_none(),
        "{status}"
    );
}

/// It ends the serving at once, of a server and of a client, until an identity is issued again.
#[test]
fn it_rejects_every_peer_until_it_is_given_again() {
    let Some(mut scene) = Scene::new() else {
        return;
    };
    let server = scene.server(OnWithdrawal::Reject);
    let client = app(&scene.of_app).build(Rustls::default()).unwrap();
    assert_meet(&client, &server, ["web-1", "app-1"]);
    assert_well(&server.handle().status());

    scene.of_web.deny(NO_IDENTITY);
    let status = until_status(|| server.handle().status(), Status::is_withdrawn);
    assert!(status.last_failure().unwrap().is_withdrawal(), "{status}");
    assert!(status.to_string().contains("\nwithdrawn: "), "{status}");
    assert_eq!(status.revision(), 1);
    scene.reported("issues no identity", true);
    assert_apart(&client, &server, "withdrawn");

    scene
        .of_web
        .give(&Message::of([scene.prod.entry("web-2", "/web")]));
    let status = until_status(|| server.handle().status(), |status| !status.is_withdrawn());
    assert_well(&status);
    assert_meet(&client, &server, ["web-2", "app-1"]);

    // The same of a client, and the same identity as before is given again.
    scene.of_app.deny(NO_IDENTITY);
    until_status(|| client.handle().status(), Status::is_withdrawn);
    assert_apart(&client, &server, "withdrawn");
    scene
        .of_app
        .give(&Message::of([scene.prod.entry("app-2", "/app")]));
    until_status(|| client.handle().status(), |status| !status.is_withdrawn());
    assert_meet(&client, &server, ["web-2", "app-2"]);
}

#[test]
fn by_choice_it_serves_on() {
    let Some(mut scene) = Scene::new() else {
        return;
    };
    let server = scene.server(OnWithdrawal::KeepServing);
    let client = app(&scene.of_app).build(Rustls::default()).unwrap();
    scene.of_web.deny(NO_IDENTITY);
    until_status(|| server.handle().status(), Status::is_withdrawn);
    scene.reported("issues no identity", true);
    assert_meet(&client, &server, ["web-1", "app-1"]);
}

/// An agent that is away, or not ready, withdraws nothing.
#[test]
fn an_agent_that_is_away_is_no_withdrawal() {
    let Some(mut scene) = Scene::new() else {
        return;
    };
    let server = scene.server(OnWithdrawal::Reject);
    let client = app(&scene.of_app).build(Rustls::default()).unwrap();
    scene.of_web.fail("syncing");
    let status = until_failure(|| server.handle().status(), "unavailable: syncing");
    assert!(!status.is_withdrawn(), "{status}");
    scene.reported("unavailable: syncing", false);
    assert_meet(&client, &server, ["web-1", "app-1"]);
    scene.of_web.go();
    // The poller asks again by itself: the stream was lost before.
    until(|| {
        server.handle().reload();
        let status = server.handle().status();
        let failure = status.last_failure().map(|failure| on_one_line(failure));
        match failure {
            Some(text) if text.contains("there is no socket") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    assert!(!server.handle().status().is_withdrawn());
    assert_meet(&client, &server, ["web-1", "app-1"]);

    // It comes back, and has no identity for us: that is news, without a poll.
    scene.of_web.come();
    scene.of_web.deny(NO_IDENTITY);
    until_status(|| server.handle().status(), Status::is_withdrawn);
    assert_apart(&client, &server, "withdrawn");

    // Then it goes again, which gives nothing back.
    scene.of_web.go();
    until(|| {
        server.handle().reload();
        let status = server.handle().status();
        let failure = status.last_failure().map(|failure| on_one_line(failure));
        match failure {
            Some(text) if text.contains("there is no socket") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    let status = server.handle().status();
    assert!(status.is_withdrawn(), "{status}");
    assert!(!status.last_failure().unwrap().is_withdrawal(), "{status}");
    assert_apart(&client, &server, "withdrawn");
}

/// A message without the chosen SVID withdraws it as well (SPIFFE Workload API, section 5.2.1).
#[test]
fn a_chosen_svid_that_is_left_out_is_withdrawn() {
    let Some(mut scene) = Scene::new() else {
        return;
    };
    let chosen = scene.of_web.source();
    let chosen = chosen.spiffe_id("spiffe://prod.test/web".parse().unwrap());
    let server = web(&scene.of_web)
        .source(chosen)
        .poll_interval(Duration::from_secs(3600));
    let server = server.build(Rustls::default()).unwrap();
    let client = app(&scene.of_app).build(Rustls::default()).unwrap();
    assert_meet(&client, &server, ["web-1", "app-1"]);
    scene
        .of_web
        .give(&Message::of([scene.prod.entry("other", "/other")]));
    until_failure(|| server.handle().status(), "has no SVID");
    assert!(server.handle().status().is_withdrawn());
    let (_, served) = meet(&client, &server);
    assert!(served.is_err());
    scene
        .of_web
        .give(&Message::of([scene.prod.entry("web-2", "/web")]));
    until_status(|| server.handle().status(), |status| !status.is_withdrawn());
    assert_meet(&client, &server, ["web-2", "app-1"]);
}

/// A workload that starts before its entry is there: `build` waits, and ends at once when the agent issues an identity.
#[test]
fn a_workload_that_starts_before_its_entry_waits_for_it() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    agent.deny(NO_IDENTITY);
    let source = agent.source().response_timeout(Duration::from_millis(200));
    let builder = web(&agent).source(source).wait_for_first(LIMIT);
    let building = std::thread::spawn(move || builder.build(Rustls::default()));
    // The source has asked more than once by then.
    until(|| match agent.streams() {
        (_, calls) if calls >= 3 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    assert!(!building.is_finished());
    let prod = Domain::new("prod.test");
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    let server = building.join().unwrap().unwrap();
    assert_well(&server.handle().status());
}
