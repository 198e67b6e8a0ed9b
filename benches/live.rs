//! What it takes to keep many open connections under verification: registering, memory, time for a new revision, and
//! what handshakes notice of that.
//!
//! `cargo bench --bench live` has 100,000 connections, and with `MTLS_BENCH_CONNECTIONS=1000000` as many as that. It ends
//! with 1 where handshakes are held up grossly. Of several runs the fastest counts, since a busy machine is no fault of
//! ours.

use std::env;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mtls::connection::{ConnectionContext, LiveConnections};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::{
    ConnectionHandle, MtlsClient, MtlsIdentity, MtlsServer, PeerIdentity, PeerMatcher,
    PeerVerifier, Rotation, Rustls, TrustAnchors, VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

/// How many connections, unless the environment says it.
const CONNECTIONS: usize = 100_000;
const CHOICE: &str = "MTLS_BENCH_CONNECTIONS";
/// How many peers they are with.
const PEERS: [usize; 3] = [1, 1_000, 10_000];
const HANDSHAKES: usize = 400;
const RUNS: usize = 3;
/// How many times as long as the others a handshake may take beside a verification, at the 99th percentile.
const GROSS: u32 = 10;
/// No wait is longer.
const LIMIT: Duration = Duration::from_secs(300);

/// How many peers, for a process of its own: memory that was used once says nothing.
const CHILD: &str = "MTLS_BENCH_PEERS";

fn main() -> ExitCode {
    if let Ok(peers) = env::var(CHILD) {
        let is_within = measure(&Pki::new(), peers.parse().unwrap());
        return ExitCode::from(u8::from(!is_within));
    }
    let mut is_within = true;
    for peers in PEERS {
        let mut child = Command::new(env::current_exe().unwrap());
        let status = child.env(CHILD, peers.to_string()).status().unwrap();
        is_within &= status.success();
    }
    println!("limit: {GROSS} times the p99 without");
    ExitCode::from(u8::from(!is_within))
}

fn measure(pki: &Pki, count: usize) -> bool {
    let chosen = env::var(CHOICE).map(|number| number.parse().unwrap());
    let number = chosen.unwrap_or(CONNECTIONS).max(1);
    println!("{number} connections with {count} peers");
    let peers = pki.peers(count);
    let server = pki.server();
    let figures = handshakes(pki, &server, || ());
    println!("  handshakes, nothing registered: {figures}");

    let before = resident();
    let began = Instant::now();
    let connections: Vec<ConnectionHandle> = (0..number)
        .map(|place| {
            server
                .track(&peers[place % peers.len()], ConnectionContext::new())
                .unwrap()
        })
        .collect();
    let each = began.elapsed() / u32::try_from(number).unwrap();
    println!("  registering: {each:.1?} each");
    if let (Some(before), Some(after)) = (before, resident()) {
        let bytes = after.saturating_sub(before) / number;
        println!("  memory: {bytes} bytes each, handle included, the peers' chains not");
    }

    // Registered from outside they are verified at once; that is not what is measured.
    let verified = Counted::default();
    rotate(&server, &verified);
    verified.wait_for(count);
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let verified = Counted::default();
        let began = Instant::now();
        rotate(&server, &verified);
        verified.wait_for(count);
        best = best.min(began.elapsed());
    }
    let each = best / u32::try_from(count).unwrap();
    let per_connection = best / u32::try_from(number).unwrap();
    println!(
        "  a new revision: {best:.1?} until all are verified, {each:.1?} for each peer, {per_connection:.1?} for each connection"
    );

    let mut quiet = Figures::WORST;
    let mut busy = Figures::WORST;
    for _ in 0..RUNS {
        quiet = quiet.min(handshakes(pki, &server, || ()));
        busy = busy.min(handshakes(pki, &server, || verify_always(&server, count)));
    }
    let within = busy.p99 <= quiet.p99 * GROSS;
    let note = if within { "" } else { "  OVER THE LIMIT" };
    println!("  handshakes, all registered: {quiet}");
    println!("  handshakes, while they are verified without a pause: {busy}{note}");

    let rejects_all = VerifierPolicy::allow(PeerMatcher::dns("unused.test").unwrap());
    let began = Instant::now();
    server
        .handle()
        .rotate(Rotation::new().policy(rejects_all))
        .unwrap();
    while server.handle().tracked_connections() > 0 {
        assert!(began.elapsed() < LIMIT, "never rejected");
        thread::sleep(Duration::from_millis(1));
    }
    for connection in &connections {
        assert!(connection.wait(LIMIT).is_some());
    }
    println!(
        "  a revision that rejects all: {:.1?} until all are notified",
        began.elapsed()
    );
    within
}

/// Rotates, and waits until every peer is verified.
fn verify_always(server: &MtlsServer<Rustls>, peers: usize) {
    let verified = Counted::default();
    rotate(server, &verified);
    verified.wait_for(peers);
}

/// How often a policy was asked.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn wait_for(&self, count: usize) {
        let began = Instant::now();
        while self.0.load(Ordering::SeqCst) < count {
            assert!(began.elapsed() < LIMIT, "never verified");
            thread::sleep(Duration::from_micros(100));
        }
    }
}

fn rotate(server: &MtlsServer<Rustls>, verified: &Counted) {
    let count = verified.0.clone();
    let matcher = PeerMatcher::custom("counted", move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let policy = VerifierPolicy::allow(matcher);
    server
        .handle()
        .rotate(Rotation::new().policy(policy))
        .unwrap();
}

#[derive(Clone, Copy)]
struct Figures {
    p50: Duration,
    p99: Duration,
}

impl Figures {
    const WORST: Self = Self {
        p50: Duration::MAX,
        p99: Duration::MAX,
    };

    fn min(self, other: Self) -> Self {
        Self {
            p50: self.p50.min(other.p50),
            p99: self.p99.min(other.p99),
        }
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:.1?}, p99 {:.1?}", self.p50, self.p99)
    }
}

/// Measures handshakes one after the other over loopback, each up to the server's first byte, while
/// `background` runs again and again in another thread.
fn handshakes(pki: &Pki, server: &MtlsServer<Rustls>, background: impl Fn() + Sync) -> Figures {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = pki.client();
    let is_over = AtomicBool::new(false);
    let mut times = thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..HANDSHAKES {
                let (tcp, _) = listener.accept().unwrap();
                tcp.set_nodelay(true).unwrap();
                let mut stream = server.accept(tcp).unwrap();
                stream.write_all(b"1").unwrap();
                stream.flush().unwrap();
            }
        });
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                background();
                thread::sleep(Duration::from_micros(100));
            }
        });
        let times: Vec<_> = (0..HANDSHAKES)
            .map(|_| {
                let began = Instant::now();
                let tcp = TcpStream::connect(address).unwrap();
                tcp.set_nodelay(true).unwrap();
                let mut stream = client.connect("localhost", tcp).unwrap();
                stream.read_exact(&mut [0; 1]).unwrap();
                began.elapsed()
            })
            .collect();
        is_over.store(true, Ordering::SeqCst);
        times
    });
    times.sort();
    Figures {
        p50: times[HANDSHAKES / 2],
        p99: times[HANDSHAKES * 99 / 100],
    }
}

/// The process' resident memory, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kb: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kb << 10)
}

/// A root, an intermediate, and leaves that share one key.
struct Pki {
    root: CertificateDer<'static>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    key: KeyPair,
}

impl Pki {
    fn new() -> Self {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(authority("Root"), key()).unwrap();
        Self {
            root: root.der().clone(),
            intermediate: CertifiedIssuer::signed_by(authority("Intermediate"), key(), &root)
                .unwrap(),
            key: key(),
        }
    }

    fn chain(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Vec<CertificateDer<'static>> {
        let mut leaf = named(name);
        leaf.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        leaf.extended_key_usages = vec![usage];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let leaf = leaf.signed_by(&self.key, &self.intermediate).unwrap();
        vec![leaf.der().clone(), self.intermediate.der().clone()]
    }

    fn peers(&self, count: usize) -> Vec<PeerIdentity> {
        let policy = VerifierPolicy::allow_any_authenticated();
        let algorithms = Rustls::default().signature_algorithms().unwrap();
        let verifier = PeerVerifier::new(self.anchors(), policy, algorithms).unwrap();
        let now = UnixTime::now();
        let peer = |number| {
            let chain = self.chain(
                &format!("peer {number}"),
                ExtendedKeyUsagePurpose::ClientAuth,
            );
            verifier.verify_client(&chain, now).unwrap()
        };
        (0..count).map(peer).collect()
    }

    fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_der([self.root.clone()]).unwrap()
    }

    fn identity(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> MtlsIdentity {
        MtlsIdentity::from_der(self.chain(name, usage), &self.key.serialize_der()).unwrap()
    }

    fn server(&self) -> MtlsServer<Rustls> {
        MtlsServer::builder()
            .identity(self.identity("server", ExtendedKeyUsagePurpose::ServerAuth))
            .trust_anchors(self.anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .live_connections(LiveConnections::Close)
            .build(Rustls::default())
            .unwrap()
    }

    fn client(&self) -> MtlsClient<Rustls> {
        MtlsClient::builder()
            .identity(self.identity("client", ExtendedKeyUsagePurpose::ClientAuth))
            .trust_anchors(self.anchors())
            .build(Rustls::default())
            .unwrap()
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
