//! Who is believed, and what of RFC 9440 is read.

use base64ct::{Base64, Encoding};
use http::HeaderMap;
use mtls::error::{ForwardedError, MaterialProblem};
use mtls::http::{ForwardedHeaders, RequestClient, strip, write_client_cert, write_xfcc};

use crate::peers::{
    ALICE, BOB, GATEWAY, WRITE_CLIENT_CERT, WRITE_XFCC, forwarded, gateways, map, take,
};

fn bytes(der: &[u8]) -> String {
    format!(":{}:", Base64::encode_string(der))
}

fn reader() -> ForwardedHeaders {
    ForwardedHeaders::client_cert(gateways())
}

#[test]
fn a_gateway_names_its_client() {
    let mut headers = HeaderMap::new();
    write_client_cert(&mut headers, &*ALICE).unwrap();
    let peer = forwarded(reader().take(Some(&GATEWAY), &mut headers));
    assert_eq!(peer.gateway(), &*GATEWAY);
    assert_eq!(peer.chain(), ALICE.chain());
    assert_eq!(peer.spiffe_id(), ALICE.spiffe_id());
    assert!(peer.dns_names().eq(["alice.test", "a.test"]));
    assert!(peer.uris().eq(ALICE.uris()));
    assert!(peer.email_addresses().eq(["alice@a.test"]));
    assert!(peer.ip_addresses().eq(ALICE.ip_addresses()));
    assert_eq!(peer.common_name(), Some("alice"));
    assert_eq!(peer.subject(), ALICE.subject());
    assert_eq!(peer.certificate_sha256(), ALICE.certificate_sha256());
    assert_eq!(
        peer.to_string(),
        "spiffe://prod.test/alice (by gateway.test)"
    );
}

#[test]
fn only_a_gateway_is_believed() {
    for write in [WRITE_CLIENT_CERT, WRITE_XFCC] {
        for reader in [
            reader(),
            ForwardedHeaders::xfcc(gateways()),
            ForwardedHeaders::danger_last_xfcc(gateways()),
        ] {
            for sender in [Some(&*BOB), None] {
                let mut headers = HeaderMap::new();
                write(&mut headers, Some(&ALICE)).unwrap();
                let client = reader.take(sender, &mut headers);
                assert!(matches!(client, Ok(RequestClient::Sender)), "{client:?}");
                assert!(headers.is_empty());
            }
        }
    }
}

/// A gateway replaces the header that it writes, and no other.
#[test]
fn the_other_kind_of_header_does_not_count() {
    let mut headers = HeaderMap::new();
    write_client_cert(&mut headers, &*ALICE).unwrap();
    let client = ForwardedHeaders::xfcc(gateways()).take(Some(&GATEWAY), &mut headers);
    assert!(matches!(client, Ok(RequestClient::Unnamed)), "{client:?}");
    write_xfcc(&mut headers, &*ALICE).unwrap();
    let client = reader().take(Some(&GATEWAY), &mut headers);
    assert!(matches!(client, Ok(RequestClient::Unnamed)), "{client:?}");
    assert!(headers.is_empty());
}

#[test]
fn an_alias_does_not_count() {
    let leaf = bytes(&ALICE.chain()[0]);
    for name in ["client_cert", "Client.Cert", "CLIENT_CERT"] {
        let client = take(&reader(), &[(name, leaf.as_bytes())]);
        assert!(matches!(client, Ok(RequestClient::Unnamed)), "{client:?}");
    }
}

#[test]
fn a_chain_may_have_several_lines_and_parameters() {
    let [leaf, issuer] = ALICE.chain() else {
        panic!()
    };
    let (leaf, issuer) = (bytes(leaf), bytes(issuer) + ";unknown=1");
    let lines = [
        ("client-cert", leaf.as_bytes()),
        ("client-cert-chain", issuer.as_bytes()),
        ("client-cert-chain", issuer.as_bytes()),
    ];
    let peer = forwarded(take(&reader(), &lines));
    assert_eq!(peer.chain().len(), 3);
    let lines = [("client-cert", leaf.as_bytes()), ("client-cert-chain", b"")];
    assert_eq!(forwarded(take(&reader(), &lines)).chain().len(), 1);
}

#[test]
fn malformed_headers_are_errors() {
    let leaf = bytes(&ALICE.chain()[0]);
    let twice = format!("{leaf}, {leaf}");
    for (value, offset) in [
        (&b""[..], 0),
        (b":", 1),
        (b":!!!!:", 1),
        (b"\"text\"", 0),
        (b"token", 0),
        (b"\xff", 0),
        (b"(:AAAA:)", 0),
        (twice.as_bytes(), leaf.len()),
    ] {
        let error = take(&reader(), &[("client-cert", value)]).unwrap_err();
        let ForwardedError::Malformed { header, offset: at } = error else {
            panic!("{error:?}");
        };
        assert_eq!((header, at), ("Client-Cert", offset), "{value:?}");
    }
    let two_lines = [("client-cert", leaf.as_bytes()); 2];
    let error = take(&reader(), &two_lines).unwrap_err();
    assert!(matches!(error, ForwardedError::Malformed { .. }));
    for value in [&b"1"[..], b":AAAA:,", b"(:AAAA:)", b":AAAA: :AAAA:", b"\t:"] {
        let lines = [
            ("client-cert", leaf.as_bytes()),
            ("client-cert-chain", value),
        ];
        let error = take(&reader(), &lines).unwrap_err();
        let ForwardedError::Malformed { header, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(header, "Client-Cert-Chain");
    }
}

#[test]
fn a_chain_needs_a_leaf() {
    let lines = [("client-cert-chain", &b":AAAA:"[..])];
    let error = take(&reader(), &lines).unwrap_err();
    assert!(matches!(error, ForwardedError::ChainWithoutLeaf));
}

#[test]
fn what_is_no_certificate_is_an_error() {
    for der in [&b""[..], b"forged", &ALICE.chain()[0][1..]] {
        let value = bytes(der);
        let error = take(&reader(), &[("client-cert", value.as_bytes())]).unwrap_err();
        let is_invalid = matches!(error, ForwardedError::InvalidCertificates { .. });
        assert!(is_invalid, "{error:?}");
    }
}

#[test]
fn limits_hold() {
    let limit = ForwardedHeaders::MAX_HEADER_BYTES;
    // Two lines, the comma and the space between them.
    let line = vec![b'a'; limit / 2 - 1];
    let error = take(&reader(), &[("client-cert", &*line); 2]).unwrap_err();
    assert!(
        matches!(error, ForwardedError::Malformed { .. }),
        "{error:?}"
    );
    let longer = vec![b'a'; limit / 2];
    for name in ["client-cert", "client-cert-chain"] {
        let error = take(&reader(), &[(name, &*line), (name, &*longer)]).unwrap_err();
        let ForwardedError::TooLong { bytes, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(bytes, limit + 1);
    }
    let leaf = bytes(&BOB.chain()[0]);
    let chain = |count| vec![leaf.as_str(); count].join(", ");
    let most = mtls::CertificateChain::MAX_CERTIFICATES;
    let read = |chain: &str| {
        let lines = [
            ("client-cert", leaf.as_bytes()),
            ("client-cert-chain", chain.as_bytes()),
        ];
        take(&reader(), &lines)
    };
    assert_eq!(forwarded(read(&chain(most - 1))).chain().len(), most);
    let error = read(&chain(most)).unwrap_err();
    let ForwardedError::InvalidCertificates { problem, .. } = error else {
        panic!("{error:?}");
    };
    let too_many = matches!(problem.problem(), MaterialProblem::TooMany { .. });
    assert!(too_many, "{problem:?}");
}

#[test]
fn strip_leaves_everything_else() {
    let mut trailers = map(&[
        ("grpc-status", b"0"),
        ("client-cert", b":AAAA:"),
        ("client-certificate", b"kept"),
        ("x-client-cert", b"kept"),
        ("clientcert", b"kept"),
        ("x_forwarded-client.cert", b"a"),
    ]);
    strip(&mut trailers);
    assert_eq!(trailers.len(), 4, "{trailers:?}");
}
