//! Handshakes without a pause while identity, anchors and revocation lists rotate under them.
//!
//! Each revision is even or odd: even ones trust a guest's CA and revoke no certificate, odd ones
//! do not trust it and revoke Rick's. So the number of the revision that a handshake ran under
//! determines its verdict. A few thousand handshakes run with the other tests;
//! `MTLS_LOAD_HANDSHAKES=200000 cargo test --release --test rotation load::` runs as many as it
//! says, with a rotation for every hundred of them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::ProtocolVersion;
use mtls::policy::RevocationDepth;
use mtls::{
    HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, OpenSsl, RejectionReason,
    RevocationLists, RevocationRules, Rotation, Rustls, TrustAnchors, VerifierPolicy,
};

use crate::common::pki::crl::Crl;
use crate::common::pki::{Authority, Cast, Leaf};
use crate::stage::{LIMIT, anchors, client_of, identity, server_of};

const HANDSHAKES_PER_ROTATION: u64 = 100;
const WORKERS: u64 = 4;
/// Whatever happens, it ends.
const MOST_TIME: Duration = Duration::from_secs(40 * 60);

/// Who calls, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Alice,
    Guest,
    Rick,
}

impl Caller {
    /// Why this caller is rejected under a revision; `None` where it is accepted.
    fn rejected_under(self, revision: u64) -> Option<RejectionReason> {
        match self {
            Self::Guest if revision % 2 == 1 => Some(RejectionReason::UnknownIssuer),
            Self::Rick if revision % 2 == 1 => Some(RejectionReason::Revoked),
            _ => None,
        }
    }
}

/// What each revision is made of.
struct Seasons {
    identities: Vec<MtlsIdentity>,
    with_guests: TrustAnchors,
    without_guests: TrustAnchors,
    cast: Cast,
    rick: pki_types::CertificateDer<'static>,
}

impl Seasons {
    fn rotation(&self, revision: u64) -> Rotation {
        let is_odd = revision % 2 == 1;
        let which = usize::try_from(revision).unwrap() % self.identities.len();
        Rotation::new()
            .identity(self.identities[which].clone())
            .trust_anchors(if is_odd {
                self.without_guests.clone()
            } else {
                self.with_guests.clone()
            })
            .revocation_lists(self.lists(revision))
    }

    fn lists(&self, revision: u64) -> RevocationLists {
        // Numbered by the revision, and never negative.
        let crl = Crl::new().number(&(revision + (1 << 40)).to_be_bytes()[2..]);
        let crl = if revision % 2 == 1 {
            crl.lists(&self.rick)
        } else {
            crl
        };
        RevocationLists::from_der([crl.signed_by(&self.cast.intermediate)]).unwrap()
    }
}

#[derive(Default)]
struct Tally {
    done: AtomicU64,
    accepted: AtomicU64,
    rejected: AtomicU64,
    stop: AtomicBool,
}

#[test]
fn every_verdict_matches_its_revision_on_rustls() {
    run::<Rustls>();
}

#[test]
fn every_verdict_matches_its_revision_on_openssl() {
    run::<OpenSsl>();
}

fn run<B: ServerBackend + ClientBackend + Default>() {
    let handshakes = match std::env::var("MTLS_LOAD_HANDSHAKES") {
        Ok(number) => number.parse().expect("MTLS_LOAD_HANDSHAKES is a number"),
        Err(_) => 3_000,
    };
    let cast = Cast::assemble();
    let guests = Authority::named("Guests");
    let client = |name: &str| Leaf::named(name).client();
    let rick = client("rick")
        .issued_by(&cast.intermediate)
        .with(&cast.intermediate);
    let guest = client("guest").issued_by(&guests);
    let ours = |number: u64| {
        let leaf = Leaf::named(&format!("server {number}"))
            .dns("localhost")
            .server();
        identity(&leaf.issued_by(&cast.intermediate).with(&cast.intermediate))
    };
    let seasons = Seasons {
        identities: (0..8).map(ours).collect(),
        with_guests: anchors(&[&cast.root, &guests]),
        without_guests: anchors(&[&cast.root]),
        rick: rick.leaf().clone(),
        cast: cast.clone(),
    };
    let rules = RevocationRules::require(RevocationDepth::Leaf);
    // Guests' CA publishes no lists.
    let rules = rules.danger_allow_unknown_status();
    let server = server_of(&cast)
        .policy(VerifierPolicy::allow_any_authenticated().revocation(rules))
        .trust_anchors(seasons.without_guests.clone())
        .revocation_lists(seasons.lists(1))
        .build(B::default())
        .unwrap();
    let callers = |version: ProtocolVersion| {
        let build = |credential| {
            let client = client_of(&cast).identity(identity(credential));
            client
                .protocol_versions([version])
                .build(B::default())
                .unwrap()
        };
        [
            (Caller::Alice, build(&cast.alice)),
            (Caller::Guest, build(&guest)),
            (Caller::Rick, build(&rick)),
        ]
    };
    let tally = Tally::default();
    let began = Instant::now();
    let mut rotations = 0;
    let mut early = None;
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let version = match worker % 2 {
                0 => ProtocolVersion::Tls13,
                _ => ProtocolVersion::Tls12,
            };
            let (server, callers, tally) = (&server, callers(version), &tally);
            scope.spawn(move || {
                // Should it panic, the others need not go on.
                let _stop = Stop(tally);
                call(server, &callers, tally, handshakes);
            });
        }
        let _stop = Stop(&tally);
        while tally.done.load(Ordering::SeqCst) < handshakes && !tally.is_over() {
            assert!(began.elapsed() < MOST_TIME, "it takes too long");
            if tally.done.load(Ordering::SeqCst) < rotations * HANDSHAKES_PER_ROTATION {
                thread::yield_now();
                continue;
            }
            let next = rotations + 2;
            assert_eq!(
                server.handle().rotate(seasons.rotation(next)).unwrap(),
                next
            );
            rotations += 1;
            // The first tenth is for caches and allocators to fill.
            if early.is_none() && tally.done.load(Ordering::SeqCst) >= handshakes / 10 {
                early = Some(Footprint::now());
            }
        }
    });
    let (accepted, rejected) = (
        tally.accepted.load(Ordering::SeqCst),
        tally.rejected.load(Ordering::SeqCst),
    );
    let late = Footprint::now();
    println!(
        "{accepted} accepted and {rejected} rejected under {rotations} rotations in {:.1?}; {early:?} after a tenth, {late:?} \
         at the end",
        began.elapsed()
    );
    assert!(accepted + rejected >= handshakes);
    assert!(rejected > handshakes / 10 && accepted > handshakes / 3);
    // On a busy machine the last ones come when all handshakes are done.
    assert!(rotations > handshakes / HANDSHAKES_PER_ROTATION / 2);
    assert_eq!(server.handle().status().revision(), rotations + 1);
    // Only where nothing else runs in this process do the figures mean anything.
    if handshakes >= 100_000 {
        late.is_no_more_than(&early.unwrap());
    }
}

impl Tally {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

struct Stop<'a>(&'a Tally);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

struct Knock(SocketAddr);

impl Drop for Knock {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.0));
    }
}

/// Calls the server again and again, and holds what came of each call against the revision that it ran under.
fn call<B: ServerBackend + ClientBackend>(
    server: &MtlsServer<B>,
    callers: &[(Caller, MtlsClient<B>)],
    tally: &Tally,
    handshakes: u64,
) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (accepts, accepted) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // Ends when the receiver of the results is dropped.
            for socket in listener.incoming() {
                let before = server.handle().status().revision();
                let served = server.accept(socket.unwrap());
                let served = served.map(|stream| stream.revision());
                if accepts
                    .send((before, served, server.handle().status().revision()))
                    .is_err()
                {
                    return;
                }
            }
        });
        // Dropped in this order, by a panic too: first the receiver, then the knock, which wakes
        // the thread that accepts to see it.
        let _knock = Knock(address);
        let accepted = accepted;
        for (caller, client) in callers.iter().cycle() {
            if tally.done.fetch_add(1, Ordering::SeqCst) >= handshakes || tally.is_over() {
                break;
            }
            let socket = TcpStream::connect(address).unwrap();
            let connected = client.connect("localhost", socket);
            let (before, served, after) = accepted.recv_timeout(LIMIT).unwrap();
            verify(*caller, before, &served, after, tally);
            if served.is_ok() {
                connected.expect("the server accepted it");
            }
        }
    });
}

fn verify(
    caller: Caller,
    before: u64,
    served: &Result<u64, HandshakeError>,
    after: u64,
    tally: &Tally,
) {
    match served {
        Ok(revision) => {
            assert!(
                (before..=after).contains(revision),
                "{revision} is none of {before}..={after}"
            );
            assert_eq!(
                caller.rejected_under(*revision),
                None,
                "{caller:?} slipped through revision {revision}"
            );
            tally.accepted.fetch_add(1, Ordering::SeqCst);
        }
        Err(HandshakeError::Rejected(rejection)) => {
            let may_be = |revision| caller.rejected_under(revision) == Some(rejection.reason());
            assert!(
                (before..=after).any(may_be),
                "{caller:?} was lost between {before} and {after}: {rejection}"
            );
            tally.rejected.fetch_add(1, Ordering::SeqCst);
        }
        Err(other) => panic!("{caller:?} was lost between {before} and {after}: {other:?}"),
    }
}

/// What the process holds.
#[derive(Debug)]
struct Footprint {
    kilobytes: u64,
    descriptors: usize,
}

impl Footprint {
    #[cfg(target_os = "linux")]
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        let kilobytes = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        Self {
            kilobytes,
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn now() -> Self {
        Self {
            kilobytes: 0,
            descriptors: 0,
        }
    }

    fn is_no_more_than(&self, early: &Self) {
        let most = early.kilobytes + early.kilobytes / 10 + 4 * 1024;
        assert!(self.kilobytes <= most, "it grew: {early:?}, {self:?}");
        // One connection for each worker may be open at either moment.
        let most = early.descriptors + 2 * usize::try_from(WORKERS).unwrap();
        assert!(self.descriptors <= most, "it leaks: {early:?}, {self:?}");
    }
}
