//! The end of a listener: in order, by dropping it, and as a stream.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::service::{
    LIMIT, MOMENT, Service, accepts_nothing, dial, is_closed, run, talk, wait_until_closed,
};

#[test]
fn a_shutdown_waits_for_handshakes_and_connections() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let (mut near, mut far) = service.call(&mut listener, address).await;
        let late = dial(address).await;
        accepts_nothing(&mut listener).await;

        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let from = late.local_addr().unwrap();
        let stopped = tokio::spawn(listener.shutdown(LIMIT, move |stream, from| {
            sender.send((stream, from)).unwrap();
        }));
        wait_until_no_one_listens(address).await;
        // The handshake that had begun goes on.
        let mut late = service.hello(late).await.unwrap();
        let (mut stream, late_from) = receiver.recv().await.unwrap();
        assert_eq!(late_from, from);
        talk(&mut late, &mut stream).await.unwrap();
        talk(&mut near, &mut far).await.unwrap();
        drop(stream);
        sleep(MOMENT).await;
        assert!(!stopped.is_finished());
        // They were exchanged an even number of times: both ends of the last connection go.
        drop((near, far));
        assert_eq!(stopped.await.unwrap(), 0);
    });
}

#[test]
fn a_shutdown_ends_in_time() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let open = service.call(&mut listener, address).await;
        let mut silent = dial(address).await;
        accepts_nothing(&mut listener).await;
        let begun = Instant::now();
        let left = listener.shutdown(MOMENT, |_, _| panic!("no handshake was finished"));
        assert_eq!(left.await, 1);
        assert!(begun.elapsed() >= MOMENT && begun.elapsed() < LIMIT);
        wait_until_closed(&mut silent).await;
        // The caller decides about open connections.
        let (mut near, mut far) = open;
        talk(&mut near, &mut far).await.unwrap();
    });
}

#[test]
fn handshakes_end_with_the_listener_and_streams_stay() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let (mut near, mut far) = service.call(&mut listener, address).await;
        let mut silent = dial(address).await;
        accepts_nothing(&mut listener).await;
        assert!(!is_closed(&mut silent).await);
        drop(listener);
        wait_until_closed(&mut silent).await;
        talk(&mut near, &mut far).await.unwrap();
        wait_until_no_one_listens(address).await;
    });
}

#[test]
fn a_dropped_accept_loses_no_connection() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let tcp = dial(address).await;
        let from = tcp.local_addr().unwrap();
        let call = service.hello(tcp);
        let accept = async {
            loop {
                tokio::select! {
                    biased;
                    accepted = listener.accept() => break accepted,
                    () = sleep(Duration::from_millis(1)) => {}
                }
            }
        };
        let (call, (_, accepted)) = tokio::join!(call, accept);
        call.unwrap();
        assert_eq!(accepted, from);
    });
}

#[test]
fn it_is_a_stream_of_connections() {
    run(async {
        let service = Service::new();
        let (mut listener, address) = service.listener().await;
        let next = poll_fn(|context| Pin::new(&mut listener).poll_next(context));
        let (call, next) = tokio::join!(service.hello(dial(address).await), next);
        let mut far = next.unwrap().unwrap();
        talk(&mut call.unwrap(), &mut far).await.unwrap();
    });
}

/// What is in the system's queue at the end is reset.
async fn wait_until_no_one_listens(address: SocketAddr) {
    let deadline = Instant::now() + LIMIT;
    while !matches!(TcpStream::connect(address).await, Err(error) if error.kind() == ErrorKind::ConnectionRefused)
    {
        assert!(Instant::now() < deadline, "it still listens");
    }
}
