//! Requests that begin together on a new client: one fails by the connection of another.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use mtls::connection::ProtocolVersion;
use mtls::{HandshakeError, PeerMatcher, Rustls, VerifierPolicy};
use tokio::sync::Barrier;
use tokio::time::timeout;
use tower::service_fn;

use super::common::pki::Cast;
use super::{LIMIT, bind, client, runtime, server};

fn each_learns_the_reason(alpn: &str, version: ProtocolVersion, clients: usize) {
    const REQUESTS: usize = 24;
    let cast = Cast::assemble();
    let other = PeerMatcher::dns("other.test").unwrap();
    let server = server(&cast)
        .policy(VerifierPolicy::allow(other))
        .alpn([alpn]);
    let server = server.build(Rustls::default()).unwrap();
    // The clients have threads of their own, so that a rejection comes at any moment.
    let serving = runtime();
    let (tcp, url) = serving.block_on(bind());
    serving.spawn(async move {
        let service = service_fn(async |_: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        mtls::hyper::serve(server.listener(tcp), service).await;
    });
    runtime().block_on(async {
        for _ in 0..clients {
            let client = client(&cast).alpn([alpn]).protocol_versions([version]);
            let client = client.build(Rustls::default()).unwrap();
            let http = mtls::hyper::Client::new(&client);
            let start = Arc::new(Barrier::new(REQUESTS));
            let requests: Vec<_> = (0..REQUESTS)
                .map(|_| {
                    let (http, start) = (http.clone(), Arc::clone(&start));
                    let request = Request::get(&url).body(Full::<Bytes>::default()).unwrap();
                    tokio::spawn(async move {
                        start.wait().await;
                        timeout(LIMIT, http.request(request)).await
                    })
                })
                .collect();
            for request in requests {
                let error = request.await.unwrap().unwrap().unwrap_err();
                let found = HandshakeError::find(&error);
                assert!(
                    matches!(found, Some(HandshakeError::RejectedByPeer { .. })),
                    "{alpn}, {version:?}: {error:?}"
                );
            }
        }
    });
}

#[test]
fn each_learns_the_reason_in_http1() {
    each_learns_the_reason("http/1.1", ProtocolVersion::Tls12, 10);
    each_learns_the_reason("http/1.1", ProtocolVersion::Tls13, 20);
}

#[test]
fn each_learns_the_reason_in_http2() {
    each_learns_the_reason("h2", ProtocolVersion::Tls12, 10);
    each_learns_the_reason("h2", ProtocolVersion::Tls13, 120);
}
