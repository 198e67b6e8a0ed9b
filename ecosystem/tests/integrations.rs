//! The programs of the integrations with each other, while the files of both are replaced.

mod common;

use std::time::Duration;

use common::programs::Running;
use common::server::{free_port, start_server};
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, errors, expect_no_failure, start};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use mtls::{FileSource, MtlsClient, MtlsServer, Rustls, VerifierPolicy};
use mtls_ecosystem::show;
use quinn::ConnectionError;
use tokio::time::timeout;

const AXUM: &str = env!("CARGO_BIN_EXE_axum");
const HYPER_CLIENT: &str = env!("CARGO_BIN_EXE_hyper_client");
const HYPER_SERVER: &str = env!("CARGO_BIN_EXE_hyper_server");
const QUINN_CLIENT: &str = env!("CARGO_BIN_EXE_quinn_client");
const QUINN_SERVER: &str = env!("CARGO_BIN_EXE_quinn_server");
const REQWEST: &str = env!("CARGO_BIN_EXE_reqwest");
const TONIC_CLIENT: &str = env!("CARGO_BIN_EXE_tonic_client");
const TONIC_SERVER: &str = env!("CARGO_BIN_EXE_tonic_server");

/// Client and server print the peer that they see.
///
/// Without retirement by the server, a client stays with the server's old certificate until it
/// changes its own.
fn each_sees_the_other(workshop: &Workshop, client: &Running) {
    client.wait_for_line("CN=alice [10, 01]; CN=server [20, 01]", LIMIT);
    expect_no_failure(client, 5);
    workshop.issue_server(0x2002);
    // Until the server has read its files.
    std::thread::sleep(ROTATION);
    expect_no_failure(client, 5);
    client_changes(workshop, client);
}

/// As [`each_sees_the_other`], with a server that retires its connections.
fn each_sees_the_other_at_once(workshop: &Workshop, client: &Running) {
    client.wait_for_line("CN=alice [10, 01]; CN=server [20, 01]", LIMIT);
    expect_no_failure(client, 5);
    workshop.issue_server(0x2002);
    client.wait_for_line("CN=alice [10, 01]; CN=server [20, 02]", ROTATION);
    expect_no_failure(client, 5);
    // The old connection is not used again.
    let stdout = client.stdout();
    let after = stdout.split_once("[20, 02]").unwrap().1;
    assert!(!after.contains("[20, 01]"), "{stdout}");
    client_changes(workshop, client);
}

fn client_changes(workshop: &Workshop, client: &Running) {
    workshop.issue_client("alice", 0x1002);
    client.wait_for_line("CN=alice [10, 02]; CN=server [20, 02]", ROTATION);
    expect_no_failure(client, 10);
}

/// Only the server shows the peer that it sees.
fn the_server_sees_the_client(server: &str, client: &str) {
    let workshop = Workshop::open();
    let server = start_server(server, &workshop.path("server"));
    let client = start(client, server.port, &workshop.path("client"));
    client.wait_for_line("CN=alice [10, 01]", LIMIT);
    expect_no_failure(&client, 5);
    workshop.issue_client("alice", 0x1002);
    client.wait_for_line("CN=alice [10, 02]", ROTATION);
    workshop.issue_server(0x2002);
    expect_no_failure(&client, 30);
    // The old connection is not used again.
    let stdout = client.stdout();
    let after = stdout.split_once("[10, 02]").unwrap().1;
    assert!(!after.contains("[10, 01]"), "{stdout}");
}

#[test]
fn hyper_with_hyper() {
    let workshop = Workshop::open();
    let server = start_server(HYPER_SERVER, &workshop.path("server"));
    let client = start(HYPER_CLIENT, server.port, &workshop.path("client"));
    each_sees_the_other(&workshop, &client);
}

#[test]
fn hyper_with_axum() {
    let workshop = Workshop::open();
    let server = start_server(AXUM, &workshop.path("server"));
    let client = start(HYPER_CLIENT, server.port, &workshop.path("client"));
    each_sees_the_other_at_once(&workshop, &client);
}

#[test]
fn quinn_with_quinn() {
    let workshop = Workshop::open();
    let port = free_port();
    let mut server = start(QUINN_SERVER, port, &workshop.path("server"));
    // It has no TCP port to try: the client repeats its first packet.
    let client = start(QUINN_CLIENT, port, &workshop.path("client"));
    each_sees_the_other(&workshop, &client);
    assert!(
        server.is_alive() && server.stdout().is_empty(),
        "{}",
        server.stdout()
    );
}

/// The server closes a connection when its handle says so, as the guide promises.
#[tokio::test]
async fn a_quinn_server_closes_a_retired_connection() {
    let workshop = Workshop::open();
    let files = |side: &str| {
        let file = |name: &str| workshop.path(side).join(name);
        let (chain, key) = (format!("{side}.crt"), format!("{side}.key"));
        FileSource::from_files(file(&chain), file(&key), file("ca.crt"))
    };
    let server = MtlsServer::builder()
        .source(files("server"))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["test"])
        .retire_connections(Duration::from_secs(1));
    let server = server.build(Rustls::default()).unwrap();
    let local = ([127, 0, 0, 1], 0).into();
    let config = mtls::quinn::server_config(&server).unwrap();
    let listening = quinn::Endpoint::server(config, local).unwrap();
    let address = listening.local_addr().unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = listening.accept().await {
            let connection = incoming.await.unwrap();
            let handle = mtls::quinn::accepted(&server, &connection).unwrap();
            tokio::spawn(async move {
                let reason = handle.ended().await;
                connection.close(7_u32.into(), reason.to_string().as_bytes());
            });
        }
    });

    let client = MtlsClient::builder().source(files("client")).alpn(["test"]);
    let client = client.build(Rustls::default()).unwrap();
    let mut endpoint = quinn::Endpoint::client(local).unwrap();
    endpoint.set_default_client_config(mtls::quinn::client_config(&client).unwrap());
    let connect = async || {
        let connecting = endpoint.connect(address, "localhost").unwrap();
        let connection = timeout(LIMIT, connecting).await.unwrap().unwrap();
        let handle = mtls::quinn::connected(&client, "localhost", &connection).unwrap();
        (show(handle.peer()), connection)
    };
    let (seen, first) = connect().await;
    assert_eq!(seen, "CN=server [20, 01]");
    workshop.issue_server(0x2002);
    match timeout(ROTATION, first.closed()).await.expect("it is open") {
        ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code, 7_u32.into()),
        other => panic!("{other}"),
    }
    assert_eq!(connect().await.0, "CN=server [20, 02]");
}

#[test]
fn reqwest_with_axum() {
    the_server_sees_the_client(AXUM, REQWEST);
}

#[test]
fn tonic_with_tonic() {
    the_server_sees_the_client(TONIC_SERVER, TONIC_CLIENT);
}

/// The router's layer answers in place of the route.
#[tokio::test]
async fn only_some_peers_reach_a_route() {
    let workshop = Workshop::open();
    let server = start_server(AXUM, &workshop.path("server"));
    let url = format!("https://localhost:{}/", server.port);
    for (name, status) in [("alice", StatusCode::OK), ("bob", StatusCode::FORBIDDEN)] {
        workshop.issue_client(name, 0x1002);
        let (client, _) = errors::client_in(&workshop.path("client"));
        let http = mtls::hyper::Client::new(&client);
        let request = Request::get(&url).body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(http.request(request).await.unwrap().status(), status);
    }
}

/// A server of an unknown CA: the client says why, and what to do.
#[test]
fn clients_say_why_they_reject_a_server() {
    for (server, client, reason) in [
        (HYPER_SERVER, HYPER_CLIENT, "the peer was rejected"),
        (AXUM, REQWEST, "invalid peer certificate: UnknownIssuer"),
        (TONIC_SERVER, TONIC_CLIENT, "the peer was rejected"),
    ] {
        let workshop = Workshop::open();
        let server = start_server(server, &workshop.path("stranger"));
        let client = start(client, server.port, &workshop.path("client"));
        client.wait_for_line(reason, LIMIT);
        client.wait_for_line("hint: ", Duration::from_secs(5));
    }
}

/// A client of an unknown CA learns it from its own error, also where HTTP/2 loses errors.
#[test]
fn clients_say_why_they_are_rejected() {
    for (server, client) in [
        (HYPER_SERVER, HYPER_CLIENT),
        (AXUM, HYPER_CLIENT),
        (TONIC_SERVER, TONIC_CLIENT),
    ] {
        let workshop = Workshop::open();
        workshop.trust_all_in("stranger");
        let server = start_server(server, &workshop.path("server"));
        let client = start(client, server.port, &workshop.path("stranger"));
        client.wait_for_line("rejected the handshake with the alert unknown_ca", LIMIT);
        let hint = client.wait_for_line("hint: ", Duration::from_secs(5));
        assert!(hint.contains("CN=Nyx"), "{hint}");
    }
}
