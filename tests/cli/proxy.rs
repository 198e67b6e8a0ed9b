//! The proxy between real clients and a plain server that echoes.

use std::io::{BufRead, BufReader, Lines, PipeReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use mtls::{HandshakeError, MtlsClient, MtlsIdentity, Rustls, TrustAnchors};

use crate::common::pki::{Credential, Leaf};
use crate::common::programs::Running;
use crate::workshop::{LIMIT, Workshop};

const SERVER: &str = "--cert server.crt --key server.key --cacert ca.crt";
const CLIENT: &str = "--cert client.crt --key client.key --cacert ca.crt";
const ALICE: &str = "dns(\"alice.test\")";

/// Echoes whatever comes, until the other end has finished.
fn echo() -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    thread::spawn(move || {
        for stream in tcp.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut reader = stream.try_clone().unwrap();
                // The peer may be gone.
                let _ = std::io::copy(&mut reader, &mut stream);
                let _ = stream.shutdown(Shutdown::Write);
            });
        }
    });
    address
}

/// A proxy, and the address on which it says that it listens.
struct Proxy {
    running: Running,
    address: String,
    status: Option<String>,
}

fn start(workshop: &Workshop, arguments: &str, policy: Option<&str>) -> Proxy {
    let mut command = workshop.command(&format!("proxy {arguments}"));
    if let Some(policy) = policy {
        command.args(["--policy", policy]);
    }
    let running = Running::start(command.arg("--json"));
    let line = running.wait_for_line(r#""event":"listening""#, LIMIT);
    running.wait_for_line(r#""event":"started""#, LIMIT);
    let (address, status) = addresses(&line);
    Proxy {
        address,
        status,
        running,
    }
}

/// Where the proxy listens, by its line about that, and where it shows its status.
fn addresses(line: &str) -> (String, Option<String>) {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let message = line["message"].as_str().unwrap();
    let words: Vec<_> = message.split([' ', ',']).collect();
    let after = |word: &str| words.iter().position(|other| *other == word);
    let address = words[after("at").unwrap() + 1].to_owned();
    let status = words.iter().find_map(|word| word.strip_prefix("http://"));
    let status = status.map(|status| status.trim_end_matches("/status").to_owned());
    (address, status)
}

fn server(workshop: &Workshop, more: &str) -> Proxy {
    let to = echo();
    let arguments = format!("--listen 127.0.0.1:0 --forward {to} {SERVER} {more}");
    start(workshop, &arguments, Some(ALICE))
}

fn call(
    workshop: &Workshop,
    address: &str,
    credential: &Credential,
    text: &[u8],
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let chain = credential.chain_pem();
    let identity = MtlsIdentity::from_pem(chain.as_bytes(), credential.key_pem().as_bytes())?;
    let client = MtlsClient::builder()
        .identity(identity)
        .trust_anchors(TrustAnchors::from_pem(workshop.cast.root.pem().as_bytes())?)
        .build(Rustls::default())?;
    let mut stream = client.connect("server.test", TcpStream::connect(address)?)?;
    stream.write_all(text)?;
    stream.flush()?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

/// Returns status and body of a request to the endpoint of the status.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let code = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (code, body.to_owned())
}

#[test]
fn an_accepted_client_reaches_the_plain_server() {
    let workshop = Workshop::new();
    let proxy = server(&workshop, "");
    let text = vec![b'x'; 200_000];
    let answer = call(&workshop, &proxy.address, &workshop.cast.alice, &text).unwrap();
    assert_eq!(answer, text);
}

#[test]
fn a_client_that_the_policy_rejects_reaches_nothing() {
    let workshop = Workshop::new();
    let proxy = server(&workshop, "");
    let bob = Leaf::named("bob").dns("bob.test").client();
    let bob = bob.issued_by(&workshop.cast.root);
    let error = call(&workshop, &proxy.address, &bob, b"hello").unwrap_err();
    assert!(HandshakeError::find(&*error).is_some(), "{error}");
    let line = proxy
        .running
        .wait_for_line(r#""event":"handshake_failed""#, LIMIT);
    assert!(line.contains(r#""reason":"not_authorized""#), "{line}");
}

#[test]
fn two_proxies_carry_a_plain_program_to_a_plain_server() {
    let workshop = Workshop::new();
    let far = server(&workshop, "");
    let arguments = format!(
        "--side client --listen unix:near.sock --forward {} --server-name server.test {CLIENT}",
        far.address
    );
    let near = start(&workshop, &arguments, None);
    let socket = workshop.path().join("near.sock");
    let mode = std::os::unix::fs::PermissionsExt::mode(&socket.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(b"hello").unwrap();
    // The end of one way reaches the server, whose answer still comes back.
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"hello");
    terminate(near, &socket);
}

fn terminate(proxy: Proxy, socket: &std::path::Path) {
    let id = proxy.running.id().to_string();
    let kill = std::process::Command::new("kill").arg(id).status().unwrap();
    assert!(kill.success());
    let finished = proxy.running.finish(LIMIT);
    assert_eq!(finished.status.unwrap().code(), Some(0), "{finished:#?}");
    assert!(!socket.exists());
}

#[test]
fn new_files_are_taken_and_a_rejected_peer_is_cut_off() {
    let workshop = Workshop::new();
    workshop.write(
        "proxy.toml",
        "[tls]\nidentity = { chain = 'server.crt', key = 'server.key' }\n\
        trust_anchors = 'ca.crt'\npolicy = { allow = 'any_authenticated()' }\n\
        live_connections = 'close'\npoll_interval = '200ms'\n",
    );
    let to = echo();
    let arguments =
        format!("--listen 127.0.0.1:0 --forward {to} --config proxy.toml --status 127.0.0.1:0");
    let proxy = start(&workshop, &arguments, None);
    let status = proxy.status.clone().unwrap();
    assert_eq!(get(&status, "/health"), (200, "ok\n".to_owned()));

    let alice = &workshop.cast.alice;
    let identity =
        MtlsIdentity::from_pem(alice.chain_pem().as_bytes(), alice.key_pem().as_bytes()).unwrap();
    let anchors = TrustAnchors::from_pem(workshop.cast.root.pem().as_bytes()).unwrap();
    let client = MtlsClient::builder()
        .identity(identity)
        .trust_anchors(anchors);
    let client = client.build(Rustls::default()).unwrap();
    let tcp = TcpStream::connect(&proxy.address).unwrap();
    tcp.set_read_timeout(Some(LIMIT)).unwrap();
    let mut stream = client.connect("server.test", tcp).unwrap();
    stream.write_all(b"hello").unwrap();
    stream.read_exact(&mut [0; 5]).unwrap();

    let text = std::fs::read_to_string(workshop.path().join("proxy.toml")).unwrap();
    let text = text.replace("any_authenticated()", "dns(\"bob.test\")");
    workshop.write("proxy.toml", &text);
    proxy.running.wait_for_line(r#""event":"rotated""#, LIMIT);
    // The open connection ends.
    let ended = stream.read(&mut [0; 5]);
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    assert!(call(&workshop, &proxy.address, alice, b"hello").is_err());

    let (code, body) = get(&status, "/status");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((code, &body["revision"]), (200, &2.into()));
    let (code, body) = get(&status, "/metrics");
    assert_eq!(code, 200);
    assert!(
        body.contains(r#"outcome="rejected",reason="not_authorized""#),
        "{body}"
    );
    assert!(
        body.contains("mtls_proxy_bytes_total{direction=\"received\"} 5"),
        "{body}"
    );
    assert_eq!(get(&status, "/other").0, 404);
    let printed = [&body, &proxy.running.stdout(), &proxy.running.stderr()];
    for printed in printed {
        crate::secrets::expect_none(workshop.path(), printed);
    }
}

#[test]
fn the_plain_side_stays_on_this_machine() {
    let workshop = Workshop::new();
    for (arguments, reason) in [
        (
            format!("--listen 127.0.0.1:0 --forward 192.0.2.1:80 {SERVER}"),
            "plain_remote",
        ),
        (
            format!("--side client --listen 0.0.0.0:0 --forward server.test:1 {CLIENT}"),
            "plain_remote",
        ),
        (
            format!("--listen 127.0.0.1:0 --forward 127.0.0.1:1 --status 0.0.0.0:0 {SERVER}"),
            "status_not_loopback",
        ),
        (
            format!("--listen unix:x --forward 127.0.0.1:1 {SERVER}"),
            "invalid_argument",
        ),
    ] {
        let (code, document) =
            workshop.json(&format!("proxy {arguments} --policy any_authenticated()"));
        assert_eq!(
            (code, &document["reason"]),
            (2, &reason.into()),
            "{arguments}"
        );
        assert!(document["hint"].is_string());
    }
}

#[test]
fn a_place_that_cannot_be_reached_is_an_event() {
    let workshop = Workshop::new();
    let arguments = format!("--listen 127.0.0.1:0 --forward example.invalid:80 {SERVER}");
    let proxy = start(&workshop, &arguments, Some(ALICE));
    assert!(call(&workshop, &proxy.address, &workshop.cast.alice, b"hello").is_err());
    proxy
        .running
        .wait_for_line(r#""event":"forward_failed""#, LIMIT);
}

#[test]
fn a_socket_replaces_a_dead_one_and_nothing_else() {
    let workshop = Workshop::new();
    let arguments = format!(
        "--side client --listen unix:near.sock --forward 127.0.0.1:1 --server-name server.test {CLIENT}"
    );
    workshop.write("near.sock", "a file of ours");
    let (code, document) = workshop.json(&format!("proxy {arguments}"));
    assert_eq!((code, &document["reason"]), (1, &"cannot_listen".into()));
    std::fs::remove_file(workshop.path().join("near.sock")).unwrap();
    // Its listener is gone as soon as it is made.
    drop(std::os::unix::net::UnixListener::bind(workshop.path().join("near.sock")).unwrap());
    let proxy = start(&workshop, &arguments, None);
    UnixStream::connect(workshop.path().join("near.sock")).unwrap();
    let left: Vec<_> = std::fs::read_dir(workshop.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with(".mtls"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let (code, document) = workshop.json(&format!("proxy {arguments}"));
    assert_eq!((code, &document["reason"]), (1, &"cannot_listen".into()));
    drop(proxy);
}

/// Starts a proxy whose log goes to the other end of a pipe.
fn with_log() -> (Workshop, Logged, Lines<BufReader<PipeReader>>) {
    let workshop = Workshop::new();
    let (reader, writer) = std::io::pipe().unwrap();
    let to = echo();
    let mut command = workshop.command(&format!(
        "proxy --listen 127.0.0.1:0 --forward {to} {SERVER} --json"
    ));
    let child = command
        .args(["--policy", ALICE])
        .stdout(writer)
        .spawn()
        .unwrap();
    // The pipe ends with the process.
    drop(command);
    let mut lines = BufReader::new(reader).lines();
    let line = lines.find(|line| line.as_ref().unwrap().contains("listening"));
    let address = addresses(&line.expect("it does not listen").unwrap()).0;
    let address = address.parse().unwrap();
    // What a proxy cannot write before it serves ends it.
    let line = lines.find(|line| line.as_ref().unwrap().contains(r#""event":"started""#));
    line.expect("it does not start").unwrap();
    (workshop, Logged { child, address }, lines)
}

struct Logged {
    child: std::process::Child,
    address: SocketAddr,
}

impl Drop for Logged {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_proxy_serves_on_when_the_reader_of_its_log_is_gone() {
    let (workshop, mut proxy, reader) = with_log();
    drop(reader);
    for _ in 0..3 {
        // Each is a line of the log.
        let mut stranger = TcpStream::connect(proxy.address).unwrap();
        stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let _ = stranger.read(&mut [0; 16]);
        thread::sleep(Duration::from_millis(300));
    }
    let address = proxy.address.to_string();
    let answer = call(&workshop, &address, &workshop.cast.alice, b"hello").unwrap();
    assert_eq!(answer, b"hello");
    assert!(proxy.child.try_wait().unwrap().is_none());
}

#[test]
fn a_proxy_ends_when_the_reader_of_its_log_has_stalled() {
    let (_workshop, mut proxy, reader) = with_log();
    // More than a pipe holds.
    for _ in 0..700 {
        let mut stranger = TcpStream::connect(proxy.address).unwrap();
        stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let _ = stranger.read(&mut [0; 16]);
    }
    let id = proxy.child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .arg(id)
            .status()
            .unwrap()
            .success()
    );
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = proxy.child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < deadline, "it does not end");
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status.code(), Some(0));
    drop(reader);
}

#[test]
fn a_server_needs_a_policy() {
    let workshop = Workshop::new();
    let arguments = format!("proxy --listen 127.0.0.1:0 --forward 127.0.0.1:1 {SERVER}");
    let (code, document) = workshop.json(&arguments);
    assert_eq!((code, &document["reason"]), (2, &"missing_policy".into()));
}

#[test]
fn open_connections_may_finish() {
    let workshop = Workshop::new();
    let mut proxy = server(&workshop, "--drain 20s");
    let alice = &workshop.cast.alice;
    let identity =
        MtlsIdentity::from_pem(alice.chain_pem().as_bytes(), alice.key_pem().as_bytes()).unwrap();
    let anchors = TrustAnchors::from_pem(workshop.cast.root.pem().as_bytes()).unwrap();
    let client = MtlsClient::builder()
        .identity(identity)
        .trust_anchors(anchors);
    let client = client.build(Rustls::default()).unwrap();
    let tcp = TcpStream::connect(&proxy.address).unwrap();
    let mut stream = client.connect("server.test", tcp).unwrap();
    stream.write_all(b"hello").unwrap();
    stream.read_exact(&mut [0; 5]).unwrap();

    let id = proxy.running.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .arg(id)
            .status()
            .unwrap()
            .success()
    );
    // Nothing new is accepted, and the open connection still works.
    let deadline = Instant::now() + LIMIT;
    while TcpStream::connect(&proxy.address).is_ok() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(20));
    }
    stream.write_all(b"still").unwrap();
    stream.read_exact(&mut [0; 5]).unwrap();
    assert!(proxy.running.is_alive());
    stream.close().unwrap();
    drop(stream);
    let finished = proxy.running.finish(Duration::from_secs(15));
    assert_eq!(finished.status.unwrap().code(), Some(0), "{finished:#?}");
}

#[test]
fn a_crash_leaves_no_core_with_a_key_in_it() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    // Without the command's own limit a core would be written, or be given to the system's handler.
    let unlimited = "ulimit -S -c $(ulimit -H -c); exec \"$@\"";
    let workshop = Workshop::new();
    let mut command = Command::new("sh");
    command
        .current_dir(workshop.path())
        .args(["-c", unlimited, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_mtls"));
    let arguments = format!("proxy --listen 127.0.0.1:0 --forward 127.0.0.1:1 {SERVER}");
    command.args(arguments.split(' ')).args(["--policy", ALICE]);
    let proxy = Running::start(&mut command);
    proxy.wait_for_line("revision 1", LIMIT);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", proxy.id()));
    let limits = limits.expect("no /proc");
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let cores: Vec<_> = cores.unwrap().split_whitespace().collect();
    assert_eq!(cores[4..6], ["0", "0"]);
    let abort = Command::new("kill")
        .args(["-ABRT", &proxy.id().to_string()])
        .status();
    assert!(abort.unwrap().success());
    let status = proxy.finish(LIMIT).status.unwrap();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped());
}
