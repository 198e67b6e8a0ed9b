//! A transport that takes and gives a few bytes at a time.

use mtls::OpenSsl;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::common::pki::Cast;
use super::{client, everywhere, server};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// More than any buffer on the way holds.
fn much() -> Vec<u8> {
    (0..1_000_000u32).map(|n| (n % 251) as u8).collect()
}

#[test]
fn a_transport_that_is_seldom_ready_is_waited_for() {
    let cast = Cast::assemble();
    everywhere(|version| {
        let server = server(&cast, version).build(OpenSsl::default()).unwrap();
        let client = client(&cast, &cast.alice, version, OpenSsl::default());
        runtime().block_on(async {
            let (near, far) = duplex(100);
            let (connected, accepted) = tokio::join!(
                client.connect_async("localhost", near),
                server.accept_async(far)
            );
            let (mut near, mut far) = (connected.unwrap(), accepted.unwrap());
            let sent = much();
            let echo = async {
                let mut received = vec![0; sent.len()];
                far.read_exact(&mut received).await.unwrap();
                far.write_all(&received).await.unwrap();
                far.shutdown().await.unwrap();
                assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
            };
            let call = async {
                let mut received = Vec::new();
                near.write_all(&sent).await.unwrap();
                near.flush().await.unwrap();
                near.read_to_end(&mut received).await.unwrap();
                assert!(received == sent);
                near.shutdown().await.unwrap();
            };
            tokio::join!(echo, call);
        });
    });
}
