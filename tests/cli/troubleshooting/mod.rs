//! The guide `troubleshooting`: every message and every output in it is of a program that ran here,
//! but for those of Envoy, which are from its sources.

mod calls;
mod envoy;
mod guide;
mod nginx;
mod servers;
mod text;
mod world;

use std::process::Command;

use time::OffsetDateTime;

use crate::common::programs::{Program, run as run_program};
use crate::workshop::{LIMIT, Workshop};
use calls::{Call, Numbered, Printed};
use guide::Messages;
use servers::Servers;
use text::Run;

/// A call of a client without a certificate, by HTTPS.
const fn call(section: &'static str, server: &'static str) -> Call {
    Call {
        section,
        server,
        scheme: "https",
        identity: None,
        is_old: false,
    }
}

/// A call of a client with this certificate.
const fn with(section: &'static str, server: &'static str, identity: &'static str) -> Call {
    Call {
        identity: Some(identity),
        ..call(section, server)
    }
}

const fn by_http(section: &'static str, server: &'static str) -> Call {
    Call {
        scheme: "http",
        ..call(section, server)
    }
}

const CALLS: &[Call] = &[
    call("server-expired", "server-expired"),
    call("server-early", "server-early"),
    call("server-name", "server-name"),
    call("server-other", "server-other"),
    call("server-other", "server-self"),
    call("server-leaf", "server-leaf"),
    call("server-usage", "server-usage"),
    call("no-certificate", "rustls"),
    call("no-certificate", "go"),
    call("no-certificate", "nginx"),
    with("client-other", "rustls", "client-other"),
    with("client-other", "go", "client-other"),
    with("client-other", "nginx", "client-other"),
    with("client-leaf", "rustls", "client-leaf"),
    with("client-leaf", "go", "client-leaf"),
    with("client-leaf", "nginx", "client-leaf"),
    with("client-expired", "rustls", "client-expired"),
    with("client-expired", "go", "client-expired"),
    with("client-expired", "nginx", "client-expired"),
    with("client-usage", "rustls", "client-usage"),
    with("client-usage", "go", "client-usage"),
    with("client-usage", "nginx", "client-usage"),
    with("client-revoked", "rustls-revoked", "client-revoked"),
    with("client-revoked", "nginx-revoked", "client-revoked"),
    with("stale-list", "rustls-stale", "client"),
    with("stale-list", "nginx-stale", "client"),
    with("not-authorized", "proxy", "client"),
    with("client-mixed", "rustls", "client-mixed"),
    with("client-locked", "rustls", "client-locked"),
    by_http("http-to-tls", "good"),
    by_http("http-to-tls", "rustls"),
    by_http("http-to-tls", "go"),
    call("tls-to-http", "plain"),
    Call {
        is_old: true,
        ..call("no-common", "tls13")
    },
    call("no-common", "ciphers"),
    call("closed", "closing"),
    call("timeout", "silent"),
];

#[test]
fn the_guide_shows_what_programs_print() {
    // Without these there are no servers.
    let programs = (Program::openssl(), Program::nginx(), Program::go());
    let (Some(openssl), Some(nginx), Some(go)) = programs else {
        return;
    };
    let began = OffsetDateTime::now_utc();
    let workshop = Workshop::new();
    world::write(&workshop, &openssl);
    let go_version = format!("Go {}", version(&go, "version"));
    let go = calls::build_go(&workshop, &go);
    let mut places: Vec<_> = CALLS
        .iter()
        .map(|call| (call.server, call.section))
        .collect();
    places.dedup();
    let servers = Servers::start(&workshop, &places, &nginx, &go);
    let run = Run {
        began,
        folder: workshop.path().display().to_string(),
        ports: servers.ports(),
    };
    let numbered: Vec<Numbered> = CALLS
        .iter()
        .enumerate()
        .map(|(number, call)| (number, *call, servers.port((call.server, call.section))))
        .collect();
    let mut messages = Messages::default();
    let mut of_go = 0;
    let mut add = |program: &str, version: &str, printed: Vec<Printed>| {
        messages.version(program, version);
        for (number, line) in printed {
            let call = CALLS[number];
            of_go += usize::from(call.server == "go");
            messages.add(program, call.section, &run.stable(&line));
        }
    };
    if let Some(curl) = Program::curl() {
        let words = words_of_version(&curl, "--version");
        let library = words.split(' ').find(|word| word.starts_with("OpenSSL/"));
        let library = library.unwrap_or("another library");
        let version = format!("curl {} with {library}", version(&curl, "--version"));
        add("curl", &version, calls::curl(&curl, &workshop, &numbered));
    }
    let printed = calls::s_client(&openssl, &workshop, &numbered);
    let version_of_openssl = format!("OpenSSL {}", version(&openssl, "version"));
    add("openssl s_client", &version_of_openssl, printed);
    let mut client = Command::new(&go);
    let printed = calls::peer(client.arg("client"), &workshop, &numbered);
    add("Go", &go_version, printed);
    if let Some(node) = Program::node() {
        let script = workshop.write("peer.js", include_str!("peer.js"));
        let mut command = node.command();
        // It waits without an end.
        let numbered = without(&numbered, "silent");
        let printed = calls::peer(command.arg(script), &workshop, &numbered);
        let version = format!("Node {}", version(&node, "--version"));
        add("Node", &version, printed);
    }
    if let Some(java) = Program::java() {
        let source = workshop.write("Peer.java", include_str!("Peer.java"));
        let mut command = java.command();
        command.arg("-XX:TieredStopAtLevel=1").arg(source);
        // The JDK reads no PEM: what it says about an encrypted key depends on what reads it.
        let mut numbered = numbered.clone();
        numbered.retain(|(_, call, _)| call.section != "client-locked");
        let printed = calls::peer(&mut command, &workshop, &numbered);
        let version = format!("OpenJDK {}", version(&java, "--version"));
        add("Java", &version, printed);
    }
    let nginx_version = format!("nginx {}", version(&nginx, "-v"));
    let printed = nginx::calls(&nginx, &workshop, &numbered);
    add("nginx (upstream)", &nginx_version, printed);
    let rustls = rustls_version();
    // Its limit of time is the socket's.
    let numbered = without(&numbered, "silent");
    add("rustls", &rustls, calls::rustls(&workshop, &numbered));
    let mut lines = servers.lines(of_go);
    // Connections run side by side.
    lines.sort_by_key(|(_, section, line)| (place_of(section), line.clone()));
    for (program, section, line) in lines {
        messages.add(program, section, &run.stable(&line));
    }
    messages.version("rustls (server)", &rustls);
    messages.version("Go (server)", &go_version);
    messages.version("nginx (server)", &nginx_version);
    for section in ["client-mixed", "client-locked"] {
        let line = nginx::complaint(&nginx, &workshop, section);
        messages.add("nginx (server)", section, &run.stable(&line));
    }
    guide::check(messages, &workshop, &servers, &run);
}

fn place_of(section: &str) -> Option<usize> {
    CALLS.iter().position(|call| call.section == section)
}

/// Returns the calls to other servers.
fn without(calls: &[Numbered], server: &str) -> Vec<Numbered> {
    let calls = calls.iter().filter(|(_, call, _)| call.server != server);
    calls.copied().collect()
}

/// The number of a program's version.
fn version(program: &Program, argument: &str) -> String {
    let words = words_of_version(program, argument);
    let words = words.split([' ', '/']);
    let mut numbers = words.map(|word| word.trim_start_matches(|c: char| c.is_ascii_lowercase()));
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    numbers.find(is_number).unwrap().to_owned()
}

/// The first line of what a program says about its version.
fn words_of_version(program: &Program, argument: &str) -> String {
    let said = run_program(program.command().arg(argument), b"", LIMIT);
    assert!(said.success(), "{said:#?}");
    // nginx says it on standard error.
    let said = [said.stdout, said.stderr].concat();
    said.lines().next().unwrap().to_owned()
}

fn rustls_version() -> String {
    let lock = include_str!("../../../Cargo.lock");
    let (_, rest) = lock.split_once("name = \"rustls\"\nversion = \"").unwrap();
    format!("rustls {}", rest.split('"').next().unwrap())
}
