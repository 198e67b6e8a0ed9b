//! No header of a client survives, however it is spelled.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use mtls::http::{ForwardedHeaders, RequestClient, strip, write_client_cert, write_xfcc};

use crate::peers::{ALICE, BOB, GATEWAY, WRITE_CLIENT_CERT, WRITE_XFCC, gateways};

const NAMES: [&str; 3] = [
    "client-cert",
    "client-cert-chain",
    "x-forwarded-client-cert",
];
/// Every character of a header's name that is no letter or digit (RFC 9110, section 5.6.2).
const SEPARATORS: &[u8] = b"!#$%&'*+-.^_`|~";
const OTHERS: [&str; 6] = [
    "accept",
    "client-certificate",
    "client",
    "x-client-cert",
    "x-forwarded-for",
    "clientcert",
];

/// Xorshift, so that a failure comes again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// One of the names, in any case and with any separators.
    fn spelling(&mut self) -> String {
        let name = self.of(&NAMES);
        let letter = |byte: u8| match byte {
            b'-' => char::from(self.of(SEPARATORS)),
            _ if self.below(2) == 0 => char::from(byte.to_ascii_uppercase()),
            _ => char::from(byte),
        };
        name.bytes().map(letter).collect()
    }

    /// Lines of a client: forged values, real ones of another client, garbage.
    fn request(&mut self, real: &[HeaderValue]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for _ in 0..self.below(12) {
            let name = match self.below(3) {
                0 => self.of(&OTHERS).to_owned(),
                1 => self.of(&NAMES).to_owned(),
                _ => self.spelling(),
            };
            let value = match self.below(3) {
                0 => real[self.below(real.len())].clone(),
                1 => HeaderValue::from_static(":AAAA:"),
                _ => {
                    let bytes: Vec<u8> = (0..self.below(40))
                        .map(|_| self.of(b":,;=\"\\ Hash\tURI\xff"))
                        .collect();
                    HeaderValue::from_bytes(&bytes).unwrap()
                }
            };
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
        headers
    }
}

/// Written otherwise than in the library: what CGI would make of the name.
fn cgi(name: &HeaderName) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.as_str()
        .chars()
        .map(letter)
        .collect::<String>()
        .to_uppercase()
}

fn survivors(headers: &HeaderMap) -> usize {
    let ours = [
        "CLIENT_CERT",
        "CLIENT_CERT_CHAIN",
        "X_FORWARDED_CLIENT_CERT",
    ];
    let names = headers
        .keys()
        .filter(|name| ours.contains(&cgi(name).as_str()));
    names.map(|name| headers.get_all(name).iter().count()).sum()
}

/// What is not about certificates, by name: the order of names has no meaning.
fn others(headers: &HeaderMap) -> BTreeMap<String, Vec<HeaderValue>> {
    let others = headers
        .keys()
        .filter(|name| OTHERS.contains(&name.as_str()));
    let lines = |name: &HeaderName| headers.get_all(name).iter().cloned().collect();
    others.map(|name| (name.to_string(), lines(name))).collect()
}

#[test]
fn nothing_that_a_client_sent_survives() {
    let mut real = HeaderMap::new();
    write_client_cert(&mut real, &*ALICE).unwrap();
    let mut values: Vec<HeaderValue> = real.values().cloned().collect();
    write_xfcc(&mut real, &*ALICE).unwrap();
    values.extend(real.values().cloned());

    let readers = [
        ForwardedHeaders::client_cert(gateways()),
        ForwardedHeaders::xfcc(gateways()),
        ForwardedHeaders::danger_last_xfcc(gateways()),
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut sent, mut forwarded, mut rejected) = (0, 0, 0);
    for _ in 0..4_000 {
        let request = random.request(&values);
        sent += survivors(&request);
        for reader in &readers {
            // No gateway: nothing is believed, and nothing is an error.
            for sender in [None, Some(&*BOB)] {
                let mut headers = request.clone();
                let client = reader.take(sender, &mut headers);
                assert!(matches!(client, Ok(RequestClient::Sender)), "{request:?}");
                assert_eq!(survivors(&headers), 0, "{request:?}");
                assert_eq!(others(&headers), others(&request));
            }
            let mut headers = request.clone();
            match reader.take(Some(&GATEWAY), &mut headers) {
                Ok(RequestClient::Forwarded(peer)) => {
                    assert!(ALICE.chain().contains(&peer.chain()[0]));
                    forwarded += 1;
                }
                Ok(RequestClient::Unnamed) => {}
                Ok(RequestClient::Sender) => panic!("the gateway is no client"),
                Err(_) => rejected += 1,
            }
            assert_eq!(survivors(&headers), 0, "{request:?}");
        }
        // A gateway writes over what its client sent.
        for write in [WRITE_CLIENT_CERT, WRITE_XFCC] {
            let mut headers = request.clone();
            write(&mut headers, Some(&BOB)).unwrap();
            assert_eq!(survivors(&headers), 1, "{request:?}");
            let reader = if headers.contains_key("client-cert") {
                &readers[0]
            } else {
                &readers[1]
            };
            let client = reader.take(Some(&GATEWAY), &mut headers).unwrap();
            let RequestClient::Forwarded(peer) = client else {
                panic!("{client:?}");
            };
            assert_eq!(peer.chain(), BOB.chain());
            let mut headers = request.clone();
            write(&mut headers, None).unwrap();
            assert_eq!(survivors(&headers), 0, "{request:?}");
            assert_eq!(others(&headers), others(&request));
        }
        let mut trailers = request.clone();
        strip(&mut trailers);
        assert_eq!(survivors(&trailers), 0, "{request:?}");
        assert_eq!(others(&trailers), others(&request));
    }
    assert!(
        sent > 10_000 && forwarded > 200 && rejected > 1_000,
        "{sent} {forwarded} {rejected}"
    );
}
