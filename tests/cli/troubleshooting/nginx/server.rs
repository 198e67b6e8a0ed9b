//! nginx as a server: a port for each certificate and setting.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{FreePorts, Process, files, get, message};
use crate::common::programs::Program;
use crate::troubleshooting::servers::Place;
use crate::workshop::Workshop;

/// By the name of the server: its certificate, and further directives.
const SERVERS: [(&str, &str, &str); 14] = [
    ("good", "server", ""),
    ("server-expired", "server-expired", ""),
    ("server-early", "server-early", ""),
    ("server-name", "server-name", ""),
    ("server-other", "server-other", ""),
    ("server-self", "server-self", ""),
    ("server-leaf", "server-leaf", ""),
    ("server-usage", "server-usage", ""),
    ("tls13", "server", "ssl_protocols TLSv1.3;"),
    (
        "ciphers",
        "server",
        "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384;",
    ),
    ("nginx", "server", VERIFY),
    ("nginx-revoked", "server", "LIST ca.crl"),
    ("nginx-stale", "server", "LIST stale-list.crl"),
    ("plain", "", ""),
];

const VERIFY: &str = "ssl_client_certificate ca.crt; ssl_verify_client on; ssl_verify_depth 3;";

pub(in super::super) struct Nginx {
    process: Process,
    /// The port of the server without TLS.
    plain: u16,
}

impl Nginx {
    /// Starts those of the servers that nginx is, and adds their ports.
    pub(in super::super) fn start(
        nginx: &Program,
        workshop: &Workshop,
        places: &[Place],
        ports: &mut BTreeMap<Place, u16>,
    ) -> Self {
        let mut free = FreePorts::new();
        let mut blocks = String::new();
        let mut plain = None;
        for place in places {
            let mut known = SERVERS.iter();
            let Some((name, certificate, more)) = known.find(|(name, ..)| *name == place.0) else {
                continue;
            };
            let port = free.take();
            ports.insert(*place, port);
            let tls = if *name == "plain" {
                plain = Some(port);
                String::new()
            } else {
                format!("ssl; {}", files(certificate))
            };
            let more = match more.strip_prefix("LIST ") {
                Some(list) => format!("{VERIFY} ssl_crl {list};"),
                None => (*more).to_owned(),
            };
            let head = format!("server_name {port}; listen 127.0.0.1:{port} {tls};");
            writeln!(
                blocks,
                "server {{ {head} {more} location / {{ return 200 'hello'; }} }}"
            )
            .unwrap();
        }
        let plain = plain.expect("no server without TLS");
        // Released at the last moment.
        drop(free);
        let process = Process::start(nginx, workshop, "nginx", &blocks);
        process.wait_until_open(plain);
        Self { process, plain }
    }

    /// Returns the lines about connections: the port of the server, and what is neither the time
    /// nor the connection.
    pub(in super::super) fn lines(&self) -> Vec<(u16, String)> {
        // nginx has one thread: when it answers, it has written all that came before.
        get(self.plain, "/");
        let lines = self.process.log();
        lines.lines().filter_map(of_server).collect()
    }
}

/// What a line says about a server at a port, or with a name, which is its port.
fn of_server(line: &str) -> Option<(u16, String)> {
    let (message, tail) = message(line)?;
    // A client that goes away says nothing; how it is seen depends on the moment.
    let noise = ["client closed", "recv() failed"];
    if noise.iter().any(|noise| message.starts_with(noise)) {
        return None;
    }
    let (_, server) = tail.split_once("server: ")?;
    let server = server.split(',').next()?.trim_start_matches("127.0.0.1:");
    Some((server.parse().ok()?, message.to_owned()))
}
