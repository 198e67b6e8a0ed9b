//! The text of `X-Forwarded-Client-Cert`.

use mtls::error::ForwardedError;
use mtls::http::{ForwardedHeaders, RequestClient, write_xfcc};

use http::HeaderMap;

use crate::common::pki::Leaf;
use crate::peers::{ALICE, BOB, GATEWAY, ROOT, connect, forwarded, gateways, take};

const XFCC: &str = "x-forwarded-client-cert";

fn read(value: &str) -> Result<RequestClient, ForwardedError> {
    take(
        &ForwardedHeaders::xfcc(gateways()),
        &[(XFCC, value.as_bytes())],
    )
}

fn read_last(value: &str) -> Result<RequestClient, ForwardedError> {
    let reader = ForwardedHeaders::danger_last_xfcc(gateways());
    take(&reader, &[(XFCC, value.as_bytes())])
}

/// The element that we write, cut into its pairs.
fn written(client: &mtls::PeerIdentity) -> String {
    let mut headers = HeaderMap::new();
    write_xfcc(&mut headers, client).unwrap();
    headers[XFCC].to_str().unwrap().to_owned()
}

/// `Hash` and `Cert` of a client.
fn pairs(client: &mtls::PeerIdentity) -> (String, String) {
    let element = written(client);
    let mut pairs = element.split(';').map(str::to_owned);
    (pairs.next().unwrap(), pairs.next().unwrap())
}

#[test]
fn what_envoy_writes_is_read() {
    let (hash, cert) = pairs(&ALICE);
    let chain = cert.replacen("Cert", "Chain", 1);
    // By, Hash, Cert, Chain, Subject, URI, DNS is the order of Envoy, and `URI=` stands there
    // without a URI too.
    for text in [
        format!("By=spiffe://prod.test/gateway;{hash};{cert};Subject=\"\";URI="),
        format!("By=a:b;By=c:d?e=f;{hash};{chain};Subject=\"CN=a\\,b \\\"c\\\\\";DNS=a;DNS=b"),
        format!("{hash};{cert};{chain};uri=spiffe://prod.test/alice"),
        format!(" {};{cert}\t", hash.to_uppercase()),
    ] {
        let peer = forwarded(read(&text));
        assert_eq!(peer.chain()[0], ALICE.chain()[0], "{text}");
        assert!(peer.dns_names().eq(["alice.test", "a.test"]), "{text}");
    }
}

#[test]
fn names_beside_the_certificate_do_not_count() {
    let (hash, cert) = pairs(&BOB);
    let text = format!("{hash};{cert};Subject=\"CN=root\";URI=spiffe://prod.test/alice;DNS=x");
    let peer = forwarded(read(&text));
    assert!(peer.dns_names().eq(["bob.test"]));
    assert_eq!((peer.spiffe_id(), peer.uris().count()), (None, 0));
}

/// Envoy writes URIs without quotes: these clients have one that looks like more of the header.
#[test]
fn a_name_that_looks_like_more_of_the_header_forges_nothing() {
    let (hash, cert) = pairs(&ALICE);
    let (bobs_hash, bobs_cert) = pairs(&BOB);
    let chain = bobs_cert.replacen("Cert", "Chain", 1);
    for (text, expected) in [
        (format!("{bobs_hash};{bobs_cert};URI=a:b;{chain}"), "Chain"),
        (format!("{bobs_hash};DNS=b;{cert}"), "Cert"),
        (format!("{bobs_hash};Subject=\"\\\"\";{cert}"), "Cert"),
        (
            format!("{bobs_hash};{bobs_cert};URI=a:b;{hash};{cert}"),
            "Hash",
        ),
    ] {
        let error = read(&text).unwrap_err();
        let ForwardedError::KeyAfterNames { key } = error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!(key, expected);
    }
    let text = format!("{bobs_hash};{bobs_cert};URI=a:b,{hash};{cert}");
    assert!(matches_several(&read(&text).unwrap_err()));
    let error = read(&format!("{bobs_hash};{bobs_cert};URI=a:b;c=d")).unwrap_err();
    assert!(matches!(error, ForwardedError::UnknownKey { key } if key == "c"));
}

fn matches_several(error: &ForwardedError) -> bool {
    matches!(error, ForwardedError::SeveralElements { found: 2 })
}

#[test]
fn the_last_of_several_elements_is_taken_on_request() {
    let (alice, bob) = (written(&ALICE), written(&BOB));
    let text = format!("{alice},{bob}");
    assert!(matches_several(&read(&text).unwrap_err()));
    let peer = forwarded(read_last(&text));
    assert_eq!(peer.chain(), BOB.chain());
    let lines = [(XFCC, bob.as_bytes()), (XFCC, alice.as_bytes())];
    let reader = ForwardedHeaders::danger_last_xfcc(gateways());
    let peer = forwarded(take(&reader, &lines));
    assert_eq!(peer.chain(), ALICE.chain());
    // Those before are not believed, but have to be elements.
    assert_eq!(
        forwarded(read_last(&format!("By=a , {bob}"))).chain(),
        BOB.chain()
    );
    let error = read_last(&format!("?,{bob}")).unwrap_err();
    assert!(matches!(error, ForwardedError::Malformed { offset: 0, .. }));
    let error = read_last(&format!("{bob},By=a")).unwrap_err();
    assert!(matches!(error, ForwardedError::MissingKey { key: "Hash" }));
    let most = ForwardedHeaders::MAX_XFCC_ELEMENTS;
    let many = |count: usize| "By=a,".repeat(count - 1) + &bob;
    assert_eq!(forwarded(read_last(&many(most))).chain(), BOB.chain());
    let error = read_last(&many(most + 1)).unwrap_err();
    assert!(matches!(error, ForwardedError::TooManyElements { limit } if limit == most));
}

#[test]
fn what_is_missing_or_contradicts_is_an_error() {
    let (hash, cert) = pairs(&ALICE);
    let (_, bobs_cert) = pairs(&BOB);
    let bobs_chain = bobs_cert.replacen("Cert", "Chain", 1);
    let error = read(&cert).unwrap_err();
    assert!(matches!(error, ForwardedError::MissingKey { key: "Hash" }));
    let error = read(&hash).unwrap_err();
    assert!(matches!(error, ForwardedError::MissingKey { key: "Cert" }));
    let error = read(&format!("{hash};{bobs_cert}")).unwrap_err();
    assert!(matches!(error, ForwardedError::HashMismatch));
    for (text, expected) in [
        (format!("{hash};{hash};{cert}"), "Hash"),
        (format!("{hash};{cert};{cert}"), "Cert"),
        (format!("{hash};{bobs_chain};By=a;{bobs_chain}"), "Chain"),
    ] {
        let error = read(&text).unwrap_err();
        let ForwardedError::RepeatedKey { key } = error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!(key, expected);
    }
    let error = read(&format!("{hash};{cert};{bobs_chain}")).unwrap_err();
    assert!(matches!(error, ForwardedError::LeafMismatch));
    for hash in [
        "Hash=",
        "Hash=00",
        &format!("{hash}00"),
        &hash[..hash.len() - 1],
    ] {
        let error = read(&format!("{hash};{cert}")).unwrap_err();
        assert!(matches!(error, ForwardedError::HashMismatch), "{error:?}");
    }
    for cert in [
        "Cert=\"\"",
        "Cert=x",
        "Cert=\"-----BEGIN%20CERTIFICATE-----\"",
    ] {
        let error = read(&format!("{hash};{cert}")).unwrap_err();
        let is_invalid = matches!(error, ForwardedError::InvalidCertificates { .. });
        assert!(is_invalid, "{error:?}");
    }
}

#[test]
fn malformed_texts_are_errors() {
    for (text, at) in [
        ("", 0),
        (" ", 1),
        ("Hash", 4),
        ("=a", 0),
        ("Hash=a;", 7),
        ("Hash=a,", 7),
        (",Hash=a", 0),
        ("Hash=a,,Hash=b", 7),
        ("Hash=a;;By=b", 7),
        ("By=\"a", 5),
        ("By=\"a\\\"", 7),
        ("By=\"a\"b", 6),
        ("By=a\"b\"", 4),
        ("By=a b", 5),
        ("By =a", 2),
        ("By-x=a", 2),
        ("[{\"hash\":\"a\"}]", 0),
    ] {
        let error = read(text).unwrap_err();
        let ForwardedError::Malformed { header, offset } = error else {
            panic!("{text}: {error:?}");
        };
        assert_eq!((header, offset), ("X-Forwarded-Client-Cert", at), "{text}");
    }
    let lines = [(XFCC, &b"By=\xc3\xbc"[..])];
    let error = take(&ForwardedHeaders::xfcc(gateways()), &lines).unwrap_err();
    assert!(matches!(error, ForwardedError::Malformed { offset: 3, .. }));
}

/// Names that could end a quoted text, and a subject in two alphabets.
#[test]
fn every_name_is_written_so_that_it_is_read() {
    let odd = connect(
        &Leaf::named("a\"b\\")
            .organization("Zürich; \"Ω\" \\")
            .uri("https://a.test/?b=c,d;e")
            .uri("urn:a\"b")
            .uri("urn:a\\")
            .client()
            .issued_by(&ROOT),
    );
    let text = written(&odd);
    assert!(text.is_ascii());
    assert!(text.contains(r"CN=a\22b\5c"), "{text}");
    assert!(text.contains(r"O=Z\c3\bcrich\; \22\ce\a9\22 \5c"), "{text}");
    assert!(
        text.ends_with(r#"";URI="https://a.test/?b=c,d;e""#),
        "{text}"
    );
    let peer = forwarded(read(&text));
    assert_eq!(peer.chain(), odd.chain());
    assert_eq!(peer.subject(), odd.subject());
    assert_eq!(peer.gateway(), &*GATEWAY);
}
