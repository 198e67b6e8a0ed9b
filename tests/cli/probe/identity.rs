//! Our certificate goes to no server that our policy rejects.

use std::cell::Cell;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use pki_types::CertificateDer;
use pki_types::pem::PemObject;

use super::probing::Probed;
use super::world::World;
use crate::common::pki::Credential;
use crate::common::raw::{LIMIT, Peer, Tool, Version};

/// A server that accepts every client, and what each of its connections was shown.
struct Recording {
    port: u16,
    shown: Receiver<Vec<CertificateDer<'static>>>,
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
        let (sender, shown) = channel();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&accepted);
        thread::spawn(move || {
            while let Ok((socket, _)) = listener.accept() {
                counter.fetch_add(1, Ordering::SeqCst);
                let peer = Peer::new(version).presents(&credential);
                let outcome = Tool::RUSTLS.serve_over(socket, peer).outcome();
                sender.send(outcome.presented).unwrap();
            }
        });
        Self {
            port,
            shown,
            accepted,
            reported: Cell::new(0),
        }
    }

    /// How many certificates were shown in each connection since the last call.
    fn shown(&self) -> Vec<usize> {
        let mut shown = Vec::new();
        while self.reported.get() < self.accepted.load(Ordering::SeqCst) {
            let chain = self.shown.recv_timeout(2 * LIMIT).unwrap();
            self.reported.set(self.reported.get() + 1);
            shown.push(chain.len());
        }
        shown
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
                "accepted",
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
