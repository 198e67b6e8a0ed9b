//! tokio-postgres with a PostgreSQL server that requires a client certificate for its user.

mod common;

use std::fs;

use common::programs::{Program, run};
use common::server::{Server, command_of_a_user, free_port};
use common::workshop::{SERVER_USER, Workshop, is_root};
use common::{LIMIT, ROTATION, errors, expect_no_failure, start};
use rustls::ClientConfig;
use tokio_postgres_rustls::MakeRustlsConnect;

const GUIDE: &str = include_str!("../../src/guides/integrations.md");
const PROGRAM: &str = env!("CARGO_BIN_EXE_postgres");

/// A database in the workshop, and its server with the certificate in `folder`.
fn postgresql(workshop: &Workshop, folder: &str) -> Option<Server> {
    let data = workshop.path(&format!("{folder}-data"));
    fs::create_dir(&data).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&data, Some(SERVER_USER), Some(SERVER_USER)).unwrap();
    }
    let mut initdb = command_of_a_user(&Program::postgresql("initdb")?)?;
    initdb.args(["--no-sync", "--auth=reject", "--username=postgres", "-D"]);
    run(initdb.arg(&data), b"", LIMIT).expect_success();
    let rules = "hostssl all all all cert clientcert=verify-full\n";
    fs::write(data.join("pg_hba.conf"), rules).unwrap();

    let program = Program::postgresql("postgres")?;
    let mut single = command_of_a_user(&program)?;
    single.arg("--single").arg("-D").arg(&data).arg("postgres");
    run(&mut single, b"CREATE ROLE alice LOGIN;\n", LIMIT).expect_success();

    let port = free_port();
    let files = workshop.path(folder);
    let mut command = command_of_a_user(&program)?;
    command.arg("-D").arg(&data);
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "fsync=off".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", files.join("server.crt").display()),
        format!("ssl_key_file={}", files.join("server.key").display()),
        format!("ssl_ca_file={}", files.join("ca.crt").display()),
    ] {
        command.arg("-c").arg(setting);
    }
    let server = Server::start(&mut command, port);
    // It accepts connections earlier, and rejects them.
    let ready = "ready to accept connections";
    server.running.wait_for_error_line(ready, LIMIT);
    Some(server)
}

#[test]
fn the_server_sees_the_new_certificate() {
    let workshop = Workshop::open();
    let Some(server) = postgresql(&workshop, "server") else {
        return;
    };
    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line(r#"Some("/CN=alice") Some("4097")"#, LIMIT);
    expect_no_failure(&program, 5);
    workshop.issue_client("alice", 0x1002);
    program.wait_for_line(r#"Some("/CN=alice") Some("4098")"#, ROTATION);
    expect_no_failure(&program, 10);

    // The server requires the name of its user.
    workshop.issue_client("bob", 0x1003);
    program.wait_for_line("certificate authentication failed for user", ROTATION);
}

#[tokio::test]
async fn a_server_of_an_unknown_ca_is_rejected() {
    let workshop = Workshop::open();
    let Some(server) = postgresql(&workshop, "stranger") else {
        return;
    };
    let (client, rejections) = errors::client_in(&workshop.path("client"));
    let tls = MakeRustlsConnect::new(ClientConfig::clone(&client.live_config()));
    let settings = format!(
        "host=localhost port={} user=alice sslmode=require",
        server.port
    );
    let result = tokio_postgres::connect(&settings, tls).await;
    let error = result.map(|_| ()).unwrap_err();
    errors::expect_rustls_error(&error);
    rejections.expect_unknown_issuer();

    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line("invalid peer certificate: UnknownIssuer", LIMIT);
    let hint = program.wait_for_line("hint: give the CA that issued", LIMIT);
    let stdout = program.stdout();
    let (report, _) = stdout.split_once(&hint).unwrap();
    assert!(GUIDE.contains(&format!("{report}{hint}\n")), "{stdout}");
}

#[test]
fn a_rejection_by_the_server_has_a_hint() {
    let workshop = Workshop::open();
    workshop.trust_all_in("stranger");
    let Some(server) = postgresql(&workshop, "server") else {
        return;
    };
    let program = start(PROGRAM, server.port, &workshop.path("stranger"));
    program.wait_for_line("received fatal alert: UnknownCA", LIMIT);
    program.wait_for_line(
        "hint: the peer does not trust the CA of our certificate",
        LIMIT,
    );
}
