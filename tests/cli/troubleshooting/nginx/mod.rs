//! nginx, as a server and as a client of other servers.

mod client;
mod server;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{self, Command};

use super::servers::{PATIENCE, wait_for};
use crate::common::programs::{Program, Running, run};
use crate::workshop::{LIMIT, Workshop};

pub(super) use client::calls;
pub(super) use server::Nginx;

/// One nginx, and its log.
struct Process {
    _running: Running,
    log: PathBuf,
}

impl Process {
    fn start(nginx: &Program, workshop: &Workshop, name: &str, servers: &str) -> Self {
        Self {
            _running: Running::start(&mut command(nginx, workshop, name, servers)),
            log: workshop.path().join(format!("{name}.log")),
        }
    }

    fn wait_until_open(&self, port: u16) {
        wait_for("nginx", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    }

    /// A client's garbage is in it, too.
    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }
}

/// Returns the message in `.. 1#1: *5 MESSAGE, client: 127.0.0.1, ..`, and what follows.
fn message(line: &str) -> Option<(&str, &str)> {
    let (head, tail) = line.split_once(", client: ")?;
    let (_, numbered) = head.split_once(": *")?;
    Some((numbered.split_once(' ')?.1, tail))
}

/// Waits for the whole answer.
fn get(port: u16, path: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

/// Returns what nginx says about a key, with which it does not start.
pub(super) fn complaint(nginx: &Program, workshop: &Workshop, name: &str) -> String {
    let block = format!("server {{ listen 127.0.0.1:1 ssl; {}; }}", files(name));
    let mut command = command(nginx, workshop, "nginx-key", &block);
    let finished = run(command.arg("-t"), b"", LIMIT);
    let mut lines = finished.stderr.lines();
    let line = lines.find_map(|line| line.split_once("[emerg] "));
    let (_, line) = line.unwrap_or_else(|| panic!("{finished:#?}"));
    // The numbers of the process and the thread come first.
    let (_, line) = line.split_once(": ").unwrap();
    // The first of OpenSSL's errors is enough.
    match line.match_indices(" error:").nth(1) {
        Some((end, _)) => format!("{} ..)", &line[..end]),
        None => line.to_owned(),
    }
}

fn files(name: &str) -> String {
    format!("ssl_certificate {name}.crt; ssl_certificate_key {name}.key")
}

/// Returns nginx with a configuration, whose files have this name.
fn command(nginx: &Program, workshop: &Workshop, name: &str, servers: &str) -> Command {
    let folder = workshop.path().display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/temporary;\n"))
        .concat();
    let text = format!(
        "daemon off; master_process off; pid {folder}/{name}.pid;\n\
         error_log {folder}/{name}.log info;\n\
         events {{}}\nhttp {{ access_log off;\n{temporary}{servers}}}\n"
    );
    let config = workshop.write(&format!("{name}.conf"), &text);
    let mut command = nginx.command();
    command.args(["-e", "stderr", "-p"]);
    command.arg(workshop.path()).arg("-c").arg(config);
    command
}

/// Ports for a program that cannot choose one: below those that the system gives to others.
struct FreePorts {
    next: u16,
    held: Vec<TcpListener>,
}

impl FreePorts {
    fn new() -> Self {
        let offset = u16::try_from(process::id() % 10_000).unwrap();
        Self {
            next: 20_000 + offset,
            held: Vec::new(),
        }
    }

    /// The port stays free until this is dropped.
    fn take(&mut self) -> u16 {
        loop {
            let port = self.next;
            self.next += 1;
            if let Ok(tcp) = TcpListener::bind(("127.0.0.1", port)) {
                self.held.push(tcp);
                return port;
            }
        }
    }
}
