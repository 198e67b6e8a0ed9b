//! rumqttc with a Mosquitto broker that takes the user's name from the client's certificate.

mod common;

use std::fs;

use common::programs::Program;
use common::server::{Server, free_port};
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, errors, expect_no_failure, start};
use rumqttc::{AsyncClient, MqttOptions, TlsConfiguration, Transport};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mqtt");

fn mosquitto(workshop: &Workshop, folder: &str) -> Option<Server> {
    let port = free_port();
    let folder = workshop.path(folder);
    let settings = format!(
        "user root\nlistener {port} 127.0.0.1\n\
         certfile server.crt\nkeyfile server.key\ncafile ca.crt\n\
         require_certificate true\nuse_identity_as_username true\nlog_type all\n"
    );
    fs::write(folder.join("mosquitto.conf"), settings).unwrap();
    let mut command = Program::mosquitto()?.command();
    command.current_dir(folder).args(["-c", "mosquitto.conf"]);
    Some(Server::start(&mut command, port))
}

#[test]
fn the_broker_sees_the_new_certificate() {
    let workshop = Workshop::open();
    let Some(server) = mosquitto(&workshop, "server") else {
        return;
    };
    let program = start(PROGRAM, server.port, &workshop.path("client"));
    server.running.wait_for_error_line("u'alice'", LIMIT);
    expect_no_failure(&program, 5);
    workshop.issue_client("alice-2", 0x1002);
    server.running.wait_for_error_line("u'alice-2'", ROTATION);
    expect_no_failure(&program, 10);
}

#[tokio::test]
async fn a_broker_of_an_unknown_ca_is_rejected() {
    let workshop = Workshop::open();
    let Some(server) = mosquitto(&workshop, "stranger") else {
        return;
    };
    let (client, rejections) = errors::client_in(&workshop.path("client"));
    let mut options = MqttOptions::new("meter", "localhost", server.port);
    let tls = TlsConfiguration::Rustls(client.live_config());
    options.set_transport(Transport::tls_with_config(tls));
    let (_client, mut events) = AsyncClient::new(options, 10);
    let error = events.poll().await.unwrap_err();
    errors::expect_rustls_error(&error);
    rejections.expect_unknown_issuer();

    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line("invalid peer certificate: UnknownIssuer", LIMIT);
    program.wait_for_line("hint: give the CA that issued", LIMIT);
}

#[test]
fn a_rejection_by_the_broker_has_a_hint() {
    let workshop = Workshop::open();
    workshop.trust_all_in("stranger");
    let Some(server) = mosquitto(&workshop, "server") else {
        return;
    };
    let program = start(PROGRAM, server.port, &workshop.path("stranger"));
    program.wait_for_line("received fatal alert: UnknownCA", LIMIT);
    program.wait_for_line(
        "hint: the peer does not trust the CA of our certificate",
        LIMIT,
    );
}
