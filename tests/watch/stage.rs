//! A server on watched files, and a client that shakes hands with it all the time.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mtls::pki_types::UnixTime;
use mtls::{
    Event, FileSource, MtlsClient, MtlsIdentity, MtlsServer, RevocationDepth, RevocationRules,
    Rustls, Status, TrustAnchors, VerifierPolicy,
};

use super::common::pki::Leaf;
use super::common::raw::socket_pair;
use super::place::{Place, decades};

/// No wait takes longer.
pub const LIMIT: Duration = Duration::from_secs(20);

pub struct Stage {
    pub place: Place,
    pub server: MtlsServer<Rustls>,
    /// Seconds by which the server's clock is ahead.
    pub ahead: Arc<AtomicI64>,
    log: Arc<Log>,
    failures: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the client and the server saw of their handshakes.
#[derive(Default)]
struct Log {
    /// Whom the client met, each time.
    met: Mutex<Vec<String>>,
    failed: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Stage {
    /// `files` says what is watched; with lists among it, the policy asks for them.
    pub fn new(place: Place, files: FileSource, has_lists: bool, every: Duration) -> Self {
        let failures = Arc::new(Mutex::new(Vec::new()));
        let ahead = Arc::new(AtomicI64::new(0));
        let mut policy = VerifierPolicy::allow_any_authenticated();
        if has_lists {
            policy = policy.with_revocation(RevocationRules::require(RevocationDepth::Leaf));
        }
        let server = MtlsServer::builder()
            .source(files)
            .reload_every(every)
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
                let failures = Arc::clone(&failures);
                move |event| {
                    if let Event::ReloadFailed(failure) = event {
                        failures.lock().unwrap().push(failure.to_string());
                    }
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
            threads,
        }
    }

    /// The usual: all four files, polled as rarely as can be, so that what is seen in time was told.
    pub fn usual() -> Self {
        let place = Place::new();
        let files = place.files().revocation_lists(place.path("ca.crl"));
        Self::new(place, files, true, Duration::from_secs(600))
    }

    /// Waits for a status; how long it took.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&Status) -> bool) -> Duration {
        let started = Instant::now();
        let mut changes = self.server.status_changes();
        loop {
            let status = self.server.status();
            if is_so(&status) {
                return started.elapsed();
            }
            let left = LIMIT.saturating_sub(started.elapsed());
            assert!(!left.is_zero(), "{what}: still {status:?}");
            // What does not wake anybody is looked at as well.
            changes.wait(left.min(Duration::from_millis(100)));
        }
    }

    /// Waits for a handshake in which the server is this one, and which began after this call.
    #[track_caller]
    pub fn meets(&self, name: &str) {
        let (started, from) = (Instant::now(), self.met().len());
        while !self.met().iter().skip(from).any(|met| met == name) {
            assert!(started.elapsed() < LIMIT, "{name}: {:?}", self.met().last());
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for so many more handshakes; all since the first have this server.
    #[track_caller]
    pub fn meets_only(&self, name: &str, count: usize) {
        let (started, from) = (Instant::now(), self.met().len());
        while self.met().len() < from + count {
            assert!(started.elapsed() < LIMIT, "{:?}", self.log.failed.lock());
            thread::sleep(Duration::from_millis(1));
        }
        assert!(self.met().iter().all(|met| met == name), "{:?}", self.met());
    }

    /// What the observer was told of failures.
    pub fn told(&self) -> Vec<String> {
        self.failures.lock().unwrap().clone()
    }

    /// Waits until the observer was told of this.
    #[track_caller]
    pub fn told_of(&self, is_it: impl Fn(&str) -> bool) -> String {
        let started = Instant::now();
        loop {
            let told = self.told();
            if let Some(line) = told.iter().find(|line| is_it(line)) {
                return line.clone();
            }
            assert!(started.elapsed() < LIMIT, "{told:?}");
            thread::sleep(Duration::from_millis(1));
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
        self.met().len()
    }

    fn met(&self) -> Vec<String> {
        self.log.met.lock().unwrap().clone()
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
            // In TLS 1.3 a refusal comes with the first byte.
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
