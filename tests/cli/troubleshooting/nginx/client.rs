//! nginx as a client: it passes requests on, each to a server.

use std::fmt::Write as _;

use super::{FreePorts, Process, get, message};
use crate::common::programs::Program;
use crate::troubleshooting::calls::{Numbered, Printed};
use crate::workshop::Workshop;

/// Makes the calls, each by its own path, `/NUMBER`.
///
/// Not those with a key that nginx does not even start with.
pub(in super::super) fn calls(
    nginx: &Program,
    workshop: &Workshop,
    calls: &[Numbered],
) -> Vec<Printed> {
    let starts =
        |call: &&Numbered| !matches!(call.1.identity, Some("client-mixed" | "client-locked"));
    let calls: Vec<_> = calls.iter().filter(starts).collect();
    let mut free = FreePorts::new();
    let port = free.take();
    let mut locations = String::new();
    for (number, call, server) in &calls {
        write!(locations, "location /{number} {{ ").unwrap();
        if let Some(name) = call.identity {
            write!(
                locations,
                "proxy_ssl_certificate {name}.crt; proxy_ssl_certificate_key {name}.key; "
            )
            .unwrap();
        }
        let versions = if call.is_old {
            "TLSv1.2"
        } else {
            "TLSv1.2 TLSv1.3"
        };
        let (scheme, limit) = (call.scheme, call.limit());
        writeln!(
            locations,
            "proxy_ssl_protocols {versions}; proxy_read_timeout {limit}s; proxy_connect_timeout {limit}s; \
             proxy_pass {scheme}://127.0.0.1:{server}; }}"
        )
        .unwrap();
    }
    let servers = format!(
        "server {{ listen 127.0.0.1:{port}; proxy_ssl_trusted_certificate ca.crt; \
         proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_name localhost; \
         proxy_ssl_session_reuse off; {locations} }}\n"
    );
    drop(free);
    let process = Process::start(nginx, workshop, "nginx-client", &servers);
    process.wait_until_open(port);
    for (number, ..) in &calls {
        get(port, &format!("/{number}"));
    }
    process.log().lines().filter_map(of_call).collect()
}

/// What a line says about a call, by its request.
fn of_call(line: &str) -> Option<Printed> {
    let (message, tail) = message(line)?;
    let (_, path) = tail.split_once("request: \"GET /")?;
    let number = path.split(' ').next()?.parse().ok()?;
    Some((number, message.to_owned()))
}
