//! Servers that send garbage, too much, too little or nothing.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::{MtlsIdentity, MtlsServer, Rustls, TrustAnchors, VerifierPolicy};

use super::probing::{Probed, command};
use super::servers::{KINDS, Setup};
use super::world::{Fault, World};

/// What the probes here are given, and what the machine may need on top.
const TIMEOUT: &str = "2s";
const AT_MOST: Duration = Duration::from_secs(6);
/// Bytes that a probe prints at most.
const MAX_PRINTED: usize = 64 * 1024;

/// Serves every connection by this function, in a thread of its own.
pub(crate) fn serve(behave: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let behave = behave.clone();
            // It fails when the probe has seen enough.
            thread::spawn(move || behave(socket));
        }
    });
    port
}

#[track_caller]
fn probe(port: u16, more: &[&str]) -> Probed {
    let target = format!("127.0.0.1:{port}");
    let mut command = command();
    command
        .args(["probe", &target, "--json", "--timeout", TIMEOUT])
        .args(more);
    let probed = Probed::run(&mut command);
    assert!(probed.took < AT_MOST, "{:?}", probed.took);
    assert!(probed.finished.stdout.len() < MAX_PRINTED);
    assert_eq!(probed.finished.stderr, "");
    probed
}

#[track_caller]
fn expect(probed: &Probed, outcome: &str, reason: &str) {
    assert_eq!(probed.text("/outcome"), outcome, "{}", probed.json);
    assert_eq!(probed.text("/reason"), reason, "{}", probed.json);
    let code = if outcome == "unreachable" { 3 } else { 1 };
    assert_eq!(probed.code(), Some(code));
    assert!(!probed.text("/hint").is_empty());
}

/// Writes these bytes again and again.
fn flood(bytes: &'static [u8]) -> impl Fn(TcpStream) -> io::Result<()> + Clone + Send {
    move |mut socket| loop {
        socket.write_all(bytes)?;
    }
}

#[test]
fn what_is_not_tls_is_named() {
    for (greeting, word) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "plain HTTP"),
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "SSH"),
        (b"220 mail.test ESMTP\r\n", "a mail or FTP protocol"),
        (b"\x15\x03\x03garbage", ""),
        (b"what is this", "another protocol"),
    ] {
        let port = serve(move |mut socket| {
            socket.write_all(greeting)?;
            io::copy(&mut socket, &mut io::sink()).map(drop)
        });
        let probed = probe(port, &[]);
        let reason = if word.is_empty() {
            "tls_error"
        } else {
            "not_tls"
        };
        expect(&probed, "unreachable", reason);
        assert!(probed.text("/message").contains(word), "{}", probed.json);
    }
}

#[test]
fn an_old_server_is_named() {
    // Hellos of TLS 1.0 and 1.1, cut.
    for (minor, word) in [(1, "TLS 1.0"), (2, "TLS 1.1")] {
        let port = serve(move |mut socket| {
            let hello = [22, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
            socket.write_all(&[&hello[..], &[0; 36]].concat())?;
            io::copy(&mut socket, &mut io::sink()).map(drop)
        });
        let probed = probe(port, &[]);
        expect(&probed, "unreachable", "unsupported_version");
        assert!(probed.text("/message").contains(word));
    }
}

#[test]
fn a_server_cannot_hold_a_probe() {
    let garbage = probe(serve(flood(b"\xff\x00\x13garbage")), &[]);
    expect(&garbage, "unreachable", "not_tls");

    // Records of 16 KiB, of a message that never ends.
    let mut record = vec![22, 3, 3, 0x40, 0, 2, 0xff, 0xff, 0xff];
    record.resize(5 + 0x4000, 0);
    let endless = probe(serve(flood(record.leak())), &[]);
    expect(&endless, "unreachable", "tls_error");

    for (what, reason) in [
        // Empty records of the handshake, warnings, and changes of the cipher.
        (&b"\x16\x03\x03\x00\x00"[..], "tls_error"),
        (b"\x15\x03\x03\x00\x02\x01\x5a", "tls_error"),
        (b"\x14\x03\x03\x00\x01\x01", "tls_error"),
    ] {
        expect(&probe(serve(flood(what)), &[]), "unreachable", reason);
    }

    let stalled = probe(
        serve(|mut socket| io::copy(&mut socket, &mut io::sink()).map(drop)),
        &[],
    );
    expect(&stalled, "unreachable", "timed_out");

    let dripping = probe(
        serve(|mut socket| {
            for byte in [22, 3, 3, 0x40, 0].into_iter().chain([2; 1000]) {
                socket.write_all(&[byte])?;
                thread::sleep(Duration::from_millis(20));
            }
            Ok(())
        }),
        &[],
    );
    expect(&dripping, "unreachable", "timed_out");

    let closing = probe(
        serve(|socket| {
            drop(socket);
            Ok(())
        }),
        &[],
    );
    expect(&closing, "unreachable", "closed_without_reason");
}

#[test]
fn a_closed_port_and_an_unknown_host_are_unreachable() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    expect(&probe(port, &[]), "unreachable", "no_listener");
    let mut command = command();
    command.args([
        "probe",
        "no-such-host.invalid:443",
        "--json",
        "--timeout",
        "5s",
    ]);
    let probed = Probed::run(&mut command);
    assert_eq!(probed.text("/outcome"), "unreachable");
    assert!(["name_not_resolved", "timed_out"].contains(&probed.text("/reason")));
}

#[test]
fn answers_before_tls_are_bounded() {
    for starttls in ["smtp", "ldap", "postgres"] {
        let arguments = ["--starttls", starttls];
        let lines = probe(serve(flood(b"250-more\r\n220-more\r\n")), &arguments);
        expect(&lines, "unreachable", "not_the_protocol");
        let endless = probe(serve(flood(&[0x30; 1000])), &arguments);
        expect(&endless, "unreachable", "not_the_protocol");
        let silent = serve(|mut socket| io::copy(&mut socket, &mut io::sink()).map(drop));
        expect(&probe(silent, &arguments), "unreachable", "timed_out");
        let closed = serve(|socket| {
            drop(socket);
            Ok(())
        });
        expect(
            &probe(closed, &arguments),
            "unreachable",
            "closed_without_reason",
        );
    }
}

#[test]
fn no_compression_of_certificates_is_offered() {
    let (sender, hellos) = std::sync::mpsc::channel();
    let port = serve(move |mut socket| {
        let mut header = [0; 5];
        socket.read_exact(&mut header)?;
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        socket.read_exact(&mut hello)?;
        sender.send(hello).unwrap();
        Ok(())
    });
    probe(port, &[]);
    let hello = hellos.recv_timeout(AT_MOST).unwrap();
    let extensions = extensions_of(&hello);
    // signature_algorithms, but not compress_certificate (RFC 8879).
    assert!(
        extensions.contains(&13) && !extensions.contains(&27),
        "{extensions:?}"
    );
}

/// Returns the types of the extensions of a client hello.
fn extensions_of(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // Type, length, version, random; then session id, cipher suites, compression.
    let mut at = 1 + 3 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]);
    at += 2;
    let mut types = Vec::new();
    while at < hello.len() {
        types.push(u16::from_be_bytes([hello[at], hello[at + 1]]));
        at += 4 + number(at + 2);
    }
    types
}

/// As many CA names as a request has room for.
#[test]
fn a_request_with_very_many_cas_is_cut() {
    let world = World::new();
    let kind = &KINDS[0];
    assert_eq!(kind.name, "openssl s_server");
    world.add_cas("ca.crt", 150, 300);
    let setup = Setup {
        world: &world,
        identity: "server-None",
        finds: Fault::None,
    };
    let Some(server) = (kind.start)(&setup) else {
        return;
    };
    let probed = Probed::of(&world, server.port, Some("client-UnknownCa"), &[]);
    assert_eq!(probed.text("/outcome"), "rejected");
    assert!(probed.finished.stdout.len() < MAX_PRINTED);
    let request = probed.json.pointer("/certificate_request").unwrap();
    let shown = request["ca_names"].as_array().unwrap().len();
    let left_out = request["ca_names_left_out"].as_u64().unwrap();
    assert!(shown <= 32 && left_out > 100, "{shown} {left_out}");
}

/// Servers that complete the handshake first.
#[test]
fn a_server_cannot_hold_a_probe_after_the_handshake() {
    let world = World::new();
    let path = |name: &str| world.path(name);
    let identity = MtlsIdentity::from_files(path("server-None.crt"), path("server-None.key"));
    let builder = MtlsServer::builder()
        .identity(identity.unwrap())
        .trust_anchors(TrustAnchors::from_file(path("ca.crt")).unwrap())
        .policy(VerifierPolicy::allow_any_authenticated());
    let server = builder
        .optional_client_auth()
        .build(Rustls::default())
        .unwrap();
    let after = |bytes: &'static [u8], in_tls: bool| {
        let server = server.clone();
        serve(move |socket| {
            let mut raw = socket.try_clone()?;
            let mut stream = server.accept(socket).map_err(io::Error::other)?;
            loop {
                if in_tls {
                    stream.write_all(bytes)?;
                } else {
                    raw.write_all(bytes)?;
                }
            }
        })
    };
    let probe = |port: u16, more: &[&str]| {
        let more = [&["--timeout", TIMEOUT], more].concat();
        let probed = Probed::of(&world, port, Some("client-None"), &more);
        assert!(probed.took < AT_MOST, "{:?}", probed.took);
        assert!(probed.finished.stdout.len() < MAX_PRINTED);
        assert_eq!(probed.finished.stderr, "");
        probed
    };
    let data = probe(after(&[b'a'; 16_000], true), &[]);
    assert_eq!(
        data.text("/acceptance/evidence"),
        "application_data",
        "{}",
        data.json
    );
    let answer = probe(
        after(b"HTTP/1.1 200 OK\r\nX: endless\r\n", true),
        &["--http"],
    );
    assert_eq!(answer.text("/outcome"), "accepted", "{}", answer.json);
    let garbage = probe(after(b"garbage", false), &[]);
    assert_eq!(garbage.text("/outcome"), "unknown", "{}", garbage.json);
    assert_eq!(garbage.code(), Some(3));
}
