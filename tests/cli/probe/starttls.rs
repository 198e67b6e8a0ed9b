//! Protocols that ask for TLS first.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use mtls::{MtlsIdentity, MtlsServer, Rustls, TrustAnchors, VerifierPolicy};

use super::hostile::serve;
use super::probing::Probed;
use super::servers::{slapd, smtp};
use super::world::World;

fn our_server(world: &World) -> MtlsServer<Rustls> {
    let path = |name: &str| world.path(name);
    MtlsServer::builder()
        .identity(
            MtlsIdentity::from_files(path("server-None.crt"), path("server-None.key")).unwrap(),
        )
        .trust_anchors(TrustAnchors::from_file(path("ca.crt")).unwrap())
        .policy(VerifierPolicy::allow_any_authenticated())
        .build(Rustls::default())
        .unwrap()
}

/// A mail server (RFC 3207) that sends `with_220` together with its answer to STARTTLS.
fn mail_server(world: &World, extensions: &'static str, with_220: &'static str) -> u16 {
    let server = Arc::new(our_server(world));
    serve(move |mut socket: TcpStream| {
        socket.write_all(b"220-mail.test\r\n220 ESMTP\r\n")?;
        let mut lines = BufReader::new(socket.try_clone()?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        assert!(line.starts_with("EHLO "), "{line}");
        socket.write_all(extensions.as_bytes())?;
        line.clear();
        lines.read_line(&mut line)?;
        if line == "STARTTLS\r\n" {
            socket.write_all(format!("220 go ahead\r\n{with_220}").as_bytes())?;
            let mut stream = server.accept(socket).map_err(std::io::Error::other)?;
            let _ = stream.read(&mut [0; 1])?;
        }
        Ok(())
    })
}

const SMTP: &[&str] = &["--starttls", "smtp"];
const OFFERS: &str = "250-mail.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n";

#[test]
fn a_mail_server_is_probed_after_starttls() {
    let world = World::new();
    let port = mail_server(&world, OFFERS, "");
    let probed = Probed::of(&world, port, Some("client-None"), SMTP);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    assert_eq!(probed.text("/starttls"), "smtp");
    let probed = Probed::of(&world, port, Some("client-UnknownCa"), SMTP);
    assert_eq!(probed.text("/reason"), "unknown_issuer", "{}", probed.json);

    let port = mail_server(&world, "250-mail.test\r\n250 SIZE\r\n", "");
    let probed = Probed::of(&world, port, None, SMTP);
    assert_eq!(probed.text("/reason"), "starttls_declined");
    assert_eq!(probed.code(), Some(3));
}

/// CVE-2011-0411, from the client's side.
#[test]
fn bytes_before_tls_are_a_fault() {
    let world = World::new();
    let port = mail_server(&world, OFFERS, "250 injected\r\n");
    let mail = Probed::of(&world, port, None, SMTP);
    let port = serve(|mut socket| {
        socket.read_exact(&mut [0; 8])?;
        socket.write_all(b"Sinjected")?;
        socket.read(&mut [0; 1]).map(drop)
    });
    let postgres = Probed::of(&world, port, None, &["--starttls", "postgres"]);
    let port = serve(|mut socket| {
        socket.read_exact(&mut [0; 31])?;
        socket.write_all(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00injected")?;
        socket.read(&mut [0; 1]).map(drop)
    });
    let ldap = Probed::of(&world, port, None, &["--starttls", "ldap"]);
    for probed in [mail, postgres, ldap] {
        assert_eq!(
            probed.text("/reason"),
            "bytes_before_tls",
            "{}",
            probed.json
        );
        assert_eq!(probed.text("/outcome"), "fault");
        assert_eq!(probed.code(), Some(1));
    }
}

#[test]
fn a_postgresql_server_without_tls_says_so() {
    let port = serve(|mut socket| {
        let mut request = [0; 8];
        socket.read_exact(&mut request)?;
        assert_eq!(request, *b"\0\0\0\x08\x04\xd2\x16\x2f");
        socket.write_all(b"N")
    });
    let probed = Probed::of(&World::new(), port, None, &["--starttls", "postgres"]);
    assert_eq!(
        probed.text("/reason"),
        "starttls_declined",
        "{}",
        probed.json
    );
    assert_eq!(probed.code(), Some(3));
}

#[test]
fn a_mail_server_of_python_is_probed_after_starttls() {
    let world = World::new();
    let Some(server) = smtp::start(&world) else {
        return;
    };
    let probed = Probed::of(&world, server.port, Some("client-None"), SMTP);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    for (client, reason) in [
        (None, "no_certificate"),
        (Some("client-Expired"), "expired"),
    ] {
        let probed = Probed::of(&world, server.port, client, SMTP);
        assert_eq!(probed.text("/outcome"), "rejected", "{}", probed.json);
        assert_eq!(
            probed.text("/acceptance/cause/reason"),
            reason,
            "{}",
            probed.json
        );
    }
    // It closes without an alert, and names no CAs.
    let probed = Probed::of(&world, server.port, Some("client-UnknownCa"), SMTP);
    assert_eq!(probed.text("/outcome"), "unknown", "{}", probed.json);
    assert_eq!(probed.code(), Some(3));
    assert!(
        probed
            .text("/findings/0/causes/0")
            .starts_with("perhaps: our chain")
    );
}

#[test]
fn slapd_is_probed_after_start_tls() {
    let world = World::new();
    let Some(server) = slapd::start(&world, true) else {
        return;
    };
    let ldap = ["--starttls", "ldap"];
    let probed = Probed::of(&world, server.port, Some("client-None"), &ldap);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    for (client, reason) in [
        (None, "no_certificate"),
        (Some("client-UnknownCa"), "unknown_issuer"),
        (Some("client-Expired"), "expired"),
    ] {
        let probed = Probed::of(&world, server.port, client, &ldap);
        assert_eq!(probed.text("/outcome"), "rejected", "{}", probed.json);
        assert_eq!(
            probed.text("/acceptance/cause/reason"),
            reason,
            "{}",
            probed.json
        );
    }
    drop(server);

    let server = slapd::start(&world, false).unwrap();
    let probed = Probed::of(&world, server.port, None, &ldap);
    assert_eq!(
        probed.text("/reason"),
        "starttls_declined",
        "{}",
        probed.json
    );
}
