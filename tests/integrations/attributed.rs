//! A rejection explains the requests of its own connection, not those of others.

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use mtls::hyper::{Client, ConnectionError};
use mtls::{AsyncMtlsStream, HandshakeError, PeerIdentity, PeerMatcher};
use mtls::{MtlsServer, Rustls, VerifierPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::common::pki::Cast;
use super::{LIMIT, bind, client, runtime, server};

type Body = Full<Bytes>;
type Stream = AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>;
type Answer = JoinHandle<Result<u16, ConnectionError>>;

/// Two servers behind one port: one accepts our client, and one rejects it.
struct Port {
    tcp: TcpListener,
    url: String,
    accepts: MtlsServer,
    rejects: MtlsServer,
}

impl Port {
    async fn bind(cast: &Cast) -> Self {
        let (tcp, url) = bind().await;
        let other = VerifierPolicy::allow(PeerMatcher::dns("other.test").unwrap());
        let server = || server(cast);
        Self {
            tcp,
            url,
            accepts: server().build(Rustls::default()).unwrap(),
            rejects: server().policy(other).build(Rustls::default()).unwrap(),
        }
    }

    /// Accepts the next connection.
    async fn accept(&self) -> Stream {
        let (tcp, _) = timeout(LIMIT, self.tcp.accept()).await.unwrap().unwrap();
        self.accepts.accept_async(tcp).await.unwrap()
    }

    /// Rejects the next connection.
    async fn reject(&self) {
        let (tcp, _) = timeout(LIMIT, self.tcp.accept()).await.unwrap().unwrap();
        let error = self.rejects.accept_async(tcp).await.unwrap_err();
        assert!(matches!(error, HandshakeError::Rejected(_)), "{error:?}");
    }
}

fn request(url: &str) -> Request<Body> {
    Request::get(url).body(Body::default()).unwrap()
}

fn send(http: &Client<Body>, url: &str) -> Answer {
    let (http, request) = (http.clone(), request(url));
    tokio::spawn(async move {
        let response = timeout(LIMIT, http.request(request)).await.unwrap()?;
        Ok(response.status().as_u16())
    })
}

async fn expect_rejection(answer: Answer) {
    let error = answer.await.unwrap().unwrap_err();
    let found = HandshakeError::find(&error);
    assert!(
        matches!(found, Some(HandshakeError::RejectedByPeer { .. })),
        "{error:?}"
    );
}

async fn read_request(stream: &mut Stream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let count = timeout(LIMIT, stream.read_buf(&mut request)).await.unwrap();
        assert_ne!(count.unwrap(), 0, "the request is cut");
    }
}

/// The server closes the first connection under a request, while it rejects a second one.
#[test]
fn a_request_is_sent_again_though_another_connection_was_rejected() {
    let cast = Cast::assemble();
    runtime().block_on(async {
        let port = Port::bind(&cast).await;
        let client = client(&cast);
        let http = Client::new(&client.build(Rustls::default()).unwrap());
        let cut = send(&http, &port.url);
        let mut first = port.accept().await;
        read_request(&mut first).await;

        let rejected = send(&http, &port.url);
        port.reject().await;
        expect_rejection(rejected).await;

        drop(first);
        let mut third = port.accept().await;
        read_request(&mut third).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        third.write_all(answer).await.unwrap();
        third.flush().await.unwrap();
        assert_eq!(cut.await.unwrap().unwrap(), 200);
    });
}
