//! What a rotation costs, for a single root, and what handshakes feel of it.
//!
//! Ends with 1 where the median of a rotation is over the limit on a backend that has one: rustls and OpenSSL.
//! native-tls reads the system's bundle for each of its connectors, only to drop it.

#[allow(
    dead_code,
    unused_imports,
    reason = "most of it is for the bench `cost`"
)]
mod support;

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::ClientBackend;
use mtls::backend::ServerBackend;
use mtls::rotation::SelfTrust;
use mtls::{MtlsClient, MtlsServer, PeerMatcher, Rotation, Rustls, VerifierPolicy};
use support::{Pki, PkiSpec, SERVER, Wire};

const ROTATIONS: usize = 1_000;
const HANDSHAKES: usize = 4_000;
const LIMIT: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    println!(
        "{:<44}{:>12}{:>12}{:>12}",
        "", "median", "99 of 100", "slowest"
    );
    #[allow(unused_mut, reason = "OpenSSL adds to it")]
    let mut is_within = server::<Rustls>();
    #[cfg(feature = "openssl")]
    {
        is_within &= server::<mtls::OpenSsl>();
    }
    #[cfg(feature = "native-tls")]
    client::<mtls::NativeTls>();
    felt::<Rustls>();
    #[cfg(feature = "openssl")]
    felt::<mtls::OpenSsl>();
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn server<B: ServerBackend + Default>() -> bool {
    let pkis = [pki(), pki()];
    let everything = pkis.each_ref().map(|pki| {
        Rotation::new()
            .identity(pki.server.identity())
            .trust_anchors(pki.trust_anchors())
    });
    let server = MtlsServer::builder()
        .identity(pkis[0].server.identity())
        .trust_anchors(pkis[0].trust_anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(B::default())
        .unwrap();
    let all = rotate(|round| {
        server
            .handle()
            .rotate(everything[(round + 1) % 2].clone())
            .unwrap()
    });
    all.print(&format!("{}: identity and anchors, server", B::KIND));
    // In a place of its own, so that nothing but the policy changes.
    let policies = ["a.example", "b.example"].map(|name| {
        let matcher = PeerMatcher::dns(name).unwrap();
        Rotation::new().policy(VerifierPolicy::allow(matcher))
    });
    let alone = rotate(|round| server.handle().rotate(policies[round % 2].clone()).unwrap());
    alone.print(&format!("{}: policy, server", B::KIND));
    all.median() <= LIMIT
}

#[cfg(feature = "native-tls")]
fn client<B: ClientBackend + Default>() {
    let pkis = [pki(), pki()];
    let everything = pkis.each_ref().map(|pki| {
        Rotation::new()
            .identity(pki.clients[0].identity())
            .trust_anchors(pki.trust_anchors())
    });
    let client = MtlsClient::builder()
        .identity(pkis[0].clients[0].identity())
        .trust_anchors(pkis[0].trust_anchors())
        .build(B::default())
        .unwrap();
    let all = rotate(|round| {
        client
            .handle()
            .rotate(everything[(round + 1) % 2].clone())
            .unwrap()
    });
    all.print(&format!("{}: identity and anchors, client", B::KIND));
}

fn pki() -> Pki {
    Pki::open(tempfile::tempdir().unwrap().path(), PkiSpec::PLAIN)
}

fn rotate(mut rotate: impl FnMut(usize) -> u64) -> Times {
    let mut last = 0;
    Times::of(ROTATIONS, |round| {
        let number = rotate(round);
        assert!(number > last, "nothing was rotated");
        last = number;
    })
}

/// Measures handshakes alone, then beside a thread that rotates repeatedly, with pauses of 5 ms.
fn felt<B: ServerBackend + ClientBackend + Default>() {
    let (pki, other) = (pki(), pki());
    let server = MtlsServer::builder()
        .identity(pki.server.identity())
        .trust_anchors(pki.trust_anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
        .self_trust(SelfTrust::Skip)
        .build(B::default())
        .unwrap();
    let client = MtlsClient::builder()
        .identity(pki.clients[0].identity())
        .trust_anchors(pki.trust_anchors())
        .build(B::default())
        .unwrap();
    let both =
        mtls::TrustAnchors::from_der([&pki.anchors[..], &other.anchors[..]].concat()).unwrap();
    let accepts = server.clone();
    let (wires, receiver) = channel();
    thread::spawn(move || {
        for wire in receiver {
            let mut stream = accepts.accept(wire).unwrap();
            stream.write_all(&[1]).unwrap();
        }
    });
    let shake = |_| {
        let (near, far) = Wire::pair();
        wires.send(far).unwrap();
        let mut stream = client.connect(SERVER, near).unwrap();
        stream.read_exact(&mut [0]).unwrap();
    };
    Times::of(HANDSHAKES / 10, shake);
    Times::of(HANDSHAKES, shake).print(&format!("{}: handshake", B::KIND));
    let is_over = AtomicBool::new(false);
    let (times, rotations) = thread::scope(|scope| {
        let rotating = scope.spawn(|| {
            let before = server.handle().status().rotations();
            let rotations = [both, pki.trust_anchors()].map(|a| Rotation::new().trust_anchors(a));
            for next in rotations.iter().cycle() {
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
                server.handle().rotate(next.clone()).unwrap();
                // A core of two is wanted by the handshakes.
                thread::sleep(Duration::from_millis(5));
            }
            server.handle().status().rotations() - before
        });
        let times = Times::of(HANDSHAKES, shake);
        is_over.store(true, Ordering::SeqCst);
        (times, rotating.join().unwrap())
    });
    times.print(&format!("{}: beside {rotations} rotations", B::KIND));
}

struct Times(Vec<Duration>);

impl Times {
    fn of(count: usize, mut run: impl FnMut(usize)) -> Self {
        let mut times: Vec<Duration> = (0..count)
            .map(|round| {
                let began = Instant::now();
                run(round);
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        Self(times)
    }

    fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    fn print(&self, what: &str) {
        let shown = [
            self.median(),
            self.0[self.0.len() * 99 / 100],
            self.0[self.0.len() - 1],
        ];
        let shown = shown.map(|time| format!("{time:.1?}"));
        println!("{what:<44}{:>12}{:>12}{:>12}", shown[0], shown[1], shown[2]);
    }
}
