//! What our client meets in every program that can be an HTTPS server: one body of tests, for any of them.

use std::net::Ipv4Addr;

use crate::common::programs::{Finished, Running};
use crate::common::raw::Version;
use crate::examples::{CLIENT_BACKENDS, End, LIMIT, client};
use crate::proxy::proxy;
use crate::worlds::{self, World};

/// A program that serves.
pub struct Host {
    /// Dropping it ends the program.
    pub _running: Running,
    pub port: u16,
    /// What it picks from `h2` and `http/1.1`.
    pub alpn: &'static str,
    /// Whether it takes a request's body, and ends its answer in it; the client's name is there in any case.
    pub echoes: bool,
    /// Whether it sends an alert to a client whose CA it does not know, and does not just hang up.
    pub rejects_aloud: bool,
}

impl Host {
    fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.port)
    }
}

/// Lets our client call a program in every way. `serve` starts it.
pub fn calls(serve: &dyn Fn(&End, Version) -> Host) {
    for world in worlds::all() {
        for version in Version::ALL {
            let host = serve(&world.server, version);
            for backend in CLIENT_BACKENDS.iter() {
                println!("{} {backend} {version:?} {}", world.name, host.alpn);
                if world.version_1 {
                    rejects_version_1(backend, &world, &host);
                    rejects_addresses_of_version_1(backend, &world, &host);
                }
                if !(world.version_1 && *backend == "native-tls") {
                    is_greeted(backend, &world, &host, version);
                    is_rejected(backend, &world, &host);
                    rejects_other_names(backend, &world, &host);
                }
                rejects_strangers(backend, &world, &host);
            }
        }
    }
}

fn is_greeted(backend: &str, world: &World, host: &Host, version: Version) {
    let tls = match version {
        Version::Tls12 => "TLS 1.2",
        Version::Tls13 => "TLS 1.3",
    };
    let with_data: &[&str] = if host.echoes { &["--data", "foo"] } else { &[] };
    for data in [&[], with_data] {
        let url = host.url("localhost");
        let arguments = [data, world.opt_in(), &["--verbose", &url]].concat();
        let finished = client(backend, &world.client, &arguments);
        assert!(finished.success(), "{finished:#?}");
        assert!(finished.stdout.contains(world.client_name), "{finished:#?}");
        if !data.is_empty() {
            assert!(finished.stdout.ends_with("foo\n"), "{finished:#?}");
        }
        let spoken = format!("* {tls}, ALPN {}", host.alpn);
        assert!(
            finished.stderr.contains(&spoken),
            "not {spoken}: {finished:#?}"
        );
    }
}

/// The program does not know the CA of our certificate.
fn is_rejected(backend: &str, world: &World, host: &Host) {
    let url = host.url("localhost");
    let finished = client(
        backend,
        &world.stranger,
        &[world.opt_in(), &[&url]].concat(),
    );
    let reported = if !host.rejects_aloud {
        "the server hung up; it may have rejected our certificate"
    } else if backend == "rustls" {
        // rustls alone shows what the server requested.
        "the peer rejected the handshake with the alert unknown_ca\nhint: the server requested a certificate of one of"
    } else {
        "the peer rejected the handshake with the alert unknown_ca\nhint: the peer does not trust the CA"
    };
    assert_fails(&finished, &[reported]);
}

/// We do not know the CA of the program's certificate.
fn rejects_strangers(backend: &str, world: &World, host: &Host) {
    let Some(layered) = crate::common::walkthrough::layered() else {
        return;
    };
    let end = End {
        ca: layered.stranger_root.clone(),
        ..world.client.clone()
    };
    let finished = client(backend, &end, &[&host.url("localhost")]);
    if world.version_1 && backend != "native-tls" {
        // Without the opt-in it goes no further than that.
        assert_fails(
            &finished,
            &["the certificate is not of X.509 version 3", "hint: "],
        );
        return;
    }
    assert_fails(&finished, &["no path leads to a trust anchor", "hint: "]);
}

/// The program's certificate is for other names.
fn rejects_other_names(backend: &str, world: &World, host: &Host) {
    let other = proxy(Ipv4Addr::new(127, 0, 0, 2), host.port, u64::MAX);
    if other.is_err() && !cfg!(target_os = "linux") {
        // Elsewhere 127.0.0.1 alone may be this machine.
        return;
    }
    let other = other.unwrap();
    let url = format!("https://{other}/");
    let finished = client(backend, &world.client, &[world.opt_in(), &[&url]].concat());
    assert_fails(
        &finished,
        &["the certificate is for another name", "127.0.0.2", "hint: "],
    );
}

fn rejects_version_1(backend: &str, world: &World, host: &Host) {
    let url = host.url("localhost");
    let finished = client(backend, &world.client, &[&url]);
    assert_fails(
        &finished,
        &[
            "the certificate is not of X.509 version 3",
            "hint: ",
            "danger_allow_x509_v1_leaf",
        ],
    );
    if backend == "native-tls" {
        let finished = client(backend, &world.client, &["--danger-allow-x509-v1", &url]);
        assert_fails(&finished, &["native-tls does not support "]);
    }
}

/// A common name stands for a DNS name at most, never for an address.
fn rejects_addresses_of_version_1(backend: &str, world: &World, host: &Host) {
    if backend != "native-tls" {
        let url = host.url("127.0.0.1");
        let finished = client(backend, &world.client, &["--danger-allow-x509-v1", &url]);
        assert_fails(
            &finished,
            &["the certificate is for another name", "hint: "],
        );
    }
}

#[track_caller]
fn assert_fails(finished: &Finished, parts: &[&str]) {
    let code = finished.status.and_then(|status| status.code());
    assert_eq!((code, &*finished.stdout), (Some(1), ""), "{finished:#?}");
    for part in parts {
        assert!(
            finished.stderr.contains(part),
            "not `{part}`: {finished:#?}"
        );
    }
}

/// The port at the end of a line of the program's.
pub fn port_of(running: &Running, line: &str) -> u16 {
    let line = running.wait_for_line(line, LIMIT);
    line.rsplit_once(':').unwrap().1.parse().unwrap()
}
