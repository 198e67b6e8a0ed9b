//! The servers of every cause, each at its own port.

mod rustls_server;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::nginx::Nginx;
use crate::common::programs::{Program, Running};
use crate::workshop::{LIMIT, Workshop};

/// No peer waits longer for another.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A server, and the section that it is for.
pub(super) type Place = (&'static str, &'static str);

/// What is at which port, and what it wrote.
pub(super) struct Servers {
    ports: BTreeMap<Place, u16>,
    /// The section and the line, of servers of rustls.
    log: Arc<Mutex<Vec<(&'static str, String)>>>,
    /// How many connections of those are open.
    open: Arc<AtomicUsize>,
    nginx: Nginx,
    go: Running,
    _proxy: Running,
}

impl Servers {
    /// Starts the servers at these places.
    pub(super) fn start(workshop: &Workshop, places: &[Place], nginx: &Program, go: &Path) -> Self {
        let mut ports = BTreeMap::new();
        let proxy = start_proxy(workshop);
        let port = port_of(&proxy.wait_for_line("listening", LIMIT));
        let proxies = places.iter().filter(|(server, _)| *server == "proxy");
        ports.extend(proxies.map(|place| (*place, port)));
        let mut servers = Self {
            nginx: Nginx::start(nginx, workshop, places, &mut ports),
            go: start_go(workshop, go, places, &mut ports),
            _proxy: proxy,
            ports,
            log: Arc::default(),
            open: Arc::default(),
        };
        for place in places {
            servers.start_thread(workshop, *place);
        }
        servers
    }

    pub(super) fn port(&self, place: (&str, &str)) -> u16 {
        let port = self.ports.get(&place);
        *port.unwrap_or_else(|| panic!("no server {place:?}"))
    }

    pub(super) fn ports(&self) -> Vec<u16> {
        self.ports.values().copied().collect()
    }

    /// Returns the lines that the servers wrote: the program, the section and the line.
    ///
    /// Go's server has written this many at least.
    pub(super) fn lines(&self, of_go: usize) -> Vec<(&'static str, &'static str, String)> {
        wait_for("end of all connections", || {
            self.open.load(Ordering::SeqCst) == 0
        });
        let log = self.log.lock().unwrap();
        let mut lines: Vec<_> = log
            .iter()
            .map(|(section, line)| ("rustls (server)", *section, line.clone()))
            .collect();
        for (port, line) in self.nginx.lines() {
            lines.push(("nginx (server)", self.section(port), line));
        }
        wait_for("log of Go", || self.go.stderr().lines().count() >= of_go);
        for line in self.go.stderr().lines() {
            let (port, line) = line.split_once(' ').unwrap();
            let section = self.section(port.parse().unwrap());
            lines.push(("Go (server)", section, without_port(line)));
        }
        lines
    }

    fn section(&self, port: u16) -> &'static str {
        let mut ports = self.ports.iter();
        let found = ports.find(|(_, at)| **at == port);
        let ((_, section), _) = found.expect("no server has this port");
        section
    }

    /// Starts a server that is a thread: of rustls, or one that does not even speak TLS.
    fn start_thread(&mut self, workshop: &Workshop, place: Place) {
        let (server, section) = place;
        let list = match server {
            "rustls" => None,
            "rustls-revoked" => Some("ca.crl"),
            "rustls-stale" => Some("stale-list.crl"),
            // It reads to the end, so that there is no reset.
            "closing" => {
                return self.serve(place, |mut stream| {
                    stream.read_exact(&mut [0; 1]).ok();
                    stream.shutdown(Shutdown::Write).ok();
                    io::copy(&mut stream, &mut io::sink()).ok();
                });
            }
            "silent" => {
                return self.serve(place, |mut stream| {
                    io::copy(&mut stream, &mut io::sink()).ok();
                });
            }
            _ => return,
        };
        let config = rustls_server::config(workshop.path(), list);
        let log = self.log.clone();
        self.serve(place, move |stream| {
            // A client that goes away says nothing.
            if let Err(error) = rustls_server::answer(stream, &config)
                && error != "unexpected end of file"
            {
                log.lock().unwrap().push((section, error));
            }
        });
    }

    fn serve(&mut self, place: Place, answer: impl Fn(TcpStream) + Clone + Send + 'static) {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        self.ports.insert(place, tcp.local_addr().unwrap().port());
        let open = self.open.clone();
        thread::spawn(move || {
            for stream in tcp.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let (answer, open) = (answer.clone(), open.clone());
                open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    answer(stream);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
    }
}

/// Starts the servers of Go, all in one process.
fn start_go(
    workshop: &Workshop,
    program: &Path,
    places: &[Place],
    ports: &mut BTreeMap<Place, u16>,
) -> Running {
    let places: Vec<_> = places.iter().filter(|place| place.0 == "go").collect();
    let mut command = Command::new(program);
    command.current_dir(workshop.path());
    command.args(["server", "server.crt", "server.key", "ca.crt"]);
    let running = Running::start(command.arg(places.len().to_string()));
    let line = running.wait_for_line("listening", LIMIT);
    let chosen = line.split(' ').skip(1).map(|port| port.parse().unwrap());
    ports.extend(places.into_iter().copied().zip(chosen));
    running
}

/// Cuts the client's port from a line of Go's: `from 127.0.0.1:40000: ..`.
fn without_port(line: &str) -> String {
    let Some((head, tail)) = line.split_once(" from 127.0.0.1:") else {
        return line.to_owned();
    };
    let (_, tail) = tail.split_once(": ").unwrap_or_default();
    format!("{head} from 127.0.0.1:50000: {tail}")
}

/// `mtls proxy`, which lets one name in.
fn start_proxy(workshop: &Workshop) -> Running {
    let mut command = workshop.command(
        "proxy --listen 127.0.0.1:0 --forward 127.0.0.1:1 --cert server.crt --key server.key \
         --cacert ca.crt --json --policy",
    );
    Running::start(command.arg(r#"dns("billing.internal")"#))
}

fn port_of(line: &str) -> u16 {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let message = line["message"].as_str().unwrap();
    let mut words = message.split([' ', ',']);
    let address = words.find_map(|word| word.strip_prefix("127.0.0.1:"));
    address.unwrap().parse().unwrap()
}

pub(super) fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !is_there() {
        assert!(Instant::now() < deadline, "no {what} in time");
        thread::sleep(Duration::from_millis(10));
    }
}
