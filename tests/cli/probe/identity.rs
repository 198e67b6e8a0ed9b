//! Our certificate goes to no server that our policy rejects.

use std::cell::Cell;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use pki_types::CertificateDer;
use pki_types::pem::PemObject;

use super::probing::Probed;
use super::world::World;
use crate::common::pki::Credential;
use crate::common::programs::run;
use crate::common::raw::{LIMIT, Peer, RawOutcome, Tool, Version};

/// A server that accepts every client, and what each of its connections was shown.
struct Recording {
    port: u16,
    seen: Receiver<RawOutcome>,
    accepted: Arc<AtomicUsize>,
    reported: Cell<usize>,
}

impl Recording {
    fn start(world: &World, identity: &str, version: Version) -> Self {
        let chain = CertificateDer::pem_file_iter(world.path(&format!("{identity}.crt")));
        let credential = Credential {
            chain: chain.unwrap().collect::<Result<_, _>>().unwrap(),
            key: pki_types::PrivatePkcs8KeyDer::from_pem_file(
                world.path(&format!("{identity}.key")),
            )
            .unwrap(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = channel();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                counter.fetch_add(1, Ordering::SeqCst);
                let peer = Peer::new(version).presents(&credential);
                let outcome = Tool::RUSTLS.serve_over(socket, peer).outcome();
                sender.send(outcome).unwrap();
            }
        });
        Self {
            port,
            seen,
            accepted,
            reported: Cell::new(0),
        }
    }

    /// What each connection since the last call has shown.
    fn seen(&self) -> Vec<RawOutcome> {
        let mut seen = Vec::new();
        while self.reported.get() < self.accepted.load(Ordering::SeqCst) {
            seen.push(self.seen.recv_timeout(2 * LIMIT).unwrap());
            self.reported.set(self.reported.get() + 1);
        }
        seen
    }

    /// How many certificates were shown in each of them.
    fn shown(&self) -> Vec<usize> {
        self.seen()
            .iter()
            .map(|seen| seen.presented.len())
            .collect()
    }
}

#[test]
fn a_server_that_we_reject_never_sees_our_certificate() {
    let world = World::new();
    for version in Version::ALL {
        for identity in ["server-UnknownCa", "server-Expired", "server-WrongName"] {
            let server = Recording::start(&world, identity, version);
            let probed = Probed::of(&world, server.port, Some("client-None"), &[]);
            assert_eq!(probed.text("/outcome"), "rejected");
            assert_eq!(probed.is("/identity/is_presented"), Some(false));
            let shown = server.shown();
            // One to look, and one for the other version.
            assert!(
                !shown.is_empty() && shown.iter().all(|length| *length == 0),
                "{shown:?}"
            );

            let anyway = ["--danger-present-anyway"];
            let probed = Probed::of(&world, server.port, Some("client-None"), &anyway);
            assert_eq!(probed.text("/outcome"), "rejected");
            assert_eq!(
                probed.text("/acceptance/verdict"),
                // These servers send no tickets.
                if version == Version::Tls12 {
                    "accepted"
                } else {
                    "no_objection"
                },
                "{}",
                probed.json
            );
            assert_eq!(probed.is("/identity/is_presented"), Some(true));
            assert!(server.shown().contains(&2));
        }
    }
}

#[test]
fn a_server_that_we_accept_sees_our_certificate_once() {
    let world = World::new();
    for version in Version::ALL {
        let server = Recording::start(&world, "server-None", version);
        let probed = Probed::of(&world, server.port, Some("client-None"), &[]);
        assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
        let shown = server.shown();
        assert_eq!(
            shown.iter().filter(|length| **length == 2).count(),
            1,
            "{shown:?}"
        );
    }
}

#[test]
fn nothing_secret_is_printed() {
    let world = World::new();
    let server = Recording::start(&world, "server-None", Version::Tls13);
    let probed = Probed::of(&world, server.port, Some("client-None"), &[]);
    let key = std::fs::read_to_string(world.path("client-None.key")).unwrap();
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        for piece in line.as_bytes().windows(12) {
            let piece = std::str::from_utf8(piece).unwrap();
            assert!(!probed.finished.stdout.contains(piece));
            assert!(!probed.finished.stderr.contains(piece));
        }
    }
}

#[test]
fn a_server_that_we_reject_is_asked_nothing() {
    let world = World::new();
    for (identity, is_asked) in [("server-UnknownCa", false), ("server-None", true)] {
        let server = Recording::start(&world, identity, Version::Tls13);
        // It does not answer, so that all the time is waited.
        let more = ["--http", "--timeout", "4s"];
        Probed::of(&world, server.port, None, &more);
        let received = server.seen().iter().any(|seen| !seen.received.is_empty());
        assert_eq!(received, is_asked, "{identity}");
    }
}

#[test]
fn presenting_anyway_needs_anchors() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mtls"));
    let command = command.args(["probe", "127.0.0.1:1", "--danger-present-anyway", "--json"]);
    let finished = run(command.env_remove("MTLS_CA_FILE"), b"", LIMIT);
    assert_eq!(finished.status.unwrap().code(), Some(2));
    assert!(finished.stdout.contains("missing_trust_anchors"));
}
