//! Writes that were given up while the transport was full: exactly what was reported arrives.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use mtls::Rustls;
use mtls::backend::ClientBackend;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::timeout;

use super::common::pki::Cast;
use super::{LIMIT, client, on_each_client, pair, runtime, server};

/// Each write has other bytes, so that those of an abandoned one are recognised.
fn what_is_reported_arrives<B: ClientBackend>(name: &str, backend: B, total: usize) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    runtime().block_on(async {
        let (near, far) = duplex(8192);
        let (near, far) = tokio::join!(
            client.connect_async("localhost", near),
            server.accept_async(far)
        );
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        let reading = tokio::spawn(async move {
            let (mut received, mut buffer) = (Vec::new(), vec![0; 4096]);
            loop {
                match far.read(&mut buffer).await.unwrap() {
                    0 => return received,
                    read => received.extend_from_slice(&buffer[..read]),
                }
                // Slower than the writer, which gives up now and then.
                if received.len() % 5 == 0 {
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            }
        });
        let (mut sent, mut given_up, mut turn) = (Vec::new(), 0_u32, 0_u32);
        while sent.len() < total {
            turn += 1;
            let bytes = vec![(turn % 251) as u8; 1 + (turn as usize * 7919) % 20_000];
            match timeout(Duration::from_micros(150), near.write(&bytes)).await {
                Ok(written) => sent.extend_from_slice(&bytes[..written.unwrap()]),
                Err(_) => given_up += 1,
            }
        }
        timeout(LIMIT, near.shutdown()).await.expect(name).unwrap();
        let received = timeout(LIMIT, reading).await.expect(name).unwrap();
        assert!(
            given_up > 10,
            "{name}: only {given_up} writes were given up"
        );
        assert_eq!(received.len(), sent.len(), "{name}");
        assert!(
            received == sent,
            "{name}: other bytes than those that were reported"
        );
    });
}

#[test]
fn ten_megabytes_through_abandoned_writes_arrive_byte_for_byte() {
    on_each_client!(what_is_reported_arrives, 10_000_000);
}

/// The peer does not read: a write is given up, and the stream is shut down.
fn shutting_down_sends_what_was_taken<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    runtime().block_on(async {
        let (near, far) = duplex(8192);
        let (near, far) = tokio::join!(
            client.connect_async("localhost", near),
            server.accept_async(far)
        );
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        let mut taken = 0;
        while let Ok(written) = timeout(Duration::from_millis(50), near.write(&[7; 16384])).await {
            taken += written.unwrap();
        }
        let reading = tokio::spawn(async move {
            let mut received = Vec::new();
            far.read_to_end(&mut received).await.map(|_| received.len())
        });
        timeout(LIMIT, near.shutdown()).await.expect(name).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), taken, "{name}");
    });
}

/// A shutdown that is given up has begun all the same, and goes on when it is called again.
fn nothing_is_written_after_an_abandoned_shutdown<B: ClientBackend>(name: &str, backend: B) {
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    runtime().block_on(async {
        let (near, far) = duplex(8192);
        let (near, far) = tokio::join!(
            client.connect_async("localhost", near),
            server.accept_async(far)
        );
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        let taken = near.write(&[7; 16384]).await.unwrap();
        let shutdown = timeout(Duration::from_millis(50), near.shutdown());
        assert!(shutdown.await.is_err(), "{name}: the transport is full");
        let error = near.write(b"late").await.expect_err(name);
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{name}");
        let reading = tokio::spawn(async move {
            let mut received = Vec::new();
            far.read_to_end(&mut received).await.map(|_| received.len())
        });
        timeout(LIMIT, near.shutdown()).await.expect(name).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), taken, "{name}");
    });
}

#[test]
fn a_shutdown_that_is_given_up_can_be_repeated() {
    on_each_client!(nothing_is_written_after_an_abandoned_shutdown);
}

#[test]
fn a_shutdown_after_an_abandoned_write_ends_well() {
    on_each_client!(shutting_down_sends_what_was_taken);
}

/// The same over a blocking socket, whose writes time out.
fn what_is_reported_arrives_blocking<B: ClientBackend>(name: &str, backend: B) {
    const TOTAL: usize = 20_000_000;
    let cast = Cast::assemble();
    let (client, server) = (client(&cast, backend), server(&cast, Rustls::default()));
    let (near, far) = pair();
    let reading = thread::spawn(move || {
        let mut far = server.accept(far).unwrap();
        let (mut received, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
        loop {
            match far.read(&mut buffer).unwrap() {
                0 => return received,
                read => received.extend_from_slice(&buffer[..read]),
            }
            if received.len() % 7 == 0 {
                thread::sleep(Duration::from_millis(10));
            }
        }
    });
    let mut near = client.connect("localhost", near).unwrap();
    near.get_ref()
        .set_write_timeout(Some(Duration::from_millis(1)))
        .unwrap();
    let (mut sent, mut timed_out, mut turn) = (Vec::new(), 0_u32, 0_u32);
    while sent.len() < TOTAL {
        turn += 1;
        let bytes = vec![(turn % 251) as u8; 1 + (turn as usize * 7919) % 20_000];
        match near.write(&bytes) {
            Ok(written) => sent.extend_from_slice(&bytes[..written]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => timed_out += 1,
            Err(error) => panic!("{name}: {error:?}"),
        }
    }
    near.get_ref().set_write_timeout(None).unwrap();
    near.close().unwrap();
    let received = reading.join().unwrap();
    assert!(timed_out > 3, "{name}: only {timed_out} writes timed out");
    assert!(
        received == sent,
        "{name}: other bytes than those that were reported"
    );
}

#[test]
fn writes_that_time_out_lose_and_repeat_nothing() {
    on_each_client!(what_is_reported_arrives_blocking);
}
