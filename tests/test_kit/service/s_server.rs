//! A server of another library: what OpenSSL's own lets in.

use std::net::SocketAddr;
use std::time::Duration;

use mtls::test_util::{Fault, assert_rejects_all};

use super::{NAME, Stage, message_of};
use crate::common::programs::{Program, Running};

const LISTENS: &str = "ACCEPT ";

/// Starts it with the files of the stage. It requests a certificate, and has these arguments.
fn start(openssl: &Program, stage: &Stage, arguments: &[&str]) -> (Running, SocketAddr) {
    let mut command = openssl.command();
    command.args([
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-www",
        "-Verify",
        "99",
    ]);
    command.arg("-cert").arg(stage.files.chain());
    command.arg("-key").arg(stage.files.key());
    command.arg("-CAfile").arg(stage.files.anchors());
    command.args(arguments);
    let running = Running::start(&mut command);
    let line = running.wait_for_line(LISTENS, Duration::from_secs(20));
    let (_, address) = line.split_once(LISTENS).unwrap();
    let address = address.trim().parse().unwrap();
    (running, address)
}

/// The faults that it lets in.
async fn let_in(address: SocketAddr, stage: Stage, faults: Vec<Fault>) -> Vec<Fault> {
    let all = faults.clone();
    let assertion = async move { assert_rejects_all(address, NAME, &stage.ca, &all).await };
    let text = message_of(assertion).await;
    let is_listed = |fault: &Fault| text.contains(&format!("\n  {fault:?} ({fault}): accepted"));
    let listed: Vec<Fault> = faults.into_iter().filter(is_listed).collect();
    assert!(!listed.is_empty(), "{text}");
    listed
}

/// The guide names them.
#[tokio::test(flavor = "multi_thread")]
async fn openssl_accepts_what_the_guide_says() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let stage = Stage::new();
    let (server, address) = start(&openssl, &stage, &["-verify_return_error"]);
    let accepted = let_in(address, stage, Fault::of_clients()).await;
    drop(server);
    let expected = [
        Fault::DuplicateExtension,
        Fault::LeafIsCa,
        Fault::MalformedName,
        Fault::PathTooLong,
        Fault::X509V1,
    ];
    assert_eq!(accepted, expected);
    let names = expected.map(|fault| format!("`{fault:?}`")).join(", ");
    let guide = crate::guide::GUIDE.replace('\n', " ");
    assert!(guide.contains(&names), "the guide does not name {names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_option_s_server_accepts_what_is_not_trusted() {
    let Some(openssl) = Program::openssl() else {
        return;
    };
    let stage = Stage::new();
    let (server, address) = start(&openssl, &stage, &[]);
    let faults = vec![Fault::Expired, Fault::SelfSigned, Fault::UnknownIssuer];
    assert_eq!(let_in(address, stage, faults.clone()).await, faults);
    drop(server);
}
