//! A server on watched files, and a client that shakes hands with it all the time.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mtls::pki_types::UnixTime;
use mtls::policy::RevocationDepth;
use mtls::{
    Event, MtlsClient, MtlsIdentity, MtlsServer, RevocationRules, Rustls, Source, Status,
    TrustAnchors, VerifierPolicy,
};

use super::common::on_one_line;
use super::common::pki::Leaf;
use super::common::raw::socket_pair;
use super::place::{Place, decades};

/// No wait takes longer.
pub const LIMIT: Duration = Duration::from_secs(20);

pub struct Stage {
    pub place: Arc<Place>,
    pub server: MtlsServer<Rustls>,
    /// Seconds by which the server's clock is ahead.
    pub ahead: Arc<AtomicI64>,
    log: Arc<Log>,
    failures: Arc<Mutex<Vec<String>>>,
    warnings: Arc<Mutex<Vec<String>>>,
    /// The handshake since which it is the server that was met last.
    since: AtomicUsize,
    threads: Vec<JoinHandle<()>>,
}

/// What the client and the server saw of their handshakes.
#[derive(Default)]
struct Log {
    /// The server that the client met, each time.
    met: Mutex<Vec<String>>,
    failed: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Stage {
    /// `files` says what is watched; with lists among it, the policy asks for them.
    pub fn new(
        place: impl Into<Arc<Place>>,
        files: impl Source + 'static,
        has_lists: bool,
        every: Duration,
    ) -> Self {
        let place = place.into();
        let failures = Arc::new(Mutex::new(Vec::new()));
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let ahead = Arc::new(AtomicI64::new(0));
        let mut policy = VerifierPolicy::allow_any_authenticated();
        if has_lists {
            policy = policy.revocation(RevocationRules::require(RevocationDepth::Leaf));
        }
        let server = MtlsServer::builder()
            .source(files)
            .poll_interval(every)
            .policy(policy)
            .clock({
                let ahead = Arc::clone(&ahead);
                move || {
                    let now = UnixTime::now().as_secs();
                    let now = now.saturating_add_signed(ahead.load(Ordering::Relaxed));
                    UnixTime::since_unix_epoch(Duration::from_secs(now))
                }
            })
            .observer({
                let (failures, warnings) = (Arc::clone(&failures), Arc::clone(&warnings));
                move |event| match event {
                    Event::ReloadFailed(failure) => {
                        failures.lock().unwrap().push(on_one_line(*failure));
                    }
                    Event::IdentityWarning(warning) => {
                        warnings.lock().unwrap().push(warning.to_string());
                    }
                    _ => {}
                }
            })
            .build(Rustls::default())
            .unwrap();
        let log = Arc::new(Log::default());
        let threads = shake_hands(&place, &server, &log);
        Self {
            place,
            server,
            ahead,
            log,
            failures,
            warnings,
            since: AtomicUsize::new(0),
            threads,
        }
    }

    /// The usual: all four files, polled as rarely as can be, so that only a notification explains what is seen in
    /// time.
    pub fn usual() -> Self {
        Self::of_all(Place::new())
    }

    /// The usual, of files that lie elsewhere.
    pub fn of_all(place: Place) -> Self {
        let files = place.files().revocation_lists(place.path("ca.crl"));
        Self::new(place, files, true, Duration::from_secs(600))
    }

    /// Waits for a status; how long it took.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Duration {
        let started = Instant::now();
        let mut changes = self.server.handle().status_changes();
        loop {
            let status = self.server.handle().status();
            if is_so(&status) {
                return started.elapsed();
            }
            let left = LIMIT.saturating_sub(started.elapsed());
            assert!(!left.is_zero(), "{what}: still {status:?}");
            // An entry that wakes no thread is compared too.
            changes.wait(left.min(Duration::from_millis(100)));
        }
    }

    /// Waits for a handshake in which the server is this one, and which began after this call.
    #[track_caller]
    pub fn meets(&self, name: &str) {
        let (started, from) = (Instant::now(), self.count());
        loop {
            let met = self.log.met.lock().unwrap();
            if let Some(after) = met.iter().skip(from).position(|met| met == name) {
                self.since.store(from + after, Ordering::Relaxed);
                return;
            }
            assert!(started.elapsed() < LIMIT, "{name}: {:?}", met.last());
            drop(met);
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for so many more handshakes; all since the first that met this server have met it.
    #[track_caller]
    pub fn meets_only(&self, name: &str, count: usize) {
        let (started, from) = (Instant::now(), self.count());
        while self.count() < from + count {
            assert!(started.elapsed() < LIMIT, "{:?}", self.log.failed.lock());
            thread::sleep(Duration::from_millis(1));
        }
        let (met, since) = (
            self.log.met.lock().unwrap(),
            self.since.load(Ordering::Relaxed),
        );
        let other = met.iter().skip(since).find(|met| *met != name);
        assert_eq!(other, None, "not {name}");
    }

    /// The failures that the observer received.
    pub fn reported(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }

    /// The warnings about identities that the observer received.
    pub fn identity_warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap().clone()
    }

    /// Waits until the observer receives this failure, after so many others.
    #[track_caller]
    pub fn reported_of(&self, before: usize, is_it: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let reported = self.reported();
            if let Some(line) = reported.iter().skip(before).find(|line| is_it(line)) {
                return line.clone();
            }
            assert!(started.elapsed() < LIMIT, "{reported:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until the source has not been asked for a while, so that nothing is on its way.
    #[track_caller]
    pub fn rests(&self) {
        const WHILE: Duration = Duration::from_millis(500);
        let asked = || {
            let status = self.server.handle().status();
            status.reloads() + status.failures()
        };
        let (started, mut last, mut since) = (Instant::now(), asked(), Instant::now());
        while since.elapsed() < WHILE {
            assert!(started.elapsed() < LIMIT, "asked all the time");
            thread::sleep(Duration::from_millis(5));
            if asked() != last {
                (last, since) = (asked(), Instant::now());
            }
        }
    }

    /// Ends it: no handshake has failed. How many there were.
    #[track_caller]
    pub fn end(mut self) -> usize {
        self.log.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
        let failed = self.log.failed.lock().unwrap();
        assert!(
            failed.is_empty(),
            "{} handshakes failed: {:?}",
            failed.len(),
            failed.first()
        );
        self.count()
    }

    fn count(&self) -> usize {
        self.log.met.lock().unwrap().len()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.log.is_over.store(true, Ordering::Relaxed);
    }
}

fn shake_hands(place: &Place, server: &MtlsServer<Rustls>, log: &Arc<Log>) -> Vec<JoinHandle<()>> {
    let alice = Leaf::named("alice")
        .client()
        .validity(decades())
        .issued_by(&place.root);
    let alice = MtlsIdentity::from_der(alice.chain, alice.key.secret_pkcs8_der()).unwrap();
    let client = MtlsClient::builder()
        .identity(alice)
        .trust_anchors(TrustAnchors::from_der([place.root.certificate()]).unwrap())
        .build(Rustls::default())
        .unwrap();
    let (sender, receiver) = sync_channel(0);
    let (near_log, far_log) = (Arc::clone(log), Arc::clone(log));
    let server = server.clone();
    vec![
        thread::spawn(move || call(&client, &sender, &near_log)),
        thread::spawn(move || answer(&server, &receiver, &far_log)),
    ]
}

fn call(client: &MtlsClient<Rustls>, sender: &SyncSender<TcpStream>, log: &Log) {
    while !log.is_over.load(Ordering::Relaxed) {
        let (near, far) = socket_pair();
        sender.send(far).unwrap();
        let met = client
            .connect("localhost", near)
            .map_err(|error| error.to_string());
        let met = met.and_then(|mut stream| {
            // In TLS 1.3 a rejection comes with the first byte.
            let said = stream.read_exact(&mut [0]);
            let name = stream.peer().common_name().unwrap_or_default().to_owned();
            said.map(|()| name).map_err(|error| error.to_string())
        });
        match met {
            Ok(name) => log.met.lock().unwrap().push(name),
            Err(error) => log.failed.lock().unwrap().push(format!("client: {error}")),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn answer(server: &MtlsServer<Rustls>, receiver: &Receiver<TcpStream>, log: &Log) {
    for socket in receiver {
        let said = server.accept(socket).map_err(|error| error.to_string());
        let said = said.and_then(|mut stream| {
            let said = stream.write_all(b".").and_then(|()| stream.flush());
            said.map_err(|error| error.to_string())
        });
        if let Err(error) = said {
            log.failed.lock().unwrap().push(format!("server: {error}"));
        }
    }
}
