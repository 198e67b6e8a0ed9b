//! The PROXY protocol, from senders that are named and from others.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mtls::MtlsListener;
use mtls::connection::ListenerLimits;
use mtls::error::{ListenerError, PatternProblem};
use tokio::io::AsyncWriteExt;

use crate::service::{
    Failure, Service, accept, accepts_nothing, dial, dial_from, run, talk, wait_until_closed,
};

const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A header of version 2: command, family, and what follows the length.
fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [V2, &[command, family], &length, rest].concat()
}

fn v2_ip4() -> Vec<u8> {
    let rest = [192, 0, 2, 7, 10, 0, 0, 1, 0xab, 0xcd, 1, 0xbb];
    v2(0x21, 0x11, &rest)
}

async fn from_localhost(service: &Service) -> (MtlsListener, SocketAddr) {
    let (listener, address) = service.listener().await;
    let listener = listener.proxy_protocol(["10.9.0.0/16", "127.0.0.1"]);
    (listener.unwrap(), address)
}

#[test]
fn a_header_names_the_client() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        let ip6 = [
            &[0x20, 1, 0xd, 0xb8][..],
            &[0; 11],
            &[7],
            &[0; 16],
            &[0, 9, 1, 0xbb],
        ]
        .concat();
        let noop = [
            &[192, 0, 2, 7, 10, 0, 0, 1, 0xab, 0xcd, 1, 0xbb][..],
            &[4, 0, 2, 0, 0],
        ]
        .concat();
        for (header, client) in [
            (
                b"PROXY TCP4 192.0.2.7 10.0.0.1 43981 443\r\n".to_vec(),
                "192.0.2.7:43981",
            ),
            (
                b"PROXY TCP6 2001:db8::7 2001:db8::1 9 443\r\n".to_vec(),
                "[2001:db8::7]:9",
            ),
            (v2_ip4(), "192.0.2.7:43981"),
            (v2(0x21, 0x21, &ip6), "[2001:db8::7]:9"),
            (v2(0x21, 0x11, &noop), "192.0.2.7:43981"),
        ] {
            let mut tcp = dial(address).await;
            tcp.write_all(&header).await.unwrap();
            let (call, (mut far, from)) = tokio::join!(service.hello(tcp), accept(&mut listener));
            talk(&mut call.unwrap(), &mut far).await.unwrap();
            assert_eq!(from, client.parse().unwrap(), "{header:?}");
        }
        assert_eq!(service.failures.all(), []);
    });
}

#[test]
fn a_header_without_a_client_keeps_the_address_of_the_socket() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN ff::1 ff::2 1 2\r\n".to_vec(),
            v2(0x20, 0, &[]),
            // LOCAL, whose addresses do not count.
            v2(0x20, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 2]),
            // No address family.
            v2(0x21, 0, &[]),
            // A Unix socket.
            v2(0x21, 0x31, &[b'a'; 216]),
        ] {
            let mut tcp = dial(address).await;
            tcp.write_all(&header).await.unwrap();
            let socket = tcp.local_addr().unwrap();
            let (call, (_far, from)) = tokio::join!(service.hello(tcp), accept(&mut listener));
            call.unwrap();
            assert_eq!(from, socket, "{header:?}");
        }
    });
}

#[test]
fn a_header_may_come_byte_by_byte() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        for header in [
            b"PROXY TCP4 192.0.2.7 10.0.0.1 43981 443\r\n".to_vec(),
            v2_ip4(),
        ] {
            let mut tcp = dial(address).await;
            tcp.set_nodelay(true).unwrap();
            let call = async {
                for byte in header {
                    tcp.write_all(&[byte]).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                service.hello(tcp).await
            };
            let (call, (_far, from)) = tokio::join!(call, accept(&mut listener));
            call.unwrap();
            assert_eq!(from, "192.0.2.7:43981".parse().unwrap());
        }
    });
}

#[test]
fn a_wrong_header_fails_the_handshake() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        let hello = crate::service::client_hello(&service).await;
        use ListenerError::{MalformedProxyHeader as Malformed, MissingProxyHeader as Missing};
        let mut long = b"PROXY UNKNOWN ".to_vec();
        long.resize(200, b'x');
        for (begin, error) in [
            (hello, Missing),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), Missing),
            (b"PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n".to_vec(), Missing),
            (b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n".to_vec(), Malformed),
            (
                b"PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n".to_vec(),
                Malformed,
            ),
            (
                b"PROXY TCP4 2001:db8::7 1.2.3.4 1 2\r\n".to_vec(),
                Malformed,
            ),
            (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n".to_vec(), Malformed),
            (b"PROXY UNKNOWN\n".to_vec(), Malformed),
            (long, Malformed),
            (v2(0x31, 0x11, &[0; 12]), Malformed),
            (v2(0x21, 0x11, &[0; 11]), Malformed),
            (v2(0x21, 0x41, &[0; 12]), Malformed),
            // A datagram.
            (v2(0x21, 0x12, &[0; 12]), Malformed),
            (
                v2(0x21, 0x11, &[0; 4081]),
                ListenerError::ProxyHeaderTooLong { limit: 4096 },
            ),
        ] {
            let seen = service.failures.all().len();
            let mut tcp = dial(address).await;
            tcp.write_all(&begin).await.unwrap();
            let from = tcp.local_addr().unwrap();
            let failures = tokio::select! {
                failures = service.failures.wait_for(seen + 1) => failures,
                accepted = listener.accept() => panic!("{accepted:?}"),
            };
            assert_eq!(
                failures[seen..],
                [(from, Failure::Listener(error))],
                "{begin:?}"
            );
            wait_until_closed(&mut tcp).await;
        }
    });
}

#[test]
fn the_longest_header_is_read() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        let mut rest = vec![192, 0, 2, 7, 10, 0, 0, 1, 0xab, 0xcd, 1, 0xbb];
        rest.resize(4096 - 16, 0);
        let mut tcp = dial(address).await;
        tcp.write_all(&v2(0x21, 0x11, &rest)).await.unwrap();
        let (call, (_far, from)) = tokio::join!(service.hello(tcp), accept(&mut listener));
        call.unwrap();
        assert_eq!(from, "192.0.2.7:43981".parse().unwrap());
    });
}

#[test]
fn a_header_of_another_sender_is_no_tls() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = from_localhost(&service).await;
        let other = Ipv4Addr::new(127, 0, 0, 2).into();
        let mut tcp = dial_from(other, address).await;
        let from = tcp.local_addr().unwrap();
        tcp.write_all(&v2_ip4()).await.unwrap();
        let (call, failures) = tokio::select! {
            both = async { tokio::join!(service.hello(tcp), service.failures.wait_for(1)) } => both,
            accepted = listener.accept() => panic!("{accepted:?}"),
        };
        call.unwrap_err();
        assert_eq!(failures, [(from, Failure::Tls)]);

        // Without one it is served.
        let tcp = dial_from(other, address).await;
        let (call, (_far, from)) = tokio::join!(service.hello(tcp), accept(&mut listener));
        call.unwrap();
        assert_eq!(from.ip(), other);
    });
}

#[test]
fn a_sender_that_stays_silent_runs_out_of_time() {
    run(async {
        let service = Service::with_timeout(Duration::from_millis(200));
        let (mut listener, address) = from_localhost(&service).await;
        let mut silent = dial(address).await;
        let mut half = dial(address).await;
        half.write_all(&V2[..5]).await.unwrap();
        tokio::select! {
            failures = service.failures.wait_for(2) => {
                assert!(failures.iter().all(|(_, failure)| *failure == Failure::Timeout));
            }
            accepted = listener.accept() => panic!("{accepted:?}"),
        }
        wait_until_closed(&mut silent).await;
        wait_until_closed(&mut half).await;
    });
}

#[test]
fn the_limit_per_client_is_for_the_named_client() {
    run(async {
        let service = Service::new();
        let (listener, address) = from_localhost(&service).await;
        let mut listener = listener.limits(ListenerLimits::new().max_per_client(1));
        let mut silent = Vec::new();
        for client in [
            "2001:db8::1",
            // In the same network of 64 bits.
            "2001:db8::2",
            "2001:db8:0:1::1",
        ] {
            let mut tcp = dial(address).await;
            let header = format!("PROXY TCP6 {client} ::1 7 443\r\n");
            tcp.write_all(header.as_bytes()).await.unwrap();
            silent.push(tcp);
            accepts_nothing(&mut listener).await;
        }
        let too_many = ListenerError::TooManyFromClient { limit: 1 };
        let second = "[2001:db8::2]:7".parse().unwrap();
        assert_eq!(
            service.failures.all(),
            [(second, Failure::Listener(too_many))]
        );
    });
}

#[test]
fn a_sender_has_to_be_an_address_or_a_network() {
    run(async {
        let service = Service::new();
        for (sender, problem, hint) in [
            (
                "0.0.0.0/0",
                PatternProblem::AllAddresses,
                "name the proxies alone",
            ),
            (
                "proxy.example",
                PatternProblem::NotAnIpAddress,
                "write an IPv4 or IPv6 address",
            ),
            (
                "10.0.0.0/33",
                PatternProblem::PrefixTooLong,
                "use at most 32 bits",
            ),
            (
                "::ffff:10.0.0.1",
                PatternProblem::MappedAddress {
                    address: Ipv4Addr::new(10, 0, 0, 1),
                },
                "write the IPv4 address 10.0.0.1",
            ),
        ] {
            let (listener, _) = service.listener().await;
            let error = listener.proxy_protocol(["10.0.0.1", sender]).unwrap_err();
            assert_eq!((error.sender.as_str(), &error.problem), (sender, &problem));
            assert!(error.hint().starts_with(hint), "{}", error.hint());
        }
    });
}
