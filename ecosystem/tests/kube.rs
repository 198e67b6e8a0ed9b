//! kube, with an HTTPS server of node in place of an API server.
//!
//! It answers the request for the version.

mod common;

use common::programs::Program;
use common::server::{Server, free_port};
use common::workshop::Workshop;
use common::{LIMIT, ROTATION, errors, expect_no_failure, start};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use rustls::ClientConfig;
use tower::ServiceBuilder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kube");

/// It names its client as its own version.
const SCRIPT: &str = r#"
const fs = require('fs');
const options = {
    cert: fs.readFileSync('server.crt'), key: fs.readFileSync('server.key'),
    ca: fs.readFileSync('ca.crt'), requestCert: true, rejectUnauthorized: true,
};
require('https').createServer(options, (request, response) => {
    const peer = request.socket.getPeerCertificate();
    const text = '';
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({
        gitVersion: `${peer.subject.CN} ${peer.serialNumber}`,
        major: text, minor: text, gitCommit: text, gitTreeState: text, buildDate: text,
        goVersion: text, compiler: text, platform: text,
    }));
}).listen(Number(process.argv[1]), '127.0.0.1');
"#;

fn api_server(workshop: &Workshop, folder: &str) -> Option<Server> {
    let port = free_port();
    let mut command = Program::node()?.command();
    command.current_dir(workshop.path(folder));
    command.args(["-e", SCRIPT, &port.to_string()]);
    Some(Server::start(&mut command, port))
}

#[test]
fn the_server_sees_the_new_certificate() {
    let workshop = Workshop::open();
    let Some(server) = api_server(&workshop, "server") else {
        return;
    };
    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line("alice 1001", LIMIT);
    expect_no_failure(&program, 5);
    workshop.issue_client("alice", 0x1002);
    program.wait_for_line("alice 1002", ROTATION);
    expect_no_failure(&program, 10);
}

#[tokio::test]
async fn a_server_of_an_unknown_ca_is_rejected() {
    let workshop = Workshop::open();
    let Some(server) = api_server(&workshop, "stranger") else {
        return;
    };
    let (client, rejections) = errors::client_in(&workshop.path("client"));
    let url = format!("https://localhost:{}", server.port);
    let config = kube::Config::new(url.parse().unwrap());
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(ClientConfig::clone(&client.live_config()))
        .https_only()
        .enable_http1()
        .build();
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .service(HttpClient::builder(TokioExecutor::new()).build(https));
    let kubernetes = kube::Client::new(service, "default");
    let error = kubernetes.apiserver_version().await.unwrap_err();
    errors::expect_rustls_error(&error);
    rejections.expect_unknown_issuer();

    let program = start(PROGRAM, server.port, &workshop.path("client"));
    program.wait_for_line("invalid peer certificate: UnknownIssuer", LIMIT);
    program.wait_for_line("hint: give the CA that issued", LIMIT);
}
