//! An agent that is not there, does not answer, rejects, or goes and comes back.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use mtls::SpiffeSource;
use mtls::error::{SpiffeConnectProblem, SpiffeError, SpiffeStreamProblem};

use super::agent::{Agent, until};
use super::load::{load, until_fails, until_given};
use super::message::{Domain, Message};

const SHORT: Duration = Duration::from_millis(400);

#[test]
fn an_error_says_why_the_agent_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let address = format!("unix://{}", socket.display());
    let at = || {
        SpiffeSource::from_address(&address)
            .unwrap()
            .response_timeout(SHORT)
    };
    let unreachable = |fact: SpiffeConnectProblem, hint: &str| {
        let before = Instant::now();
        let error = load(&mut at()).unwrap_err();
        assert!(before.elapsed() >= SHORT, "it did not wait");
        let words = format!("the SPIFFE Workload API at {address} cannot be reached");
        assert_eq!(error.to_string(), words);
        assert_eq!(error.hint(), hint);
        match error {
            SpiffeError::Unreachable { problem, .. } => assert_eq!(problem, fact),
            other => panic!("{other:?}"),
        }
    };
    unreachable(
        SpiffeConnectProblem::NoSocket,
        "check that the agent is running, and that the folder of its socket is mounted here",
    );
    let is_running = "check that the agent is running";
    drop(UnixListener::bind(&socket).unwrap());
    unreachable(SpiffeConnectProblem::NotListening, is_running);
    fs::remove_file(&socket).unwrap();
    fs::create_dir(&socket).unwrap();
    unreachable(SpiffeConnectProblem::NotListening, is_running);
}

#[test]
fn who_takes_the_call_and_does_not_answer_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    // Takes connections in the kernel alone.
    let _deaf = UnixListener::bind(&socket).unwrap();
    let Some(agent) = Agent::start() else {
        return;
    };
    for address in [format!("unix://{}", socket.display()), agent.address()] {
        let mut source = SpiffeSource::from_address(&address)
            .unwrap()
            .response_timeout(SHORT);
        let before = Instant::now();
        let error = load(&mut source).unwrap_err();
        assert!(before.elapsed() < SHORT * 20, "{:?}", before.elapsed());
        match &error {
            SpiffeError::NoAnswer {
                address: of,
                within,
            } => {
                assert_eq!((of, *within), (&address, SHORT));
            }
            other => panic!("{other:?}"),
        }
        assert!(error.to_string().contains("did not answer within 0.4 s"));
    }
}

#[test]
fn another_protocol_on_the_socket_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::io::Write::write_all(&mut stream.unwrap(), b"220 mail.test ESMTP\r\n").ok();
        }
    });
    let address = format!("unix://{}", socket.display());
    let mut source = SpiffeSource::from_address(&address)
        .unwrap()
        .response_timeout(SHORT);
    let error = load(&mut source).unwrap_err();
    assert!(
        matches!(
            error,
            SpiffeError::Interrupted { .. } | SpiffeError::Unreachable { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn an_identity_that_is_not_issued_is_said_to_need_an_entry() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    for (words, shown) in [
        ("no identity issued", "no identity issued"),
        ("not you\nnor you", "not you nor you"),
    ] {
        agent.deny(words);
        let error = load(&mut agent.source().response_timeout(SHORT)).unwrap_err();
        assert!(matches!(error, SpiffeError::NoIdentity { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "the SPIFFE Workload API at {} issues no identity to this process ({shown:?})",
                agent.address()
            )
        );
        assert_eq!(
            error.hint(),
            "register an entry whose selectors match this workload, on the node on which it runs"
        );
    }
}

#[test]
fn an_identity_that_is_taken_back_fails_until_it_is_given_again() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    agent.deny("no identity issued");
    let error = until_fails(&mut source, "issues no identity");
    assert!(matches!(error, SpiffeError::NoIdentity { .. }), "{error:?}");
    agent.give(&Message::of([prod.entry("web-2", "/web")]));
    until_given(&mut source, "CN=web-2");
}

#[test]
fn an_agent_that_restarts_is_met_again() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    for round in 0..3 {
        let message = Message::of([prod.entry(&format!("web-{round}-"), "/web")]);
        agent.give(&message);
        until_given(&mut source, &format!("CN=web-{round}-"));
        agent.go();
        let error = until_fails(&mut source, "there is no socket");
        assert!(
            matches!(error, SpiffeError::Unreachable { .. }),
            "{error:?}"
        );
        agent.come();
    }
}

#[test]
fn a_stream_that_fails_or_ends_is_opened_again() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    agent.fail("syncing\nwith the server");
    let error = until_fails(&mut source, "ended: unavailable");
    let status = SpiffeStreamProblem::Status {
        code: "unavailable".to_owned(),
        text: "syncing with the server".to_owned(),
    };
    match error {
        SpiffeError::Interrupted { address, problem } => {
            assert_eq!((address, problem), (agent.address(), status));
        }
        other => panic!("{other:?}"),
    }
    agent.give(&Message::of([prod.entry("web-2", "/web")]));
    until_given(&mut source, "CN=web-2");
    let (_, before) = agent.streams();
    agent.end_streams();
    until_fails(&mut source, "the agent closed the stream");
    until_given(&mut source, "CN=web-2");
    assert_eq!(agent.streams(), (1, before + 1));
}

#[test]
fn an_agent_that_hangs_is_found_out() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent
        .source()
        .response_timeout(Duration::from_secs(1))
        .retry_interval(Duration::from_millis(200));
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    agent.freeze(true);
    let error = until_fails(&mut source, "did not answer");
    assert!(matches!(error, SpiffeError::NoAnswer { .. }), "{error:?}");
    agent.freeze(false);
    until_given(&mut source, "CN=web-1");
    // What was asked anew takes the place of what was before, and leaves nothing open.
    let asked = agent.streams().1;
    until(|| match agent.streams() {
        (1, calls) if calls > asked + 5 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    load(&mut source).unwrap();
}

/// The stream that is open may be fine, and here it is.
#[test]
fn an_agent_that_takes_no_call_for_a_while_is_listened_to_on() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source().retry_interval(SHORT);
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    for round in 2..5 {
        let next = format!("CN=web-{round}");
        let message = Message::of([prod.entry(&format!("web-{round}"), "/web")]);
        agent.shut(Some("UNAVAILABLE"));
        let before = agent.streams().1;
        // Two tries in vain; the third comes half a second later at the earliest.
        until(|| {
            load(&mut source).map_err(|error| format!("{error:?}"))?;
            match agent.streams() {
                (1, calls) if calls >= before + 2 => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        agent.give(&message);
        until(|| match load(&mut source) {
            Ok(given) if given.contains(&next) => Ok(()),
            Ok(given) => Err(given),
            Err(error) => panic!("the stream was given up: {error}"),
        });
        agent.shut(None);
    }
    // It is asked again as before, and what was open before is left.
    let before = agent.streams().1;
    until(|| match agent.streams() {
        (1, calls) if calls > before + 1 => Ok(()),
        other => Err(format!("{other:?}")),
    });
    load(&mut source).unwrap();
}

#[test]
fn an_agent_that_takes_no_call_any_more_is_given_up() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source().retry_interval(SHORT);
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    agent.shut(Some("UNAVAILABLE"));
    let before = agent.streams().1;
    until_fails(&mut source, "unavailable: shut");
    let tries = agent.streams().1 - before;
    assert!((3..6).contains(&tries), "{tries} tries");
    agent.shut(None);
    until_given(&mut source, "CN=web-1");
    // An answer is not taken for a failure.
    agent.shut(Some("PERMISSION_DENIED"));
    let before = agent.streams().1;
    until_fails(&mut source, "issues no identity");
    let tries = agent.streams().1 - before;
    assert!((1..=2).contains(&tries), "{tries} tries");
}

/// After a success the pauses begin anew. They would be at 8 seconds or more by the end.
#[test]
fn pauses_do_not_grow_from_one_break_to_the_next() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    let mut last = Duration::ZERO;
    for _ in 0..6 {
        agent.end_streams();
        until_fails(&mut source, "the agent closed the stream");
        let began = Instant::now();
        until_given(&mut source, "CN=web-1");
        last = began.elapsed();
    }
    assert!(last < Duration::from_secs(5), "{last:?}");
}

#[test]
fn a_source_that_is_dropped_leaves_the_agent() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    let mut sources: Vec<_> = (0..5).map(|_| agent.source()).collect();
    for source in &mut sources {
        until_given(source, "CN=web-1");
    }
    assert_eq!(agent.streams(), (5, 5));
    drop(sources);
    until(|| match agent.streams() {
        (0, 5) => Ok(()),
        other => Err(format!("{other:?}")),
    });
}
