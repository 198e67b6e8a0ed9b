//! What the source gives, asked without a client or server.

use std::env;
use std::process::Command;
use std::thread;
use std::time::Duration;

use mtls::error::{SpiffeError, Withdrawal};
use mtls::rotation::ReloadTrigger;
use mtls::{Source, SpiffeSource};

use super::agent::{Agent, LIMIT, until};
use super::common::{on_one_line, programs};
use super::message::{Domain, Entry, Message};

/// What it gives, in the words of `Debug`, which name subjects and trust domains.
pub(crate) fn load(source: &mut SpiffeSource) -> Result<String, SpiffeError> {
    match source.load(&ReloadTrigger::default()) {
        Ok(rotation) => Ok(format!("{rotation:?}")),
        Err(error) => {
            let withdrawal = error.downcast::<Withdrawal>();
            let error = withdrawal.map_or_else(|error| error, |withdrawal| withdrawal.into_cause());
            Err(*error.downcast().expect("another error than its own"))
        }
    }
}

/// Asks until it gives something about `subject`.
#[track_caller]
pub(crate) fn until_given(source: &mut SpiffeSource, subject: &str) -> String {
    until(|| match load(source) {
        Ok(given) if given.contains(subject) => Ok(given),
        other => Err(format!("{other:?}")),
    })
}

/// Asks until it fails with words that hold `part`.
#[track_caller]
pub(crate) fn until_fails(source: &mut SpiffeSource, part: &str) -> SpiffeError {
    until(|| match load(source) {
        Err(error) if on_one_line(&error).contains(part) => Ok(error),
        other => Err(format!("{other:?}")),
    })
}

#[test]
fn the_first_message_is_identity_and_bundles() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let (prod, partner) = (Domain::new("prod.test"), Domain::new("partner.test"));
    agent.give(&Message::of([prod.entry("web-1", "/web")]).federated(&partner));
    let given = load(&mut agent.source()).unwrap();
    for part in [
        "CN=web-1",
        "\"prod.test\": [\"CN=CA of prod.test\"]",
        "\"partner.test\": [\"CN=CA of partner.test\"]",
        &format!("SPIFFE Workload API at {}", agent.address()),
    ] {
        assert!(given.contains(part), "{part} is not in {given}");
    }
}

#[test]
fn every_message_takes_the_place_of_the_one_before() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let (prod, partner) = (Domain::new("prod.test"), Domain::new("partner.test"));
    let mut source = agent.source();
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    assert!(!load(&mut source).unwrap().contains("partner.test"));
    agent.give(&Message::of([prod.entry("web-2", "/web")]).federated(&partner));
    assert!(until_given(&mut source, "CN=web-2").contains("CN=CA of partner.test"));
    // Empty is as good as absent.
    agent.give(&Message::of([prod.entry("web-3", "/web")]).federated_bytes("partner.test", []));
    assert!(!until_given(&mut source, "CN=web-3").contains("partner.test"));
    let next = prod.renewed();
    let both = [prod.bundle(), next.bundle()].concat();
    agent.give(&Message::of([prod
        .entry("web-4", "/web")
        .with(|entry| entry.bundle = both)]));
    let given = until_given(&mut source, "CN=web-4");
    assert!(given.contains("[\"CN=CA of prod.test\", \"CN=next CA of prod.test\"]"));
    assert_eq!(agent.streams(), (1, 1), "it all came on one stream");
}

#[test]
fn a_late_agent_is_waited_for() {
    let Some(mut agent) = Agent::away() else {
        return;
    };
    let mut source = agent.source().response_timeout(LIMIT);
    let waiting = thread::spawn(move || load(&mut source));
    agent.come();
    agent.give(&Message::of([
        Domain::new("prod.test").entry("web-1", "/web")
    ]));
    assert!(waiting.join().unwrap().unwrap().contains("CN=web-1"));
}

/// Three SVIDs, two of them hinted the same.
fn several(prod: &Domain) -> Message {
    Message::of([
        prod.entry("first", "/a"),
        prod.entry("second", "/b").hint("internal"),
        prod.entry("third", "/c").hint("internal"),
    ])
}

#[test]
fn of_several_svids_one_is_taken() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    agent.give(&several(&prod));
    let by_id = |id: &str| agent.source().spiffe_id(id.parse().unwrap());
    for (mut source, subject) in [
        (agent.source(), "CN=first"),
        (by_id("spiffe://prod.test/b"), "CN=second"),
        (by_id("spiffe://prod.test/c"), "CN=third"),
        (agent.source().svid_hint("internal"), "CN=second"),
    ] {
        let given = load(&mut source).unwrap();
        assert!(given.contains(subject), "{subject} is not in {given}");
    }
}

#[test]
fn an_svid_that_is_not_among_them_is_waited_for_and_missed() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    agent.give(&several(&prod));
    for (source, wanted) in [
        (
            agent.source().svid_hint("external"),
            "with the hint \"external\"",
        ),
        (
            agent
                .source()
                .spiffe_id("spiffe://prod.test/d".parse().unwrap()),
            "of spiffe://prod.test/d",
        ),
    ] {
        let mut source = source.response_timeout(Duration::from_millis(300));
        let error = load(&mut source).unwrap_err();
        assert!(matches!(error, SpiffeError::NotGiven { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "the SPIFFE Workload API at {} has no SVID {wanted}, but spiffe://prod.test/a, spiffe://prod.test/b \
                 (\"internal\"), spiffe://prod.test/c (\"internal\")",
                agent.address()
            )
        );
        assert_eq!(
            error.hint(),
            "register an entry for it, or choose another SVID"
        );
    }
    let mut source = agent.source().svid_hint("external");
    let waiting = thread::spawn(move || load(&mut source));
    until(|| match agent.streams() {
        (1, _) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let entry = prod.entry("late", "/d").hint("external");
    agent.give(&Message::of([prod.entry("first", "/a"), entry]));
    assert!(waiting.join().unwrap().unwrap().contains("CN=late"));
}

/// A change to a good entry, and what is said of it.
type Flaw = (&'static str, fn(&Domain, &mut Message), &'static str);

#[rustfmt::skip]
const FLAWS: &[Flaw] = &[
    ("no SVID", |_, m| m.svids.clear(), "missing required field: X509SVIDResponse.svids"),
    ("no chain", |_, m| first(m).chain.clear(), "missing required field: X509SVID.x509_svid"),
    ("no key", |_, m| first(m).key.clear(), "missing required field: X509SVID.x509_svid_key"),
    ("no bundle", |_, m| first(m).bundle.clear(), "missing required field: X509SVID.bundle"),
    ("a chain that is none", |_, m| first(m).chain = b"garbage".to_vec(), "failed parsing X.509 certificate"),
    ("half a chain", |_, m| first(m).chain.truncate(200), "failed parsing X.509 certificate"),
    ("bytes after the chain", |_, m| first(m).chain.push(0), "failed parsing X.509 certificate"),
    ("a key that is none", |_, m| first(m).key = vec![0x30, 1, 1], "failed decoding PKCS#8 private key"),
    ("the key of another identity", |d, m| first(m).key = d.entry("other", "/other").key, "the private key"),
    ("a chain that does not fit", |d, m| {
        let other = d.renewed().bundle();
        first(m).chain.extend(other);
    }, "the certificate of CN=CA of prod.test"),
    ("a CA's certificate", |d, m| {
        first(m).present(&d.root.credential());
    }, "the answer"),
    ("two URI names", |d, m| {
        let two = super::message::svid("two", "spiffe://prod.test/two").uri("spiffe://prod.test/too");
        first(m).present(&two.issued_by(&d.root));
    }, "multiple URI SAN entries"),
    ("a bundle that is none", |_, m| first(m).bundle = b"garbage".to_vec(), "failed to parse X.509 bundle"),
    ("half a bundle", |_, m| first(m).bundle.truncate(100), "failed to parse X.509 bundle"),
    ("a federated bundle that is none", |_, m| {
        m.federated.insert("spiffe://partner.test".to_owned(), vec![0x30]);
    }, "failed to parse X.509 bundle"),
    ("a federated trust domain that is none", |d, m| {
        m.federated.insert("spiffe://No Domain".to_owned(), d.bundle());
    }, "failed to parse SPIFFE ID"),
    ("our own bundle taken away", |_, m| {
        m.federated.insert("spiffe://prod.test".to_owned(), Vec::new());
    }, "the bundle of our own trust domain is empty"),
    ("more SVIDs than are taken", |_, m| {
        let one = m.svids[0].clone();
        m.svids.resize(SpiffeSource::MAX_SVIDS + 1, one);
    }, "there are 101, the limit is 100"),
    ("more trust domains than are taken", |d, m| {
        for number in 0..SpiffeSource::MAX_TRUST_DOMAINS {
            m.federated.insert(format!("spiffe://{number}.test"), d.bundle());
        }
    }, "there are 1025, the limit is 1024"),
];

fn first(message: &mut Message) -> &mut Entry {
    &mut message.svids[0]
}

#[test]
fn what_cannot_be_used_is_rejected_whole_and_the_next_message_is_taken() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    for (round, (flaw, change, words)) in FLAWS.iter().enumerate() {
        let name = format!("web-{round}-");
        agent.give(&Message::of([prod.entry(&name, "/web")]));
        until_given(&mut source, &format!("CN={name}"));
        let mut message = Message::of([prod.entry("flawed", "/web")]);
        change(&prod, &mut message);
        agent.give(&message);
        let error = until(|| match load(&mut source) {
            Err(error) => Ok(error),
            Ok(given) => Err(format!("{flaw}: {given}")),
        });
        assert!(
            matches!(error, SpiffeError::Unusable { .. }),
            "{flaw}: {error:?}"
        );
        let text = on_one_line(&error);
        assert!(text.contains(words), "{flaw}: {words} is not in {text}");
        assert!(!text.contains('\n'), "{flaw}: {text}");
    }
    assert_eq!(agent.streams(), (1, 1), "it all came on one stream");
}

#[test]
fn a_message_of_more_than_four_mebibytes_is_not_read() {
    let Some(mut agent) = Agent::start() else {
        return;
    };
    let prod = Domain::new("prod.test");
    let mut source = agent.source();
    agent.give(&Message::of([prod.entry("web-1", "/web")]));
    until_given(&mut source, "CN=web-1");
    let bundle = prod.bundle().repeat((4 << 20) / prod.bundle().len() + 1);
    let large = prod
        .entry("large", "/web")
        .with(|entry| entry.bundle = bundle);
    agent.give(&Message::of([large]));
    until_fails(&mut source, "4194304");
    agent.give(&Message::of([prod.entry("web-2", "/web")]));
    until_given(&mut source, "CN=web-2");
}

#[test]
fn addresses_are_checked_when_they_are_given() {
    const OTHER_HOST: &str = "it is not an address of this host";
    for (address, words) in [
        ("", "not a URI"),
        ("/run/agent.sock", "not a URI"),
        ("http://127.0.0.1:1", "neither `unix` nor `tcp`"),
        ("unix://", "no absolute path"),
        ("unix://host/agent.sock", "a host before its path"),
        ("tcp://agent.test:1", "not an IP address"),
        ("tcp://127.0.0.1", "it has no port"),
        ("tcp://192.0.2.1:1", OTHER_HOST),
        ("unix:///run/a.sock\n", "a control character"),
        ("unix:///run/a.sock\u{1b}[2J", "a control character"),
    ] {
        match SpiffeSource::from_address(address) {
            Err(error @ SpiffeError::Address { .. }) => {
                let text = on_one_line(&error);
                assert!(text.contains(words), "{address:?}: {text}");
                let hint = mtls::Report::new(&error).hint().unwrap();
                let is_of_other_host = hint.contains("from another host private keys");
                assert_eq!(is_of_other_host, words == OTHER_HOST, "{address:?}: {hint}");
                for text in [&*text, &*hint] {
                    assert!(!text.contains(char::is_control), "{text:?}");
                }
            }
            other => panic!("{address:?}: {other:?}"),
        }
    }
    for address in [
        "unix:///run/agent.sock",
        "unix:/run/agent.sock",
        "tcp://127.0.0.1:1",
        "tcp://[::1]:1",
    ] {
        drop(SpiffeSource::from_address(address).unwrap());
    }
}

/// What may be secret in an address is not in the error about it.
#[test]
fn what_is_secret_in_an_address_is_not_shown() {
    for (address, shown) in [
        ("tcp://user:hush@127.0.0.1:1", "tcp://127.0.0.1:1"),
        ("tcp://hush@hush@127.0.0.1:1/path", "tcp://127.0.0.1:1/path"),
        ("tcp:user:hush@127.0.0.1:1", "127.0.0.1:1"),
        ("user:hush@127.0.0.1:1", "127.0.0.1:1"),
        ("unix://user:hush@/run/a.sock", "unix:///run/a.sock"),
        ("unix:///run/a.sock?token=hush", "unix:///run/a.sock"),
        ("unix:///run/a.sock#hush", "unix:///run/a.sock"),
        ("http://10.0.0.1:1/a?hush#hush", "http://10.0.0.1:1/a"),
        ("http://10.0.0.1?hush", "http://10.0.0.1"),
        ("unix:///run/a@b?hush@hush", "unix:///run/a@b"),
        // It may be a password that should have been escaped.
        ("tcp://user:hush/hush@127.0.0.1:1", "tcp://.."),
        ("tcp://user:hush?hush@127.0.0.1:1", "tcp://.."),
        ("tcp:///user:hush@127.0.0.1:1", "tcp://.."),
        ("//user:hush@127.0.0.1:1", ".."),
        ("tcp://user:hu#sh@127.0.0.1:1", "tcp://.."),
        ("tcp://user:hu\\hush@127.0.0.1:1", "tcp://.."),
        ("user:hush@a://127.0.0.1:1", ".."),
        ("tcp://user:hush@127.0.0.1:1\n", "tcp://127.0.0.1:1 "),
    ] {
        let error = SpiffeSource::from_address(address).unwrap_err();
        let report = mtls::Report::new(&error).to_string();
        for text in [report, format!("{error:?}")] {
            assert!(!text.contains("hu"), "{address:?}: {text}");
        }
        match error {
            SpiffeError::Address { address: said, .. } => assert_eq!(said, shown, "{address:?}"),
            other => panic!("{address:?}: {other:?}"),
        }
    }
}

/// Twice: without the variable, then as a process of its own that has it.
#[test]
fn the_address_may_come_from_the_environment() {
    const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
    const ADDRESS: &str = "unix:///run/from/environment.sock";
    if env::var_os(VARIABLE).is_some_and(|address| address == ADDRESS) {
        let source = SpiffeSource::from_env().unwrap();
        println!("{source:?}");
        return;
    }
    let run = |address: Option<&str>| {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "load::the_address_may_come_from_the_environment"])
            .arg("--nocapture")
            .env_remove(VARIABLE);
        address.map(|address| command.env(VARIABLE, address));
        programs::run(&mut command, b"", LIMIT).expect_success()
    };
    assert!(run(Some(ADDRESS)).contains("address: \"unix:///run/from/environment.sock\""));
    if env::var_os(VARIABLE).is_none() {
        let error = SpiffeSource::from_env().unwrap_err();
        assert!(matches!(error, SpiffeError::NoAddress), "{error:?}");
    }
}
