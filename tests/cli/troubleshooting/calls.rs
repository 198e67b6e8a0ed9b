//! Other programs, as clients of the servers: what they say.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::text::without_sources;
use crate::common::programs::{Program, run};
use crate::workshop::Workshop;

/// All calls of one program together take less.
const LIMIT: Duration = Duration::from_secs(60);

/// One call: what it shows, from where to where.
#[derive(Clone, Copy)]
pub(super) struct Call {
    /// The section of the guide.
    pub(super) section: &'static str,
    pub(super) server: &'static str,
    pub(super) scheme: &'static str,
    /// The name of the files of the client's certificate and key.
    pub(super) identity: Option<&'static str>,
    /// Speaks no TLS 1.3.
    pub(super) is_old: bool,
}

/// What a program printed: the number of the call, and the line.
pub(super) type Printed = (usize, String);

/// A call with its number and the port of its server.
pub(super) type Numbered = (usize, Call, u16);

impl Call {
    fn url(&self, port: u16) -> String {
        format!("{}://localhost:{port}/", self.scheme)
    }

    /// The limit of time, in seconds: short only where it is to be seen.
    pub(super) fn limit(&self) -> u64 {
        if self.server == "silent" { 2 } else { 20 }
    }

    fn file(&self, extension: &str) -> Option<String> {
        Some(format!("{}.{extension}", self.identity?))
    }
}

pub(super) fn curl(curl: &Program, workshop: &Workshop, calls: &[Numbered]) -> Vec<Printed> {
    let said = calls.iter().filter_map(|(number, call, port)| {
        let mut command = curl.command();
        // Without the user's configuration file.
        command.current_dir(workshop.path());
        command.args(["-q", "-sS", "--cacert", "ca.crt", "--max-time"]);
        command.arg(call.limit().to_string());
        if let (Some(certificate), Some(key)) = (call.file("crt"), call.file("key")) {
            command.args(["--cert", &certificate, "--key", &key]);
        }
        if call.is_old {
            command.args(["--tls-max", "1.2"]);
        }
        let finished = run(command.arg(call.url(*port)), b"", LIMIT);
        let error = finished
            .stderr
            .lines()
            .find(|line| line.starts_with("curl: ("));
        let title = || {
            let (_, rest) = finished.stdout.split_once("<title>")?;
            Some(rest.split_once("</title>")?.0)
        };
        Some((*number, error.or_else(title)?.to_owned()))
    });
    said.collect()
}

pub(super) fn s_client(openssl: &Program, workshop: &Workshop, calls: &[Numbered]) -> Vec<Printed> {
    let calls = calls.iter();
    // It has no limit of time, and no HTTP.
    let calls = calls.filter(|(_, call, _)| call.server != "silent" && call.scheme == "https");
    let said = calls.filter_map(|(number, call, port)| {
        let mut command = openssl.command();
        command.current_dir(workshop.path()).args([
            "s_client",
            "-CAfile",
            "ca.crt",
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
            "-servername",
            "localhost",
            // Wait for what the server says to the request.
            "-ign_eof",
            "-connect",
        ]);
        command.arg(format!("127.0.0.1:{port}"));
        if let (Some(certificate), Some(key)) = (call.file("crt"), call.file("key")) {
            command.args([
                "-cert",
                &certificate,
                "-cert_chain",
                &certificate,
                "-key",
                &key,
            ]);
        }
        if call.is_old {
            command.arg("-no_tls1_3");
        }
        if call.identity == Some("client-locked") {
            // In place of the question, which goes to the terminal.
            command.args(["-passin", "pass:"]);
        }
        let finished = run(&mut command, b"GET / HTTP/1.0\r\n\r\n", LIMIT);
        let find = |part: &str| finished.stderr.lines().find(|line| line.contains(part));
        let line = find("verify error:").or_else(|| find(":error:"));
        let line = line.or_else(|| find("Could not"))?;
        Some((*number, without_sources(line)))
    });
    said.collect()
}

/// Runs a program that makes all calls.
pub(super) fn peer(command: &mut Command, workshop: &Workshop, calls: &[Numbered]) -> Vec<Printed> {
    let mut lines = String::new();
    for (number, call, port) in calls {
        let certificate = call.file("crt").unwrap_or_default();
        let key = call.file("key").unwrap_or_default();
        let version = if call.is_old { "1.2" } else { "" };
        let fields = [
            &number.to_string(),
            &call.url(*port),
            "ca.crt",
            &certificate,
            &key,
            version,
            &call.limit().to_string(),
        ];
        writeln!(lines, "{}", fields.join("\t")).unwrap();
    }
    let finished = run(
        command.current_dir(workshop.path()),
        lines.as_bytes(),
        LIMIT,
    );
    let printed = finished.expect_success();
    let said = printed.lines().map(|line| {
        let (number, message) = line.split_once('\t').unwrap();
        (number.parse().unwrap(), without_sources(message))
    });
    said.collect()
}

/// Builds the client and server in Go; the result is the program.
pub(super) fn build_go(workshop: &Workshop, go: &Program) -> PathBuf {
    workshop.write("peer.go", include_str!("peer.go"));
    let mut command = go.command();
    command.current_dir(workshop.path());
    command.args(["build", "-o", "go-peer", "peer.go"]);
    // No module is looked for, and none is fetched.
    command.env("GO111MODULE", "off");
    run(&mut command, b"", LIMIT).expect_success();
    workshop.path().join("go-peer")
}

/// A client of rustls by itself, with its own verifier.
pub(super) fn rustls(workshop: &Workshop, calls: &[Numbered]) -> Vec<Printed> {
    let calls = calls.iter().filter(|(_, call, _)| call.scheme == "https");
    let said = calls.filter_map(|(number, call, port)| {
        let error = call_by_rustls(workshop.path(), call, *port).err()?;
        Some((*number, error.to_string()))
    });
    said.collect()
}

fn call_by_rustls(folder: &Path, call: &Call, port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let mut anchors = RootCertStore::empty();
    anchors.add(CertificateDer::from_pem_slice(&read("ca.crt"))?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = if call.is_old {
        builder.with_protocol_versions(&[&rustls::version::TLS12])?
    } else {
        builder.with_safe_default_protocol_versions()?
    };
    let builder = builder.with_root_certificates(anchors);
    let config = match (call.file("crt"), call.file("key")) {
        (Some(certificate), Some(key)) => {
            let chain = read(&certificate);
            let chain = CertificateDer::pem_slice_iter(&chain).collect::<Result<Vec<_>, _>>()?;
            let key = PrivateKeyDer::from_pem_slice(&read(&key))?;
            builder.with_client_auth_cert(chain, key)?
        }
        _ => builder.with_no_client_auth(),
    };
    let mut connection = ClientConnection::new(Arc::new(config), "localhost".try_into()?)?;
    let mut tcp = TcpStream::connect(("127.0.0.1", port))?;
    tcp.set_read_timeout(Some(Duration::from_secs(call.limit())))?;
    let mut stream = rustls::Stream::new(&mut connection, &mut tcp);
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}
