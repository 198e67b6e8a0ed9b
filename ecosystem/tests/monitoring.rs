//! A real Prometheus scrapes a program through rotation, revocation, expiry and failure.
//!
//! The rules are those of `examples/monitoring/alerts.yml`, with shorter times: each alert fires
//! when it should, and no other does. The long times are tested by promtool.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::LIMIT;
use common::programs::Program;
use common::server::{Server, free_port};
use common::workshop::Workshop;
use mtls::pki_types::UnixTime;
use mtls::{
    MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, Rustls, TrustAnchors, VerifierPolicy,
};
use time::Duration as Span;

const MONITORED: &str = env!("CARGO_BIN_EXE_monitored");
const ALERTS: &str = include_str!("../../examples/monitoring/alerts.yml");
/// Where the program's files are.
const FOLDER: &str = "member";
/// The serial number of a client that is revoked in time.
const BOB: u64 = 0x1b0b;
/// No other alert may fire for so long.
const STEADY: Duration = Duration::from_millis(800);

/// What the callers of the program do, and what its upstream server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Good,
    /// A revoked client calls.
    Bob,
    /// Programs without a certificate look around.
    Scan,
    /// Some clients begin late.
    Slow,
    /// The upstream server rejects the program.
    RejectsUs,
    /// The upstream server hangs up.
    HangsUp,
}

struct Prometheus(Server);

impl Prometheus {
    fn start(program: &Program, folder: &Path, target: u16) -> Self {
        // A rate needs two samples in its window, and the window has to pass in a moment.
        let rules = ["[5m]", "[10m]"]
            .iter()
            .fold(ALERTS.to_owned(), |rules, window| {
                rules.replace(window, "[2s]")
            });
        let rules = ["for: 5m", "for: 10m"]
            .iter()
            .fold(rules, |rules, pause| rules.replace(pause, "for: 500ms"));
        fs::write(folder.join("alerts.yml"), rules).unwrap();
        let config = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
             rule_files: [alerts.yml]\n\
             scrape_configs:\n  - job_name: mtls\n    static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n"
        );
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        let port = free_port();
        let mut command = program.command();
        command
            .current_dir(folder)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        Self(Server::start(&mut command, port))
    }

    fn get(&self, path: &str) -> serde_json::Value {
        let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, self.0.port)).unwrap();
        write!(tcp, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or(serde_json::Value::Null)
    }

    fn firing(&self) -> BTreeSet<String> {
        let answer = self.get("/api/v1/alerts");
        let alerts = answer["data"]["alerts"].as_array();
        let alerts = alerts.into_iter().flatten();
        alerts
            .filter(|alert| alert["state"] == "firing")
            .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The value of a query with one series.
    fn value(&self, query: &str) -> Option<f64> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = self.get(&format!("/api/v1/query?query={query}"));
        answer["data"]["result"][0]["value"][1]
            .as_str()?
            .parse()
            .ok()
    }

    #[track_caller]
    fn wait_for(&self, query: &str, value: f64) {
        let started = Instant::now();
        while self.value(query) != Some(value) {
            assert!(
                started.elapsed() < LIMIT,
                "{query}: {:?}",
                self.value(query)
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until these alerts fire, and no other; and they have to go on.
    #[track_caller]
    fn expect(&self, alerts: &[&str]) {
        let expected: BTreeSet<_> = alerts.iter().map(|name| (*name).to_owned()).collect();
        let (started, mut since) = (Instant::now(), None::<Instant>);
        loop {
            let firing = self.firing();
            if firing == expected {
                if since.get_or_insert_with(Instant::now).elapsed() > STEADY {
                    return;
                }
            } else {
                since = None;
            }
            assert!(started.elapsed() < LIMIT, "{firing:?}, not {expected:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn identity(folder: &Path, name: &str) -> MtlsIdentity {
    let file = |kind| folder.join(format!("{name}.{kind}"));
    MtlsIdentity::from_files(file("crt"), file("key")).unwrap()
}

fn anchors(folder: &Path) -> TrustAnchors {
    TrustAnchors::from_file(folder.join("ca.crt")).unwrap()
}

/// A client that finds our certificate valid, also when it has just expired.
fn caller(workshop: &Workshop, folder: &str) -> MtlsClient {
    let folder = workshop.path(folder);
    MtlsClient::builder()
        .identity(identity(&folder, "client"))
        .trust_anchors(anchors(&folder))
        .clock(|| UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() - 3600)))
        .build(Rustls::default())
        .unwrap()
}

/// One connection to the program, after a pause.
fn call(client: &MtlsClient, port: u16, pause: Duration) {
    let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    thread::sleep(pause);
    // Whether it succeeds is what Prometheus sees.
    if let Ok(mut stream) = client.connect("localhost", tcp) {
        let _ = stream.write_all(b"GET / HTTP/1.0\r\n\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

fn scan(port: u16) {
    let mut tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let _ = tcp.write_all(b"GET / HTTP/1.1\r\n\r\n");
    let _ = tcp.read_to_end(&mut Vec::new());
}

/// The server that the program calls.
fn serve_upstream(server: &[MtlsServer; 2], listener: &TcpListener, mode: &Mutex<Mode>) {
    listener.set_nonblocking(false).unwrap();
    for tcp in listener.incoming() {
        let tcp = tcp.unwrap();
        let [good, strict] = server;
        let server = match *mode.lock().unwrap() {
            Mode::HangsUp => continue,
            Mode::RejectsUs => strict,
            _ => good,
        };
        if let Ok(mut stream) = server.accept(tcp) {
            let _ = stream.close();
        }
    }
}

#[test]
fn each_alert_fires_when_it_should_and_only_then() {
    let (Some(prometheus), Some(_)) = (Program::prometheus(), Program::promtool()) else {
        return;
    };
    let workshop = Workshop::open();
    workshop.open_folder(FOLDER);
    workshop.open_folder("bob");
    workshop.issue_client_in("bob", "bob", BOB);
    let (hour, day) = (Span::HOUR, Span::DAY);
    let list = |number, revoked: &[u64], age, left| {
        workshop.publish_list(FOLDER, number, revoked, (age, left));
    };
    list(1, &[], 3 * day, 9 * day);

    // Its metrics and its upstream server are at the next ports.
    let port = free_port();
    let upstream = TcpListener::bind((Ipv4Addr::LOCALHOST, port + 2)).unwrap();
    let servers = [VerifierPolicy::allow_any_authenticated(), {
        VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap())
    }];
    let folder = workshop.path(FOLDER);
    let servers = servers.map(|policy| {
        MtlsServer::builder()
            .identity(identity(&folder, "server"))
            .trust_anchors(anchors(&folder))
            .policy(policy)
            .build(Rustls::default())
            .unwrap()
    });
    let mode = &*Box::leak(Box::new(Mutex::new(Mode::Good)));
    thread::spawn(move || serve_upstream(&servers, &upstream, mode));
    let mut command = std::process::Command::new(MONITORED);
    command.arg(port.to_string()).current_dir(&folder);
    let _program = Server::start(&mut command, port);
    let data = workshop.path("prometheus");
    fs::create_dir(&data).unwrap();
    let prometheus = Prometheus::start(&prometheus, &data, port + 1);

    let is_over = AtomicBool::new(false);
    let alice = caller(&workshop, FOLDER);
    let bob = caller(&workshop, "bob");
    thread::scope(|scope| {
        // It ends with the test, also with one that fails.
        let _over = Over(&is_over);
        for slot in 0..4 {
            let (alice, bob, is_over) = (&alice, &bob, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let now = *mode.lock().unwrap();
                    match now {
                        Mode::Bob if slot == 1 => call(bob, port, Duration::ZERO),
                        Mode::Scan if slot == 2 => scan(port),
                        Mode::Slow if slot == 3 => call(alice, port, Duration::from_millis(2500)),
                        _ => call(alice, port, Duration::ZERO),
                    }
                    thread::sleep(Duration::from_millis(40));
                }
            });
        }
        let set = |next| *mode.lock().unwrap() = next;
        let expect = |alerts: &[&str]| prometheus.expect(alerts);

        expect(&["MtlsRevocationListOld"]);
        list(2, &[], hour, 9 * day);
        expect(&[]);
        list(3, &[], hour, hour / 2);
        expect(&["MtlsRevocationListStale"]);
        list(4, &[], hour, 9 * day);
        expect(&[]);
        set(Mode::Scan);
        prometheus.wait_for(
            "increase(mtls_handshakes_total{outcome='not_tls'}[2s]) > bool 5",
            1.0,
        );
        expect(&[]);

        // A rotation is no fault, and neither is a peer's; a peer that goes on is one.
        set(Mode::Good);
        let revision = prometheus.value("mtls_revision{name='public'}").unwrap();
        workshop.issue_server_for(FOLDER, 0x2003, 90 * day);
        prometheus.wait_for("mtls_revision{name='public'}", revision + 1.0);
        list(5, &[BOB], hour, 9 * day);
        prometheus.wait_for("mtls_revision{name='public'}", revision + 2.0);
        expect(&[]);
        set(Mode::Bob);
        expect(&["MtlsServerRejectsPeers"]);
        prometheus.wait_for("mtls_handshakes_total{reason='revoked'} > bool 5", 1.0);
        set(Mode::Good);
        expect(&[]);

        workshop.issue_server_for(FOLDER, 0x2004, 2 * day);
        expect(&["MtlsCertificateExpiresSoon"]);
        workshop.issue_server_for(FOLDER, 0x2005, Span::seconds(5));
        expect(&["MtlsCertificateExpired", "MtlsNotServing"]);
        workshop.issue_server_for(FOLDER, 0x2006, 90 * day);
        expect(&[]);
        workshop.trust_in(FOLDER, Some(10 * day));
        expect(&["MtlsTrustAnchorExpiresSoon"]);
        workshop.trust_in(FOLDER, None);
        expect(&[]);

        let list_file = folder.join("ca.crl");
        let good = fs::read(&list_file).unwrap();
        fs::write(&list_file, "no list").unwrap();
        expect(&["MtlsReloadsFail"]);
        fs::write(&list_file, good).unwrap();
        expect(&[]);

        set(Mode::RejectsUs);
        expect(&["MtlsServersRejectUs"]);
        set(Mode::HangsUp);
        expect(&["MtlsClientHandshakesFail"]);
        set(Mode::Slow);
        expect(&["MtlsHandshakesSlow"]);
        set(Mode::Good);
        expect(&[]);
    });
}

/// Ends the callers when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
