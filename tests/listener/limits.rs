//! Handshakes under way, open connections, and connections of one client.

use std::net::{Ipv4Addr, SocketAddr};

use mtls::connection::ListenerLimits;
use mtls::error::ListenerError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::service::{
    Failure, LIMIT, MOMENT, Service, accepts_nothing, client_hello, dial, dial_from, is_closed,
    run, talk, wait_until_closed,
};

#[test]
fn silent_clients_delay_no_other() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(dial(address).await);
        }
        let (mut near, mut far) = service.call(&mut listener, address).await;
        talk(&mut near, &mut far).await.unwrap();
        for tcp in &mut silent {
            assert!(!is_closed(tcp).await);
        }
        assert_eq!(service.failures.all(), []);
    });
}

#[test]
fn the_oldest_silent_client_gives_way() {
    run(async {
        let service = Service::new();
        let (listener, address) = service.listener().await;
        let mut listener = listener.limits(ListenerLimits::new().max_handshakes(4));
        let hello = client_hello(&service).await;
        let mut stuck = Vec::new();
        for number in 0..4 {
            let mut tcp = dial(address).await;
            // Every other one sends half a hello.
            let begin = &hello[..(number % 2) * hello.len() / 2];
            tcp.write_all(begin).await.unwrap();
            stuck.push(tcp);
        }
        accepts_nothing(&mut listener).await;
        assert_eq!(service.failures.all(), []);

        let (mut near, mut far) = service.call(&mut listener, address).await;
        talk(&mut near, &mut far).await.unwrap();
        let oldest = stuck[0].local_addr().unwrap();
        assert_eq!(service.failures.all(), [(oldest, gave_way())]);
        wait_until_closed(&mut stuck[0]).await;
        for tcp in &mut stuck[1..] {
            assert!(!is_closed(tcp).await);
        }
    });
}

#[test]
fn answered_clients_keep_half_of_the_handshakes() {
    run(async {
        let service = Service::new();
        let (listener, address) = service.listener().await;
        let mut listener = listener.limits(ListenerLimits::new().max_handshakes(4));
        let hello = client_hello(&service).await;
        let work = tokio::spawn(async move {
            let accepted = listener.accept().await;
            panic!("{accepted:?}");
        });
        let mut answered = Vec::new();
        for _ in 0..2 {
            answered.push(stop_after_hello(address, &hello).await);
        }
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(dial(address).await);
        }
        let failures = service.failures.wait_for(18).await;
        let oldest = silent[..18].iter().map(|tcp| tcp.local_addr().unwrap());
        let oldest: Vec<_> = oldest.map(|address| (address, gave_way())).collect();
        assert_eq!(failures, oldest);

        // The third is one too many for a half, and the oldest answered one goes before a new one.
        answered.push(stop_after_hello(address, &hello).await);
        for _ in 0..2 {
            silent.push(dial(address).await);
        }
        let failures = service.failures.wait_for(21).await;
        let first = answered[0].local_addr().unwrap();
        assert_eq!(failures[20], (first, gave_way()));
        work.abort();
    });
}

#[test]
fn full_connections_stop_accepting_until_one_ends() {
    run(async {
        let service = Service::new();
        let (listener, address) = service.listener().await;
        let mut listener = listener.limits(ListenerLimits::new().max_connections(2));
        let first = service.call(&mut listener, address).await;
        let _second = service.call(&mut listener, address).await;
        let waiting = dial(address).await;
        let from = waiting.local_addr().unwrap();
        let (_, call) = tokio::join!(
            async {
                accepts_nothing(&mut listener).await;
                drop(first);
                let accepted = tokio::time::timeout(LIMIT, listener.accept()).await;
                assert_eq!(accepted.unwrap().1, from);
            },
            service.hello(waiting)
        );
        call.unwrap();
    });
}

#[test]
fn one_client_has_so_many_connections() {
    run(async {
        let service = Service::new();
        let (listener, address) = service.listener().await;
        let mut listener = listener.limits(ListenerLimits::new().max_per_client(2));
        let (near, far) = service.call(&mut listener, address).await;
        // A handshake counts too.
        let silent = dial(address).await;
        let mut one_more = dial(address).await;
        accepts_nothing(&mut listener).await;
        let too_many = Failure::Listener(ListenerError::TooManyFromClient { limit: 2 });
        let from = one_more.local_addr().unwrap();
        assert_eq!(service.failures.all(), [(from, too_many)]);
        wait_until_closed(&mut one_more).await;

        let other = dial_from(Ipv4Addr::new(127, 0, 0, 2).into(), address).await;
        let (call, (_, from)) = tokio::join!(service.hello(other), listener.accept());
        call.unwrap();
        assert_eq!(from.ip(), Ipv4Addr::new(127, 0, 0, 2));

        drop((near, far));
        service.call(&mut listener, address).await;
        drop(silent);
    });
}

#[test]
fn a_burst_is_served_whole() {
    run(async {
        const CLIENTS: usize = 100;
        let service = std::sync::Arc::new(Service::new());
        let (mut listener, address) = service.listener().await;
        let calls: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let service = service.clone();
                tokio::spawn(async move { service.hello(dial(address).await).await.unwrap() })
            })
            .collect();
        let mut streams = Vec::new();
        for _ in 0..CLIENTS {
            streams.push(crate::service::accept(&mut listener).await);
        }
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(service.failures.all(), []);
        assert!(
            tokio::time::timeout(MOMENT, listener.accept())
                .await
                .is_err()
        );
    });
}

/// Sends a whole hello, waits for the answer, and stops.
async fn stop_after_hello(to: SocketAddr, hello: &[u8]) -> TcpStream {
    let mut tcp = dial(to).await;
    tcp.write_all(hello).await.unwrap();
    let mut answer = [0; 1];
    tcp.read_exact(&mut answer).await.unwrap();
    tcp
}

fn gave_way() -> Failure {
    Failure::Listener(ListenerError::GaveWay)
}
