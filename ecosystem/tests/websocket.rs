//! tokio-tungstenite as client and as server.

mod common;

use common::server::start_server;
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, expect_no_failure, start};

const CLIENT: &str = env!("CARGO_BIN_EXE_websocket");
const SERVER: &str = env!("CARGO_BIN_EXE_websocket_server");

#[test]
fn each_side_sees_the_new_certificate_of_the_other() {
    let workshop = Workshop::open();
    let server = start_server(SERVER, &workshop.path("server"));
    let client = start(CLIENT, server.port, &workshop.path("client"));
    client.wait_for_line("CN=alice [10, 01]; CN=server [20, 01]", LIMIT);
    expect_no_failure(&client, 5);
    workshop.issue_client("alice", 0x1002);
    client.wait_for_line("CN=alice [10, 02]; CN=server [20, 01]", ROTATION);
    workshop.issue_server(0x2002);
    client.wait_for_line("CN=alice [10, 02]; CN=server [20, 02]", ROTATION);
    expect_no_failure(&client, 10);
}

#[test]
fn peers_of_an_unknown_ca_are_rejected_on_both_sides() {
    let workshop = Workshop::open();
    let stranger = start_server(SERVER, &workshop.path("stranger"));
    let client = start(CLIENT, stranger.port, &workshop.path("client"));
    client.wait_for_line("failed: the peer was rejected", LIMIT);
    assert!(client.wait_for_line("hint: ", LIMIT).contains("CN=Nyx"));

    // The client's own error says what the server's alert means.
    let server = start_server(SERVER, &workshop.path("server"));
    workshop.trust_all_in("stranger");
    let client = start(CLIENT, server.port, &workshop.path("stranger"));
    let rejected = &server.running;
    rejected.wait_for_line("rejected: the peer was rejected", LIMIT);
    rejected.wait_for_line("CN=eve", LIMIT);
    client.wait_for_line("rejected the handshake with the alert unknown_ca", LIMIT);
    assert!(client.wait_for_line("hint: ", LIMIT).contains("CN=Nyx"));
}
