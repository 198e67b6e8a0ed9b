//! A client, a gateway and a service in three TLS connections, with hyper on both servers.

use std::convert::Infallible;
use std::future::Future;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

use http::header::{CONNECTION, TE, TRAILER, TRANSFER_ENCODING};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use mtls::connection::ClientAuth;
use mtls::http::{ForwardedHeaders, RequestClient, strip, write_client_cert};
use mtls::{MtlsClient, MtlsServer, PeerIdentity, Rustls, VerifierPolicy};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::common::pki::{Credential, Leaf};
use crate::peers::{ROOT, anchors, gateway_credential, gateways, identity};

struct Network {
    _runtime: Runtime,
    service: SocketAddr,
    gateway: SocketAddr,
}

impl Network {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let leaf = Leaf::named("service").dns("server.test").server();
        let service = MtlsServer::builder()
            .identity(identity(&leaf.issued_by(&ROOT)))
            .trust_anchors(anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .build(Rustls::default())
            .unwrap();
        let leaf = Leaf::named("edge").dns("server.test").server();
        let gateway = MtlsServer::builder()
            .identity(identity(&leaf.issued_by(&ROOT)))
            .trust_anchors(anchors())
            .policy(VerifierPolicy::allow_any_authenticated())
            .optional_client_auth()
            .build(Rustls::default())
            .unwrap();
        let service = serve(&runtime, service, |peer| Some(peer.clone()), answer);
        let upstream = client(&gateway_credential());
        let pass_on = move |sender, request| pass_on(upstream.clone(), service, sender, request);
        let gateway = serve(&runtime, gateway, Option::clone, pass_on);
        Self {
            _runtime: runtime,
            service,
            gateway,
        }
    }
}

/// Serves each connection with the peer of its handshake.
fn serve<A, H, F>(
    runtime: &Runtime,
    server: MtlsServer<Rustls, A>,
    sender: fn(&A::Peer) -> Option<PeerIdentity>,
    handle: H,
) -> SocketAddr
where
    A: ClientAuth<Peer: Send> + 'static,
    H: Fn(Option<PeerIdentity>, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = runtime.block_on(listener).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (server, handle) = (server.clone(), handle.clone());
            tokio::spawn(async move {
                let stream = server.accept_async(tcp).await.unwrap();
                let sender = sender(stream.peer());
                let service = service_fn(|request| {
                    let response = handle(sender.clone(), request);
                    async move { Ok::<_, Infallible>(response.await) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                // A client that sends garbage is answered, and its connection is an error.
                connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await
                    .ok();
            });
        }
    });
    address
}

/// The service: says who sent the request, and which of the headers the application sees.
async fn answer(sender: Option<PeerIdentity>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let reader = ForwardedHeaders::client_cert(gateways());
    let client = match reader.take(sender.as_ref(), &mut parts.headers) {
        Ok(RequestClient::Forwarded(peer)) => format!("forwarded {peer}"),
        Ok(RequestClient::Sender) => format!("sender {}", sender.unwrap()),
        Ok(RequestClient::Unnamed) => "unnamed".to_owned(),
        Err(error) => format!("error {error}"),
    };
    let body = body.collect().await.unwrap();
    let mut trailers = body.trailers().cloned().unwrap_or_default();
    let sent = trailers.len();
    strip(&mut trailers);
    let names = parts.headers.keys().chain(trailers.keys());
    let seen: Vec<&str> = names.map(http::HeaderName::as_str).collect();
    let text = format!("{client}; {sent} trailers; sees {}", seen.join(" "));
    Response::new(text.into())
}

/// The gateway: removes what is for one hop only, and writes its client.
async fn pass_on(
    upstream: MtlsClient<Rustls>,
    service: SocketAddr,
    sender: Option<PeerIdentity>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    write_client_cert(&mut parts.headers, sender.as_ref()).unwrap();
    let body = body.collect().await.unwrap().to_bytes();
    let tcp = tokio::net::TcpStream::connect(service).await.unwrap();
    let stream = upstream.connect_async("server.test", tcp).await.unwrap();
    let http = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut http, connection) = http.await.unwrap();
    tokio::spawn(connection);
    let request = Request::from_parts(parts, Full::new(body));
    let response = http.send_request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    Response::new(body.to_bytes().into())
}

fn client(credential: &Credential) -> MtlsClient<Rustls> {
    MtlsClient::builder()
        .identity(identity(credential))
        .trust_anchors(anchors())
        .build(Rustls::default())
        .unwrap()
}

fn alice() -> Credential {
    let alice = Leaf::named("alice").dns("alice.test").client();
    alice.issued_by(&ROOT)
}

/// Sends these bytes, and returns status line and body.
fn exchange(address: SocketAddr, credential: &Credential, request: &str) -> (String, String) {
    let tcp = TcpStream::connect(address).unwrap();
    let stream = client(credential).connect("server.test", tcp).unwrap();
    exchange_on(stream, request)
}

fn exchange_on(mut stream: impl Read + Write, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).unwrap();
    stream.flush().unwrap();
    let mut answer = Vec::new();
    // A server may close without `close_notify` after an error.
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

const FORGED: &str = "Client-Cert: :AAAA:\r\nclient_cert: :AAAA:\r\n\
    X-Forwarded-Client-Cert: Hash=aa\r\nX_FORWARDED_CLIENT_CERT: Hash=aa\r\nClient-Cert: :BBBB:\r\n";

fn get(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: server.test\r\n{lines}Connection: close\r\n\r\n")
}

#[test]
fn the_service_sees_the_client_of_the_gateway() {
    let network = Network::start();
    for lines in ["", FORGED, "Connection: Client-Cert\r\n"] {
        let (status, body) = exchange(network.gateway, &alice(), &get(lines));
        assert_eq!(status, "HTTP/1.1 200 OK");
        let expected = "forwarded alice.test (by gateway.test); 0 trailers; sees host";
        assert_eq!(body, expected);
    }
}

#[test]
fn the_service_believes_no_other_sender() {
    let network = Network::start();
    for lines in ["", FORGED] {
        let (_, body) = exchange(network.service, &alice(), &get(lines));
        assert_eq!(body, "sender alice.test; 0 trailers; sees host connection");
    }
}

#[test]
fn the_gateway_passes_on_nothing_for_a_client_without_certificate() {
    let network = Network::start();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ROOT.certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    for lines in ["", FORGED] {
        let name = "server.test".try_into().unwrap();
        let tls = rustls::ClientConnection::new(Arc::new(config.clone()), name).unwrap();
        let tcp = TcpStream::connect(network.gateway).unwrap();
        let (_, body) = exchange_on(rustls::StreamOwned::new(tls, tcp), &get(lines));
        assert_eq!(body, "unnamed; 0 trailers; sees host");
    }
}

/// RFC 9112, section 5.2: a server may reject a line that is continued on the next.
#[test]
fn a_folded_line_never_becomes_a_header() {
    let network = Network::start();
    for lines in [
        "Client-Cert:\r\n :AAAA:\r\n",
        "X-Other: a\r\n Client-Cert: :AAAA:\r\n",
        "X-Other: a\r\n\tClient-Cert: :AAAA:\r\n",
        "Client-Cert : :AAAA:\r\n",
        " Client-Cert: :AAAA:\r\n",
    ] {
        for address in [network.service, network.gateway] {
            let (status, body) = exchange(address, &alice(), &get(lines));
            assert_eq!(status, "HTTP/1.1 400 Bad Request", "{lines:?}: {body}");
        }
    }
}

#[test]
fn trailers_lose_the_headers_too() {
    let network = Network::start();
    let request = "POST / HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\
        Transfer-Encoding: chunked\r\nTrailer: Client-Cert\r\n\r\n\
        1\r\na\r\n0\r\nClient-Cert: :AAAA:\r\nclient_cert: :AAAA:\r\nX-Sum: 1\r\n\r\n";
    let (status, body) = exchange(network.service, &alice(), request);
    assert_eq!(status, "HTTP/1.1 200 OK");
    let expected =
        "sender alice.test; 3 trailers; sees host connection transfer-encoding trailer x-sum";
    assert_eq!(body, expected);
}
