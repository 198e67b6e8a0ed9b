//! Connections that a server retires: how they end, and that none outlives the limit.

mod common;

use std::future::pending;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use common::workshop::Workshop;
use common::{LIMIT, ROTATION};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONNECTION;
use hyper::{Request, Response, client::conn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mtls::axum::Peer;
use mtls::{AsyncMtlsStream, FileSource, MtlsClient, MtlsServer, PeerIdentity, Rustls};
use mtls::{ConnectionHandle, VerifierPolicy};
use mtls_ecosystem::show;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Retired connections may stay open for this time.
const WITHIN: Duration = Duration::from_secs(1);
/// What the machine may take in addition.
const SLACK: Duration = Duration::from_secs(2);

type Query = Request<Empty<Bytes>>;

/// A server of axum's router, in `mtls::hyper::serve` or in `axum::serve`.
async fn serve(workshop: &Workshop, by_axum: bool) -> SocketAddr {
    let folder = workshop.path("server");
    let file = |name| folder.join(name);
    let server = MtlsServer::builder()
        .source(FileSource::from_files(
            file("server.crt"),
            file("server.key"),
            file("ca.crt"),
        ))
        .policy(VerifierPolicy::allow_any_authenticated())
        .alpn(["h2", "http/1.1"])
        .retire_connections(WITHIN)
        .build(Rustls::default())
        .unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let app = Router::new()
        .route("/", get(async |Peer(peer): Peer| show(Some(&peer))))
        .route("/slow", get(async || sleep(WITHIN / 2).await))
        .route("/never", get(async || pending::<String>().await));
    let listener = server.listener(tcp);
    if by_axum {
        let app = app.into_make_service_with_connect_info::<ConnectionHandle>();
        tokio::spawn(axum::serve(listener, app).into_future());
    } else {
        tokio::spawn(mtls::hyper::serve(listener, app).into_future());
    }
    address
}

async fn sleep(time: Duration) -> String {
    tokio::time::sleep(time).await;
    "awake".to_owned()
}

type Stream = TokioIo<AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>>;

async fn connect(workshop: &Workshop, address: SocketAddr, alpn: &str) -> Stream {
    let folder = workshop.path("client");
    let file = |name| folder.join(name);
    let client = MtlsClient::builder()
        .source(FileSource::from_files(
            file("client.crt"),
            file("client.key"),
            file("ca.crt"),
        ))
        .alpn([alpn])
        .build(Rustls::default())
        .unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    TokioIo::new(client.connect_async("localhost", tcp).await.unwrap())
}

fn request(path: &str) -> Query {
    let request = Request::get(format!("https://localhost{path}"));
    request
        .header("host", "localhost")
        .body(Empty::new())
        .unwrap()
}

async fn text(response: Response<Incoming>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A connection of HTTP/1, and the task that drives it.
async fn http1(
    workshop: &Workshop,
    address: SocketAddr,
) -> (
    conn::http1::SendRequest<Empty<Bytes>>,
    JoinHandle<hyper::Result<()>>,
) {
    let stream = connect(workshop, address, "http/1.1").await;
    let (sender, connection) = conn::http1::handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

async fn http2(
    workshop: &Workshop,
    address: SocketAddr,
) -> (
    conn::http2::SendRequest<Empty<Bytes>>,
    JoinHandle<hyper::Result<()>>,
) {
    let stream = connect(workshop, address, "h2").await;
    let (sender, connection) = conn::http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

#[tokio::test]
async fn http1_ends_with_the_header_of_a_response() {
    let workshop = Workshop::open();
    let address = serve(&workshop, false).await;
    let (mut sender, connection) = http1(&workshop, address).await;
    workshop.issue_server(0x2002);
    let replaced = Instant::now();
    loop {
        assert!(replaced.elapsed() < ROTATION, "no header");
        let response = sender.send_request(request("/")).await.unwrap();
        let is_last = response
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value == "close");
        assert_eq!(text(response).await, "CN=alice [10, 01]");
        if is_last {
            break;
        }
        // Longer than no time, and shorter than the limit.
        tokio::time::sleep(Duration::from_millis(20)).await;
        sender.ready().await.unwrap();
    }
    timeout(SLACK, connection).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn http2_ends_by_goaway_after_the_requests_under_way() {
    let workshop = Workshop::open();
    let address = serve(&workshop, false).await;
    let (mut sender, connection) = http2(&workshop, address).await;
    assert_eq!(
        text(sender.send_request(request("/")).await.unwrap()).await,
        "CN=alice [10, 01]"
    );
    workshop.issue_server(0x2002);
    let mut count = 0;
    let replaced = Instant::now();
    // Requests are under way when the end begins: each is answered, or known not to be processed.
    while let Ok(response) = sender.send_request(request("/slow")).await {
        assert_eq!(text(response).await, "awake");
        count += 1;
        assert!(replaced.elapsed() < ROTATION + SLACK, "no GOAWAY");
    }
    assert!(count > 0, "none was answered after the replacement");
    // GOAWAY with NO_ERROR is the end of a connection, not an error.
    timeout(SLACK, connection).await.unwrap().unwrap().unwrap();
}

/// A client that does nothing is cut after the limit.
#[tokio::test]
async fn idle_connections_end_within_the_limit() {
    for by_axum in [false, true] {
        let workshop = Workshop::open();
        let address = serve(&workshop, by_axum).await;
        let (mut h1, first) = http1(&workshop, address).await;
        let (mut h2, second) = http2(&workshop, address).await;
        text(h1.send_request(request("/")).await.unwrap()).await;
        text(h2.send_request(request("/")).await.unwrap()).await;
        workshop.issue_server(0x2002);
        let limit = ROTATION + WITHIN + SLACK;
        // Whether as an error does not matter.
        let _ = timeout(limit, first)
            .await
            .expect("HTTP/1 is open")
            .unwrap();
        let _ = timeout(limit, second)
            .await
            .expect("HTTP/2 is open")
            .unwrap();
    }
}

/// A request without an answer does not keep a connection open.
#[tokio::test]
async fn requests_under_way_are_cut_at_the_limit() {
    for by_axum in [false, true] {
        let workshop = Workshop::open();
        let address = serve(&workshop, by_axum).await;
        let (mut h1, first) = http1(&workshop, address).await;
        let (mut h2, second) = http2(&workshop, address).await;
        let requests = tokio::spawn(async move {
            let (first, second) = (
                h1.send_request(request("/never")),
                h2.send_request(request("/never")),
            );
            tokio::join!(first, second)
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let started = Instant::now();
        workshop.issue_server(0x2002);
        let (first_result, second_result) = timeout(LIMIT, requests).await.unwrap().unwrap();
        assert!(first_result.is_err() && second_result.is_err());
        let took = started.elapsed();
        assert!(
            took >= WITHIN && took < ROTATION + WITHIN + SLACK,
            "cut after {took:?}"
        );
        let _ = timeout(SLACK, first)
            .await
            .expect("HTTP/1 is open")
            .unwrap();
        let _ = timeout(SLACK, second)
            .await
            .expect("HTTP/2 is open")
            .unwrap();
    }
}
