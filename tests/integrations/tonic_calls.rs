//! What a caller of tonic learns when the server rejects it, and how often a call is sent.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use mtls::tonic::Channel;
use mtls::{Event, HandshakeError, MtlsServer, PeerMatcher, Rustls, VerifierPolicy};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tower::{Service, service_fn};

use super::common::pki::Cast;
use super::{LIMIT, bind, client, runtime, server};

/// Rejects every client, and counts the handshakes.
fn rejecting(cast: &Cast) -> (MtlsServer, Arc<AtomicUsize>) {
    let handshakes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handshakes);
    let other = PeerMatcher::dns("other.test").unwrap();
    let server = server(cast)
        .policy(VerifierPolicy::allow(other))
        .alpn(["h2"])
        .observer(move |event| {
            if let Event::Handshake(_) = event {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
    (server.build(Rustls::default()).unwrap(), handshakes)
}

fn serve(server: &MtlsServer, tcp: TcpListener) {
    let service = service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    tokio::spawn(mtls::hyper::serve(server.listener(tcp), service).into_future());
}

fn channel(cast: &Cast, url: &str, change: impl FnOnce(Endpoint) -> Endpoint) -> Channel {
    let client = client(cast).alpn(["h2"]).build(Rustls::default()).unwrap();
    let endpoint = Endpoint::from_shared(url.replace("https:", "http:")).unwrap();
    Channel::new(&client, change(endpoint))
}

async fn call(mut channel: Channel) -> Result<(), Status> {
    let request = Request::post("/test.Test/Call")
        .body(Body::empty())
        .unwrap();
    let response = timeout(LIMIT, channel.call(request)).await.unwrap();
    response.map(drop)
}

#[track_caller]
fn expect_rejection(status: &Status) {
    let found = HandshakeError::find(status);
    assert!(
        matches!(found, Some(HandshakeError::RejectedByPeer { .. })),
        "{status:?}"
    );
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[test]
fn a_rejected_call_is_sent_once() {
    const CHANNELS: usize = 40;
    let cast = Cast::assemble();
    let (server, handshakes) = rejecting(&cast);
    runtime().block_on(async {
        let (tcp, url) = bind().await;
        serve(&server, tcp);
        for _ in 0..CHANNELS {
            let channel = channel(&cast, &url, |endpoint| endpoint);
            expect_rejection(&call(channel).await.unwrap_err());
        }
    });
    assert_eq!(handshakes.load(Ordering::SeqCst), CHANNELS);
}

/// One call fails by the connection of another, and a third opens the next one.
#[test]
fn calls_that_begin_together_learn_the_reason() {
    const CHANNELS: usize = 20;
    const CALLS: usize = 8;
    let cast = Cast::assemble();
    runtime().block_on(async {
        let (server, handshakes) = rejecting(&cast);
        let (tcp, url) = bind().await;
        serve(&server, tcp);
        for _ in 0..CHANNELS {
            let channel = channel(&cast, &url, |endpoint| endpoint);
            let calls: Vec<_> = (0..CALLS)
                .map(|_| tokio::spawn(call(channel.clone())))
                .collect();
            for call in calls {
                expect_rejection(&call.await.unwrap().unwrap_err());
            }
        }
        let handshakes = handshakes.load(Ordering::SeqCst);
        assert!(handshakes <= CHANNELS * CALLS, "{handshakes}");
    });
}

/// A connection that is rejected, and one that the server does not answer.
#[test]
fn an_old_rejection_does_not_explain_a_timeout() {
    let cast = Cast::assemble();
    let (server, _) = rejecting(&cast);
    runtime().block_on(async {
        let (tcp, url) = bind().await;
        let accept = async || timeout(LIMIT, tcp.accept()).await.unwrap().unwrap().0;
        let channel = channel(&cast, &url, |endpoint| {
            endpoint.connect_timeout(Duration::from_secs(1))
        });
        let rejected = tokio::spawn(call(channel.clone()));
        server.accept_async(accept().await).await.unwrap_err();
        expect_rejection(&rejected.await.unwrap().unwrap_err());

        let unanswered = tokio::spawn(call(channel));
        let _second = accept().await;
        let status = unanswered.await.unwrap().unwrap_err();
        assert!(HandshakeError::find(&status).is_none(), "{status:?}");
        assert_ne!(status.code(), Code::Unauthenticated, "{status:?}");
    });
}
