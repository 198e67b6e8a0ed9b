//! The server: it returns the body of each request, some later than others.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response, Version};
use mtls::backend::ServerBackend;
use mtls::{ConnectionHandle, MtlsServer};
use tokio::net::TcpListener;
use tonic::body::Body;

use super::grpc;

/// Serves until `stop` ends.
pub async fn serve<B: ServerBackend>(
    server: MtlsServer<B>,
    tcp: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let service = tower::service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
    mtls::hyper::serve(server.listener(tcp), service)
        .until(stop)
        .await;
}

async fn answer(request: Request<Incoming>) -> Response<Body> {
    let handle = request.extensions().get::<ConnectionHandle>();
    assert!(handle.is_some_and(|handle| handle.peer().is_some()));
    if request.uri().path() == grpc::PATH {
        return grpc::answer(request).await;
    }
    let is_http2 = request.version() == Version::HTTP_2;
    assert_eq!(is_http2, request.uri().path() == "/2");
    let body = request.into_body().collect().await;
    // The client is gone.
    let Ok(body) = body else {
        return Response::new(Body::default());
    };
    let body = body.to_bytes();
    work(&body).await;
    Response::new(Body::new(Full::new(body)))
}

/// Takes up to 6 milliseconds, so that requests are under way at each rotation.
pub async fn work(body: &Bytes) {
    let milliseconds = u64::try_from(body.len() % 4).unwrap() * 2;
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}
