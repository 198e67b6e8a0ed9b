//! redis-rs with a Redis server that requires client certificates.

mod common;

use common::errors::{self, find};
use common::programs::Program;
use common::server::{Server, free_port};
use common::tap::Tap;
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, expect_no_failure, start};
use mtls::error::Alert;
use mtls::{HandshakeError, Report};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::net::TcpStream;

const PROGRAM: &str = env!("CARGO_BIN_EXE_redis");

/// `versions` are those of TLS.
fn redis_server(workshop: &Workshop, folder: &str, versions: &str) -> Option<Server> {
    let port = free_port();
    let mut command = Program::redis_server()?.command();
    command.current_dir(workshop.path(folder)).args([
        "--port 0",
        "--bind 127.0.0.1",
        &format!("--tls-port {port}"),
        "--tls-cert-file server.crt",
        "--tls-key-file server.key",
        "--tls-ca-cert-file ca.crt",
        "--tls-auth-clients yes",
        &format!("--tls-protocols {versions}"),
        "--save \"\"",
    ]);
    Some(Server::start(&mut command, port))
}

/// Redis does not show which certificate it received, so the test reads it on the way there.
#[test]
fn the_new_certificate_is_sent() {
    let workshop = Workshop::open();
    let Some(server) = redis_server(&workshop, "server", "TLSv1.2") else {
        return;
    };
    let tap = Tap::before(server.port);
    let first = workshop.issue_client("alice", 0x1002);
    let program = start(PROGRAM, tap.port, &workshop.path("client"));
    tap.expect(&first, LIMIT);
    program.wait_for_line("PONG", LIMIT);
    expect_no_failure(&program, 5);
    let second = workshop.issue_client("alice", 0x1003);
    tap.expect(&second, ROTATION);
    expect_no_failure(&program, 10);
}

#[tokio::test]
async fn a_server_of_an_unknown_ca_is_rejected() {
    let workshop = Workshop::open();
    let Some(server) = redis_server(&workshop, "stranger", "TLSv1.3") else {
        return;
    };
    let (client, rejections) = errors::client_in(&workshop.path("client"));
    let tcp = TcpStream::connect(("localhost", server.port))
        .await
        .unwrap();
    let error = client.connect_async("localhost", tcp).await.unwrap_err();
    errors::expect_unknown_issuer(error.rejection().unwrap());
    rejections.expect_unknown_issuer();

    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line("failed: the peer was rejected", LIMIT);
    assert!(program.wait_for_line("hint: ", LIMIT).contains("CN=Nyx"));
}

/// In TLS 1.3 the server's verdict arrives after the handshake, inside of the library's error.
#[tokio::test]
async fn a_rejection_by_the_server_arrives_in_the_error_of_the_library() {
    let workshop = Workshop::open();
    let Some(server) = redis_server(&workshop, "server", "TLSv1.3") else {
        return;
    };
    workshop.trust_all_in("stranger");
    let (client, _) = errors::client_in(&workshop.path("stranger"));
    let tcp = TcpStream::connect(("localhost", server.port))
        .await
        .unwrap();
    let stream = client.connect_async("localhost", tcp).await.unwrap();
    let (info, config) = (
        RedisConnectionInfo::default(),
        AsyncConnectionConfig::default(),
    );
    let connection = MultiplexedConnection::new_with_config(&info, stream, config).await;
    let error: RedisError = match connection {
        Err(error) => error,
        Ok((mut connection, driver)) => {
            tokio::spawn(driver);
            let ping = redis::cmd("PING");
            ping.query_async::<String>(&mut connection)
                .await
                .unwrap_err()
        }
    };
    let Some(HandshakeError::RejectedByPeer { alert, hint }) = find(&error) else {
        panic!("{:?}", errors::chain(&error));
    };
    assert_eq!(*alert, Alert::UNKNOWN_CA);
    assert!(hint.contains("CN=Nyx"), "{hint}");
    assert_eq!(Report::new(&error).hint().as_deref(), Some(&**hint));
}
