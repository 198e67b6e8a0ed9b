//! Requests on connections that end under them: the idempotent ones are sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request};
use mtls::{HandshakeError, Rustls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use super::common::pki::Cast;
use super::{LIMIT, bind, client, runtime, server};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// How a server ends a connection on the second request.
#[derive(Clone, Copy, Debug)]
enum End {
    /// With `close_notify`.
    Close,
    /// Without.
    Cut,
}

/// Returns the result of a second request on a connection that the server ends, and how many
/// requests have arrived.
fn second(method: &Method, end: End) -> (Result<u16, mtls::hyper::ConnectionError>, usize) {
    let cast = Cast::assemble();
    runtime().block_on(async {
        let server = server(&cast).build(Rustls::default()).unwrap();
        let (tcp, url) = bind().await;
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&arrived);
        let serving = tokio::spawn(async move {
            let mut listener = server.listener(tcp);
            for connection in 0.. {
                let (mut stream, _) = listener.accept().await;
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    for request in 0.. {
                        if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
                            return;
                        }
                        counted.fetch_add(1, Ordering::SeqCst);
                        if (connection, request) == (0, 1) {
                            match end {
                                End::Close => stream.shutdown().await.unwrap(),
                                End::Cut => drop(stream),
                            }
                            return;
                        }
                        stream.write_all(ANSWER).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                });
            }
        });
        let client = client(&cast).build(Rustls::default()).unwrap();
        let http = mtls::hyper::Client::new(&client);
        let send = async || {
            let body = Full::<Bytes>::default();
            let request = Request::builder().method(method).uri(&url);
            let request = request.body(body).unwrap();
            let response = timeout(LIMIT, http.request(request)).await.unwrap()?;
            let status = response.status().as_u16();
            http_body_util::BodyExt::collect(response.into_body())
                .await
                .unwrap();
            Ok(status)
        };
        assert_eq!(send().await.unwrap(), 200);
        // The connection returns to the pool.
        sleep(Duration::from_millis(20)).await;
        let second = send().await;
        serving.abort();
        (second, arrived.load(Ordering::SeqCst))
    })
}

#[test]
fn an_idempotent_request_is_sent_again() {
    for end in [End::Close, End::Cut] {
        let (result, arrived) = second(&Method::PUT, end);
        let result = result.unwrap_or_else(|error| panic!("{end:?}: {error:?}"));
        assert_eq!((result, arrived), (200, 3), "{end:?}");
    }
}

/// It may have been processed.
#[test]
fn another_request_is_sent_once() {
    for end in [End::Close, End::Cut] {
        let (result, arrived) = second(&Method::POST, end);
        let error = result.expect_err("it is repeated");
        assert!(HandshakeError::find(&error).is_none(), "{error:?}");
        assert_eq!(arrived, 2, "{end:?}");
    }
}
