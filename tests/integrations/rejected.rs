//! What a client of HTTP learns when the server rejects it, whichever way the connection ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use mtls::{Event, HandshakeError, PeerMatcher, Report, Rustls, VerifierPolicy};
use tokio::time::timeout;
use tower::service_fn;

use super::common::pki::Cast;
use super::{LIMIT, bind, client, runtime, server};

/// Each client is new, so that each request opens a connection, on several threads.
fn the_reason_reaches_the_caller(alpn: &str) {
    const CLIENTS: usize = 40;
    let cast = Cast::assemble();
    let handshakes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handshakes);
    let other = PeerMatcher::dns("other.test").unwrap();
    let server = server(&cast)
        .policy(VerifierPolicy::allow(other))
        .alpn([alpn])
        .observer(move |event| {
            if let Event::Handshake(_) = event {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
    let server = server.build(Rustls::default()).unwrap();
    runtime().block_on(async {
        let (tcp, url) = bind().await;
        let service = service_fn(async |_: Request<Incoming>| {
            Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
        });
        tokio::spawn(mtls::hyper::serve(server.listener(tcp), service).into_future());
        for method in [Method::GET, Method::POST].iter().cycle().take(CLIENTS) {
            let client = client(&cast).alpn([alpn]).build(Rustls::default()).unwrap();
            let http = mtls::hyper::Client::new(&client);
            let request = Request::builder().method(method).uri(&url);
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let error = timeout(LIMIT, http.request(request))
                .await
                .unwrap()
                .unwrap_err();
            let found = HandshakeError::find(&error);
            assert!(
                matches!(found, Some(HandshakeError::RejectedByPeer { .. })),
                "{alpn}, {method}: {error:?}"
            );
            assert!(
                Report::new(&error).to_string().contains("hint: "),
                "{error:?}"
            );
        }
    });
    // None is sent again.
    assert_eq!(handshakes.load(Ordering::SeqCst), CLIENTS, "{alpn}");
}

#[test]
fn the_reason_reaches_the_caller_in_http1() {
    the_reason_reaches_the_caller("http/1.1");
}

#[test]
fn the_reason_reaches_the_caller_in_http2() {
    the_reason_reaches_the_caller("h2");
}
