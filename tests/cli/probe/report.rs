//! What a probe prints, and what its arguments change.

use std::fs;
use std::io::{self, Read};
use std::time::Duration;

use mtls::{MtlsIdentity, MtlsServer, Rustls, ServerBuilder, TrustAnchors, VerifierPolicy};

use super::hostile::serve;
use super::probing::{Probed, command};
use super::servers::{KINDS, Kind, Server, Setup, free_port};
use super::world::{Fault, World};
use crate::common::programs::{Program, run};

fn kind(name: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.name == name).unwrap()
}

fn start(name: &str, world: &World, identity: &str, finds: Fault) -> Option<Server> {
    (kind(name).start)(&Setup {
        world,
        identity,
        finds,
    })
}

#[track_caller]
fn expect_columns(text: &str) {
    let wide = text.lines().find(|line| line.chars().count() > 80);
    assert_eq!(wide, None);
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn people_read_the_verdict_first() {
    let world = World::new();
    let Some(server) = start("openssl s_server", &world, "server-None", Fault::None) else {
        return;
    };
    let mut command = command();
    command
        .args(["probe", &format!("127.0.0.1:{}", server.port), "--cacert"])
        .arg(world.path("ca.crt"))
        .arg("--cert")
        .arg(world.path("client-Expired.crt"))
        .arg("--key")
        .arg(world.path("client-Expired.key"));
    let finished = run(&mut command, b"", Duration::from_secs(30));
    let text = &finished.stdout;
    assert_eq!(finished.status.unwrap().code(), Some(1));
    let first = "fault[expired]: the server rejects us with the alert certificate_expired\n  cause: for certain: our";
    assert!(text.starts_with(first), "{text}");
    for part in [
        "\n  hint: renew it",
        &format!(
            "\n127.0.0.1:{}: our policy accepts it, it rejects us\n",
            server.port
        ),
        "\n  negotiated: TLS 1.3, TLS_",
        "\n  versions: TLS 1.2: yes, TLS 1.3: yes\n",
        "\n  client certificate: required\n",
        "\n  of the CAs: CN=Rhea Root\n",
        "\n  our certificate: CN=alice (presented)\n",
        "\ncertificate 0: CN=server (for tests)\n",
        "\ncertificate 1: CN=Ivo Intermediate (a CA for tests)\n",
        "\nour policy accepts the server (--verbose shows each step)\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    expect_columns(text);
    let verbose = run(command.arg("--verbose"), b"", Duration::from_secs(30)).stdout;
    let steps = "\nour policy about the server\n  ok presented certificates: 2 certificates\n";
    assert!(verbose.contains(steps), "{verbose}");
    // Where our policy rejects the server, its steps say why.
    let rejected = run(
        command.args(["--server-name", "other.test"]),
        b"",
        Duration::from_secs(30),
    );
    assert!(
        rejected.stdout.contains("\n  no server name"),
        "{rejected:?}"
    );
}

#[test]
fn the_help_has_an_example() {
    let help = run(
        command().args(["probe", "--help"]),
        b"",
        Duration::from_secs(30),
    );
    let help = help.expect_success();
    assert!(
        help.contains("Example: ") && help.contains("mtls probe db.internal:5432"),
        "{help}"
    );
    expect_columns(&help);
}

#[test]
fn wrong_arguments_are_errors_of_usage() {
    for arguments in [
        &["localhost"][..],
        &["https://localhost:443"],
        &["localhost:443", "--timeout", "0s"],
        &["localhost:443", "--tls", "1.1"],
        &["localhost:443", "--starttls", "gopher"],
        &["localhost:443", "--http", "--starttls", "smtp"],
        &["localhost:443", "--alpn", ""],
    ] {
        let finished = run(
            command().arg("probe").args(arguments),
            b"",
            Duration::from_secs(30),
        );
        assert_eq!(
            finished.status.unwrap().code(),
            Some(2),
            "{arguments:?}: {finished:?}"
        );
    }
}

#[test]
fn the_versions_that_a_server_speaks_are_shown() {
    let world = World::new();
    let Some(server) = start("openssl s_server", &world, "server-None", Fault::None) else {
        return;
    };
    for (argument, version) in [("1.2", "TLS 1.2"), ("1.3", "TLS 1.3")] {
        let probed = Probed::of(
            &world,
            server.port,
            Some("client-None"),
            &["--tls", argument],
        );
        assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
        assert_eq!(probed.text("/tls/version"), version);
    }
    let probed = Probed::of(&world, server.port, Some("client-None"), &[]);
    assert_eq!(probed.is("/versions/0/is_spoken"), Some(true));
    assert_eq!(probed.is("/versions/1/is_spoken"), Some(true));
    assert_eq!(
        probed.text("/tls/signature_scheme"),
        "ecdsa_secp256r1_sha256"
    );
    assert!(!probed.text("/tls/group").is_empty());
}

/// Where a server gives no reason, our own lists may show it.
#[test]
fn our_lists_explain_what_a_server_leaves_open() {
    let world = World::new();
    let list = world.path("ca.crl").display().to_string();
    for name in ["node", "nginx"] {
        let Some(server) = start(name, &world, "server-None", Fault::Revoked) else {
            continue;
        };
        let mut arguments = kind(name).arguments.to_vec();
        arguments.extend(["--crl", &list]);
        let probed = Probed::of(&world, server.port, Some("client-Revoked"), &arguments);
        assert_eq!(probed.text("/outcome"), "rejected", "{}", probed.json);
        assert_eq!(probed.text("/acceptance/cause/reason"), "revoked");
        assert_eq!(probed.text("/acceptance/cause/confidence"), "likely");
    }
}

/// nginx rejects in HTTP: without a question it seems to accept, and our fault is a warning.
#[test]
fn a_fault_that_a_server_accepts_is_a_warning() {
    let world = World::new();
    let Some(server) = start("nginx", &world, "server-None", Fault::None) else {
        return;
    };
    let probed = Probed::of(&world, server.port, Some("client-Expired"), &[]);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    assert_eq!(probed.text("/findings/0/severity"), "warning");
    assert_eq!(probed.text("/findings/0/reason"), "expired");
    assert!(probed.text("/findings/0/hint").contains("--http"));
}

fn builder(world: &World, anchors: &str) -> ServerBuilder {
    let path = |name: &str| world.path(name);
    let identity = MtlsIdentity::from_files(path("server-None.crt"), path("server-None.key"));
    MtlsServer::builder()
        .identity(identity.unwrap())
        .trust_anchors(TrustAnchors::from_file(path(anchors)).unwrap())
        .policy(VerifierPolicy::allow_any_authenticated())
}

/// Our chain lacks a certificate that the server's has, and that is not why it is rejected.
#[test]
fn a_missing_intermediate_below_a_ca_that_is_not_trusted_is_no_cause() {
    let world = World::new();
    let server = builder(&world, "stranger.crt")
        .build(Rustls::default())
        .unwrap();
    let port = serve(move |socket| {
        let mut stream = server.accept(socket).map_err(io::Error::other)?;
        stream.read(&mut [0; 1]).map(drop)
    });
    let probed = Probed::of(&world, port, Some("client-MissingIntermediate"), &[]);
    assert_eq!(
        probed.text("/acceptance/alert"),
        "unknown_ca",
        "{}",
        probed.json
    );
    assert_eq!(probed.text("/acceptance/cause/reason"), "unknown_issuer");

    // It names no CA, so either could be the cause.
    let server = builder(&world, "stranger.crt").without_ca_names();
    let server = server.build(Rustls::default()).unwrap();
    let port = serve(move |socket| {
        let mut stream = server.accept(socket).map_err(io::Error::other)?;
        stream.read(&mut [0; 1]).map(drop)
    });
    let probed = Probed::of(&world, port, Some("client-MissingIntermediate"), &[]);
    assert_eq!(
        probed.text("/acceptance/cause/confidence"),
        "likely",
        "{}",
        probed.json
    );
}

#[test]
fn a_server_that_goes_on_without_a_certificate_is_noted() {
    let world = World::new();
    let server = builder(&world, "ca.crt").optional_client_auth();
    let server = server.build(Rustls::default()).unwrap();
    let port = serve(move |socket| {
        let mut stream = server.accept(socket).map_err(io::Error::other)?;
        stream.read(&mut [0; 1]).map(drop)
    });
    let probed = Probed::of(&world, port, None, &[]);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    assert_eq!(probed.text("/findings/0/reason"), "certificate_optional");
    assert_eq!(
        probed.json["certificate_request"]["is_required"],
        serde_json::Value::Null
    );
}

#[test]
fn a_server_that_requests_no_certificate_is_not_mutual() {
    let world = World::new();
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let port = free_port();
    let mut command = openssl.command();
    command
        .args(["s_server", "-quiet", "-accept", &port.to_string(), "-cert"])
        .arg(world.path("server-rsa.crt"))
        .arg("-cert_chain")
        .arg(world.path("intermediate.crt"))
        .arg("-key")
        .arg(world.path("server-rsa.key"));
    let _server = Server::start(&mut command, port);
    let probed = Probed::of(&world, port, Some("client-None"), &[]);
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    assert_eq!(
        probed.text("/findings/0/reason"),
        "no_certificate_requested"
    );
    assert_eq!(probed.is("/identity/is_presented"), Some(false));
}

#[test]
fn without_anchors_the_server_is_shown_and_sees_nothing_of_us() {
    let world = World::new();
    let Some(server) = start("openssl s_server", &world, "server-None", Fault::None) else {
        return;
    };
    let mut command = command();
    command
        .args([
            "probe",
            &format!("127.0.0.1:{}", server.port),
            "--json",
            "--cert",
        ])
        .arg(world.path("client-None.crt"))
        .arg("--key")
        .arg(world.path("client-None.key"));
    let probed = Probed::run(&mut command);
    assert_eq!(probed.text("/outcome"), "fault");
    assert_eq!(probed.text("/reason"), "missing_trust_anchors");
    assert_eq!(probed.text("/presented/0/subject"), "CN=server");
    assert_eq!(probed.is("/identity/is_presented"), Some(false));
}

#[test]
fn a_protocol_that_the_server_does_not_speak_is_named() {
    let world = World::new();
    let server = builder(&world, "ca.crt")
        .alpn(["h2"])
        .build(Rustls::default())
        .unwrap();
    let port = serve(move |socket| server.accept(socket).map(drop).map_err(io::Error::other));
    let probed = Probed::of(&world, port, Some("client-None"), &["--alpn", "http/1.1"]);
    assert_eq!(probed.text("/outcome"), "rejected", "{}", probed.json);
    assert_eq!(probed.text("/reason"), "no_application_protocol");
    assert!(probed.text("/hint").contains("--alpn"));
    let probed = Probed::of(&world, port, None, &["--alpn", "http/1.1", "--alpn", "h2"]);
    assert_eq!(probed.text("/tls/alpn"), "h2", "{}", probed.json);
}

#[test]
fn the_configuration_of_a_service_names_the_server() {
    let world = World::new();
    let Some(server) = start("openssl s_server", &world, "server-None", Fault::None) else {
        return;
    };
    let service = "[upstream]\nidentity = { chain = \"client-None.crt\", key = \"client-None.key\" }\n\
                   trust_anchors = \"ca.crt\"\nserver_name = \"localhost\"\n";
    let file = world.path("service.toml");
    fs::write(&file, service).unwrap();
    let mut command = command();
    command.args([
        "probe",
        &format!("127.0.0.1:{}", server.port),
        "--json",
        "--config",
    ]);
    let probed = Probed::run(command.arg(&file));
    assert_eq!(probed.text("/outcome"), "accepted", "{}", probed.json);
    assert_eq!(probed.text("/server_name"), "localhost");
    assert_eq!(probed.is("/identity/is_presented"), Some(true));
}

#[test]
fn a_very_long_chain_is_cut() {
    let world = World::new();
    fs::write(world.path("intermediate.crt"), "").unwrap();
    world.add_cas("intermediate.crt", 100, 100);
    let Some(server) = start("openssl s_server", &world, "server-None", Fault::None) else {
        return;
    };
    let probed = Probed::of(&world, server.port, Some("client-None"), &[]);
    assert_eq!(probed.text("/outcome"), "rejected", "{}", probed.json);
    assert_eq!(probed.json["presented"].as_array().unwrap().len(), 16);
    assert_eq!(probed.json["presented_left_out"], 85);
    assert!(probed.finished.stdout.len() < 64 * 1024);
}
