//! amqprs with a RabbitMQ broker that takes the user from the client's certificate.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::tls::TlsAdaptor;
use common::programs::Program;
use common::server::{Server, free_port};
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, errors, expect_no_failure, start};

const PROGRAM: &str = env!("CARGO_BIN_EXE_amqp");

const DEFINITIONS: &str = r#"{
    "vhosts": [{ "name": "/" }],
    "users": [
        { "name": "alice", "password_hash": "", "tags": [] },
        { "name": "alice-2", "password_hash": "", "tags": [] }
    ],
    "permissions": [
        { "user": "alice", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" },
        { "user": "alice-2", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" }
    ]
}"#;

/// A broker, and what its runtime registers with: by itself it starts a daemon, which would stay.
struct RabbitMq {
    server: Server,
    _epmd: Server,
}

fn rabbitmq(workshop: &Workshop, folder: &str) -> Option<RabbitMq> {
    let (epmd, program) = (Program::epmd()?, Program::rabbitmq_server()?);
    let (port, epmd_port) = (free_port(), free_port());
    let folder = workshop.path(folder);
    let settings = format!(
        "listeners.tcp = none\nlisteners.ssl.1 = 127.0.0.1:{port}\n\
         ssl_options.certfile = {0}/server.crt\n\
         ssl_options.keyfile = {0}/server.key\n\
         ssl_options.cacertfile = {0}/ca.crt\n\
         ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n\
         auth_mechanisms.1 = EXTERNAL\nssl_cert_login_from = common_name\n\
         load_definitions = {0}/definitions.json\n",
        folder.display()
    );
    fs::write(folder.join("rabbitmq.conf"), settings).unwrap();
    fs::write(folder.join("definitions.json"), DEFINITIONS).unwrap();
    let plugins = "[rabbitmq_auth_mechanism_ssl].\n";
    fs::write(folder.join("enabled_plugins"), plugins).unwrap();
    let environment = |mut command: Command, folder: &Path| {
        command
            .current_dir(folder)
            .env("ERL_EPMD_PORT", epmd_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("HOME", folder)
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env(
                "RABBITMQ_ENABLED_PLUGINS_FILE",
                folder.join("enabled_plugins"),
            )
            .env("RABBITMQ_LOGS", "-")
            .env("RABBITMQ_LOG_BASE", folder)
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_NODENAME", format!("mtls-{port}@localhost"))
            .env("RABBITMQ_DIST_PORT", free_port().to_string())
            .env("RABBITMQ_PID_FILE", folder.join("pid"));
        command
    };
    let epmd = Server::start(&mut environment(epmd.command(), &folder), epmd_port);
    let server = Server::start(&mut environment(program.command(), &folder), port);
    Some(RabbitMq {
        server,
        _epmd: epmd,
    })
}

#[test]
fn the_broker_sees_the_new_certificate() {
    let workshop = Workshop::open();
    let Some(broker) = rabbitmq(&workshop, "server") else {
        return;
    };
    let port = broker.server.port;
    let program = start(PROGRAM, port, &workshop.path("client"));
    let log = &broker.server.running;
    log.wait_for_line("user 'alice' authenticated", LIMIT);
    program.wait_for_line("connected", LIMIT);
    expect_no_failure(&program, 5);
    workshop.issue_client("alice-2", 0x1002);
    log.wait_for_line("user 'alice-2' authenticated", ROTATION);
    expect_no_failure(&program, 10);
}

/// The library keeps the text of an error only.
#[tokio::test]
async fn a_broker_of_an_unknown_ca_is_rejected() {
    let workshop = Workshop::open();
    let Some(broker) = rabbitmq(&workshop, "stranger") else {
        return;
    };
    let (client, rejections) = errors::client_in(&workshop.path("client"));
    let mut options = OpenConnectionArguments::new("localhost", broker.server.port, "", "");
    let tls = TlsAdaptor::new(client.live_config().into(), "localhost".into());
    options.tls_adaptor(tls);
    let error = Connection::open(&options).await.err().unwrap();
    let text = "invalid peer certificate: UnknownIssuer";
    assert!(error.to_string().contains(text), "{error}");
    assert_eq!(errors::chain(&error).len(), 1);
    rejections.expect_unknown_issuer();

    let program = start(PROGRAM, broker.server.port, &workshop.path("client"));
    program.wait_for_line(text, LIMIT);
}
