use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::programs::{Program, Running, run};
use crate::common::raw::Version;
use crate::common::walkthrough::PASSPHRASE;
use crate::examples::{End, LIMIT};
use crate::our_client::{Host, calls, port_of};
use crate::our_server::{Answer, Call, Http, is_called_by};

#[test]
fn node_calls_our_server() {
    if let Some(node) = Program::node() {
        is_called_by(&[Http::V1], &|call| ask(&node, call));
    }
}

#[test]
fn node_calls_our_server_by_http_2() {
    if let Some(node) = Program::node() {
        is_called_by(&[Http::V2], &|call| ask(&node, call));
    }
}

#[test]
fn our_client_calls_node() {
    if let Some(node) = Program::node() {
        calls(&|end, version| serve(&node, end, version, Http::V1));
    }
}

#[test]
fn our_client_calls_node_by_http_2() {
    if let Some(node) = Program::node() {
        calls(&|end, version| serve(&node, end, version, Http::V2));
    }
}

fn ask(node: &Program, call: &Call<'_>) -> Answer {
    let config = format!(
        r#"{{"host": {:?}, "port": {}, "version": {:?}, "h2": {}, "body": {:?}, "end": {}}}"#,
        call.host,
        call.port,
        version(call.version),
        call.http == Http::V2,
        call.body,
        end(call.end, call.presents),
    );
    let finished = run(&mut script(node, "client.js", &config), b"", LIMIT);
    Answer {
        success: finished.success(),
        body: finished.stdout,
        errors: finished.stderr,
    }
}

fn serve(node: &Program, server: &End, tls: Version, http: Http) -> Host {
    let config = format!(
        r#"{{"version": {:?}, "h2": {}, "end": {}}}"#,
        version(tls),
        http == Http::V2,
        end(server, true),
    );
    let running = Running::start(&mut script(node, "server.js", &config));
    Host {
        port: port_of(&running, "listening on "),
        _running: running,
        alpn: if http == Http::V2 { "h2" } else { "http/1.1" },
        echoes: true,
        // It looks at the certificate after the handshake, and destroys the connection.
        rejects_aloud: false,
    }
}

fn script(node: &Program, name: &str, config: &str) -> Command {
    let mut command = node.command();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    command.arg(folder.join(name)).arg(config);
    command
}

/// As JSON. What `Debug` makes of a path or a word without control characters is JSON too.
fn end(end: &End, presents: bool) -> String {
    let path = |path: &PathBuf| format!("{:?}", path.to_str().unwrap());
    let mut fields = vec![format!(r#""ca": {}"#, path(&end.ca))];
    if presents {
        fields.push(format!(r#""cert": {}"#, path(&end.files.certificate)));
        fields.push(format!(r#""key": {}"#, path(&end.files.key)));
    }
    if end.encrypted {
        fields.push(format!(r#""passphrase": {PASSPHRASE:?}"#));
    }
    format!("{{{}}}", fields.join(", "))
}

fn version(version: Version) -> &'static str {
    match version {
        Version::Tls12 => "TLSv1.2",
        Version::Tls13 => "TLSv1.3",
    }
}
