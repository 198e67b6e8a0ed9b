//! What is written, read by another program with parsers of its own.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use mtls::error::ForwardedError;
use mtls::http::ForwardedHeaders;
use mtls::pki_types::UnixTime;
use mtls::{PeerIdentity, PeerVerifier, Rustls, VerifierPolicy};

use crate::common::pki::{Authority, Leaf};
use crate::common::programs::{Program, run};
use crate::peers::{
    ALICE, BOB, GATEWAY, ROOT, WRITE_CLIENT_CERT, WRITE_XFCC, anchors, connect, forwarded, gateways,
};

/// Structured fields, URL encoding, PEM and X.509 of node and of its module `structured-headers`.
#[test]
fn another_program_reads_what_is_written() {
    let Some(node) = Program::node_with("structured-headers") else {
        return;
    };
    let odd = connect(
        &Leaf::named("o\"d\\d")
            .organization("Zürich")
            .uri("https://a.test/?b=c,d;e")
            .client()
            .issued_by(&ROOT),
    );
    for client in [&*ALICE, &*BOB, &odd] {
        let mut command = node.command();
        command.args(["-e", include_str!("reader.js")]);
        let mut lines = String::new();
        for write in [WRITE_CLIENT_CERT, WRITE_XFCC] {
            let mut headers = HeaderMap::new();
            write(&mut headers, Some(client)).unwrap();
            for (name, value) in &headers {
                lines.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
            }
        }
        let read = run(&mut command, lines.as_bytes(), Duration::from_secs(30)).expect_success();
        assert_eq!(read, expected(client), "{client}");
    }
}

fn expected(client: &PeerIdentity) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let certificates: Vec<String> = client.chain().iter().map(|der| hex(der)).collect();
    let chain = certificates.join(",");
    let (leaf, above) = chain.split_once(',').unwrap_or((&chain, ""));
    let mut lines = vec![format!("client-cert {leaf}")];
    if !above.is_empty() {
        lines.push(format!("client-cert-chain {above}"));
    }
    lines.push(format!("hash {}", hex(&client.certificate_sha256())));
    lines.push(format!("cert {leaf}"));
    if !above.is_empty() {
        lines.push(format!("chain {chain}"));
    }
    lines.extend(client.uris().map(|uri| format!("uri {uri}")));
    lines.extend(client.dns_names().map(|dns| format!("dns {dns}")));
    lines.join("\n") + "\n"
}

#[test]
fn the_path_is_written_and_nothing_beside_it() {
    // Presented with the root, and with a CA that has nothing to do with it.
    let leaf = Leaf::named("carol").dns("carol.test").client();
    let carol = leaf
        .issued_by(&ROOT)
        .with(&ROOT)
        .with(&Authority::named("Stray"));
    let algorithms = Rustls::default().signature_algorithms().unwrap();
    let policy = VerifierPolicy::allow_any_authenticated();
    let verifier = PeerVerifier::new(anchors(), policy, algorithms).unwrap();
    let carol = verifier
        .verify_client(&carol.chain, UnixTime::now())
        .unwrap();
    assert_eq!(carol.chain().len(), 3);
    for (write, reader) in [
        (WRITE_CLIENT_CERT, ForwardedHeaders::client_cert(gateways())),
        (WRITE_XFCC, ForwardedHeaders::xfcc(gateways())),
    ] {
        let mut headers = HeaderMap::new();
        write(&mut headers, Some(&carol)).unwrap();
        let peer = forwarded(reader.take(Some(&GATEWAY), &mut headers));
        assert_eq!(peer.chain(), &carol.chain()[..1]);
    }
}

#[test]
fn a_header_that_is_too_long_is_not_written() {
    // rustls limits a handshake message to 64 KiB; base64 is longer by a third.
    let long = "a".repeat(18_000);
    let leaf = ["b", "c", "d"]
        .iter()
        .fold(Leaf::named("big").client(), |leaf, name| {
            leaf.uri(&format!("https://{name}.test/{long}"))
        });
    let big = connect(&leaf.issued_by(&ROOT));
    for write in [WRITE_CLIENT_CERT, WRITE_XFCC] {
        let mut headers = HeaderMap::new();
        headers.insert("client_cert", HeaderValue::from_static("forged"));
        let error = write(&mut headers, Some(&big)).unwrap_err();
        assert!(matches!(error, ForwardedError::TooLong { .. }), "{error:?}");
        assert!(headers.is_empty());
    }
}

#[test]
fn a_full_map_has_none_of_the_headers_afterwards() {
    for (write, room) in [
        (WRITE_CLIENT_CERT, 0),
        (WRITE_CLIENT_CERT, 1),
        (WRITE_XFCC, 0),
    ] {
        let mut headers = HeaderMap::new();
        let mut number = 0;
        let mut add = |headers: &mut HeaderMap| {
            number += 1;
            let name: HeaderName = format!("x-{number}").parse().unwrap();
            headers
                .try_insert(name, HeaderValue::from_static(""))
                .is_ok()
        };
        while add(&mut headers) {}
        for number in 1..=room {
            headers.remove(format!("x-{number}"));
        }
        let before = headers.len();
        let error = write(&mut headers, Some(&ALICE)).unwrap_err();
        assert!(
            matches!(error, ForwardedError::TooManyHeaders { .. }),
            "{error:?}"
        );
        assert_eq!(headers.len(), before);
    }
}
