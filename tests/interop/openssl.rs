use crate::common::programs::{Program, Running, run};
use crate::common::raw::Version;
use crate::common::walkthrough::PASSPHRASE;
use crate::examples::{End, LIMIT};
use crate::our_client::{Host, calls, port_of};
use crate::our_server::{Answer, Call, Http, is_called_by};

const SUITE: &str = "ECDHE-RSA-AES256-GCM-SHA384";

#[test]
fn openssl_calls_our_server() {
    if let Some(openssl) = Program::openssl() {
        is_called_by(&[Http::V1], &|call| ask(&openssl, call));
    }
}

#[test]
fn our_client_calls_openssl() {
    if let Some(openssl) = Program::openssl() {
        calls(&|end, version| serve(&openssl, end, version));
    }
}

fn ask(openssl: &Program, call: &Call<'_>) -> Answer {
    let mut command = openssl.command();
    command
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-alpn",
            "http/1.1",
        ])
        .args(["-connect", &format!("127.0.0.1:{}", call.port)])
        .args(["-servername", call.host, "-verify_hostname", call.host])
        .args(version(call.version));
    command.arg("-CAfile").arg(&call.end.ca);
    if call.presents {
        command.args(identity(call.end));
    }
    let method = if call.body.is_empty() { "GET" } else { "POST" };
    let request = format!(
        "{method} / HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        call.host,
        call.body.len(),
        call.body
    );
    let finished = run(&mut command, request.as_bytes(), LIMIT);
    let (head, body) = finished.stdout.split_once("\r\n\r\n").unwrap_or_default();
    Answer {
        success: head.starts_with("HTTP/1.1 200 "),
        body: body.to_owned(),
        errors: finished.stderr,
    }
}

/// It answers with a page about the connection, the client's certificate in it.
fn serve(openssl: &Program, end: &End, tls: Version) -> Host {
    let mut command = openssl.command();
    command
        .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "3"])
        .args(["-verify_return_error", "-alpn", "http/1.1"])
        .args(version(tls))
        .args(identity(end));
    command.arg("-CAfile").arg(&end.ca);
    let running = Running::start(&mut command);
    Host {
        port: port_of(&running, "ACCEPT 127.0.0.1:"),
        _running: running,
        alpn: "http/1.1",
        echoes: false,
        rejects_aloud: true,
    }
}

fn identity(end: &End) -> Vec<String> {
    let certificate = end.files.certificate.display().to_string();
    let mut arguments = ["-cert", &certificate, "-key"].map(str::to_owned).to_vec();
    arguments.push(end.files.key.display().to_string());
    if end.encrypted {
        arguments.extend(["-pass".to_owned(), format!("pass:{PASSPHRASE}")]);
    }
    if let Some(intermediate) = &end.intermediate {
        // Of `-cert` the first certificate alone is sent.
        arguments.extend(["-cert_chain".to_owned(), intermediate.display().to_string()]);
    }
    arguments
}

fn version(version: Version) -> &'static [&'static str] {
    match version {
        Version::Tls12 => &["-tls1_2", "-cipher", SUITE],
        Version::Tls13 => &["-tls1_3"],
    }
}
