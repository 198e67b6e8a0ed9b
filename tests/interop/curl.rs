use std::path::Path;

use crate::common::programs::{Program, run};
use crate::common::raw::Version;
use crate::common::walkthrough::PASSPHRASE;
use crate::examples::{End, LIMIT, SERVER_BACKENDS, Server};
use crate::our_server::{
    Answer, Call, Http, is_called_by, obeys_its_allow_list, obeys_its_revocation_lists,
};
use crate::worlds;

/// The cipher suites that TLS 1.2 is spoken with: one for each kind of key.
const SUITES: &str = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384";

#[test]
fn curl_calls_our_server() {
    if let Some(curl) = Program::curl() {
        is_called_by(&[Http::V1, Http::V2], &|call| ask(&curl, call));
    }
}

#[test]
fn our_server_obeys_its_allow_list() {
    if let Some(curl) = Program::curl() {
        obeys_its_allow_list(&|call| ask(&curl, call));
    }
}

#[test]
fn our_server_obeys_its_revocation_lists() {
    if let Some(curl) = Program::curl() {
        obeys_its_revocation_lists(&|call| ask(&curl, call));
    }
}

#[test]
fn our_server_takes_no_long_bodies() {
    let Some(curl) = Program::curl() else { return };
    for world in worlds::all() {
        for backend in SERVER_BACKENDS.iter() {
            let server = Server::start(backend, &world.server, world.opt_in());
            for http in ["--http1.1", "--http2"] {
                for (length, status) in [(64 * 1024, "200"), (64 * 1024 + 1, "413")] {
                    let mut command = curl.command();
                    command.args([
                        "-q",
                        "-sS",
                        "-w",
                        "%{http_code}",
                        "--data-binary",
                        "@-",
                        http,
                    ]);
                    command
                        .args(identity(&world.client))
                        .arg("--cacert")
                        .arg(&world.client.ca);
                    command.arg(format!("https://localhost:{}/", server.port));
                    let answer = run(&mut command, &vec![b'x'; length], LIMIT);
                    assert!(answer.stdout.ends_with(status), "{answer:?}");
                }
            }
        }
    }
}

fn ask(curl: &Program, call: &Call<'_>) -> Answer {
    let mut command = curl.command();
    // Without the user's configuration file; the protocol is printed after the body.
    command
        .args(["-q", "-sS", "-w", "%{http_version}", "--cacert"])
        .arg(&call.end.ca);
    match call.version {
        Version::Tls12 => command.args(["--tlsv1.2", "--tls-max", "1.2", "--ciphers", SUITES]),
        Version::Tls13 => command.arg("--tlsv1.3"),
    };
    let (option, spoken) = match call.http {
        Http::V1 => ("--http1.1", "1.1"),
        Http::V2 => ("--http2", "2"),
    };
    command.arg(option);
    if call.presents {
        command.args(identity(call.end));
    }
    if !call.body.is_empty() {
        command.args(["--data", call.body]);
    }
    command.args([
        "--resolve",
        &format!("{}:{}:127.0.0.1", call.host, call.port),
    ]);
    command.arg(format!("https://{}:{}/", call.host, call.port));
    let finished = run(&mut command, b"", LIMIT);
    let success = finished.success();
    let body = finished.stdout.strip_suffix(spoken);
    assert!(!success || body.is_some(), "not by {spoken}: {finished:?}");
    Answer {
        success,
        body: body.unwrap_or_default().to_owned(),
        errors: finished.stderr,
    }
}

fn identity(end: &End) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let mut arguments = ["--cert", &path(&end.files.certificate), "--key"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(path(&end.files.key));
    if end.encrypted {
        arguments.extend(["--pass", PASSPHRASE].map(str::to_owned));
    }
    arguments
}
