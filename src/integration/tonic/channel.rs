use core::convert::Infallible;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response, Uri};
use tonic::body::Body;
use tonic::transport::{Channel as TonicChannel, Endpoint};
use tonic::{Code, Status};
use tower_service::Service;

use super::buffered_body::BufferedBody;
use crate::backend::{ClientBackend, HandshakeError};
use crate::client::MtlsClient;
use crate::integration::hyper::Connector;
use crate::integration::hyper::last_rejections::LastRejections;
use crate::integration::hyper::unprocessed::{MAX_REPEATS, has_lost_its_cause, is_unprocessed};
use crate::rotation::PerRevision;

/// A channel for tonic's clients, which is made anew when our identity or trust changes.
///
/// Calls under way finish on the old connection. It connects at the first call. Give the client
/// `alpn(["h2"])`. The endpoint's URI begins with `http://`, since tonic takes `https` for its own
/// TLS; every connection is mutual TLS all the same, and `Endpoint::origin` sets the scheme that
/// the server sees.
///
/// If the connection fails, the [`Status`] has the [`HandshakeError`] as its source: code
/// `UNAUTHENTICATED` if either side rejected the other, `UNAVAILABLE` otherwise.
///
/// A call that the server is known not to have begun is sent again, at most 5 times, as after a
/// GOAWAY (RFC 9113, section 6.8) by which a server retires the connection. That needs its body: up
/// to 64 KiB are kept until the response begins, if all of it is ready when the call begins, as in
/// a unary call. A longer body, or a stream that waits, fails with `UNAVAILABLE` then.
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient) -> Result<(), Box<dyn std::error::Error>> {
/// use tonic::transport::Endpoint;
///
/// let endpoint = Endpoint::from_static("http://greeter.internal:50051");
/// let channel = mtls::tonic::Channel::new(&client, endpoint);
/// let mut greeter = tonic::client::Grpc::new(channel); // or `GreeterClient::new(channel)`
/// greeter.ready().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Channel {
    channels: PerRevision<Tracked>,
}

/// A channel of tonic, and how its connections were rejected.
#[derive(Clone)]
struct Tracked {
    channel: TonicChannel,
    uri: Uri,
    last: LastRejections,
}

impl Channel {
    /// Makes a channel over connections of `client` to the endpoint.
    ///
    /// # Panics
    /// Outside of a tokio runtime, which tonic's channel needs.
    pub fn new<B: ClientBackend>(client: &MtlsClient<B>, endpoint: Endpoint) -> Self {
        let connects = client.clone();
        let make = move || {
            let connector = Connector::new(&connects);
            let (uri, last) = (endpoint.uri().clone(), connector.last_rejections().clone());
            let channel = endpoint.connect_with_connector_lazy(connector);
            Ok::<_, Infallible>(Tracked { channel, uri, last })
        };
        let Ok(channels) = client.handle().per_revision(make);
        Self { channels }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let channels = self.channels.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = BufferedBody::new(body).await?;
            for _ in 0..MAX_REPEATS {
                let Some(body) = body.try_clone() else { break };
                let request = Request::from_parts(head.clone(), Body::new(body));
                let (begun, tracked) = (Instant::now(), channels.get());
                match tracked.send(request).await {
                    Err(error) if tracked.may_repeat(begun, &error) => {}
                    result => return result.map_err(|error| tracked.status(begun, error)),
                }
            }
            let (begun, tracked) = (Instant::now(), channels.get());
            let last_try = tracked.send(Request::from_parts(head, Body::new(body)));
            let response = last_try.await;
            response.map_err(|error| tracked.status(begun, error))
        })
    }
}

impl Tracked {
    async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Body>, tonic::transport::Error> {
        let mut channel = self.channel.clone();
        poll_fn(|context| channel.poll_ready(context)).await?;
        channel.call(request).await
    }

    /// Whether the server has not begun the call, and has not rejected us.
    fn may_repeat(&self, begun: Instant, error: &tonic::transport::Error) -> bool {
        is_unprocessed(error)
            && HandshakeError::find(error).is_none()
            && self.lost_rejection(begun, error).is_none()
    }

    /// Finds the rejection in an error of tonic, or in the connection that it lost it of.
    fn status(&self, begun: Instant, error: tonic::transport::Error) -> Status {
        let is_rejection = |error: &HandshakeError| {
            use HandshakeError::{Rejected, RejectedByPeer};
            matches!(error, Rejected(_) | RejectedByPeer { .. })
        };
        match HandshakeError::find(&error).map(is_rejection) {
            Some(is_rejection) => with_source(is_rejection, Arc::new(error)),
            None => match self.lost_rejection(begun, &error) {
                Some(rejection) => with_source(true, rejection),
                None if is_unprocessed(&error) => {
                    let text = "the server ended the connection before it began the call";
                    let mut status = Status::unavailable(text);
                    status.set_source(Arc::new(error));
                    status
                }
                None => Status::from_error(Box::new(error)),
            },
        }
    }

    /// tonic does not tell which connection a call was on.
    fn lost_rejection(
        &self,
        begun: Instant,
        error: &tonic::transport::Error,
    ) -> Option<Arc<HandshakeError>> {
        if has_lost_its_cause(error) {
            self.last.since(begun, &self.uri)
        } else {
            None
        }
    }
}

fn with_source(is_rejection: bool, source: Arc<dyn core::error::Error + Send + Sync>) -> Status {
    let mut status = if is_rejection {
        Status::new(
            Code::Unauthenticated,
            "the mutual TLS handshake was rejected",
        )
    } else {
        Status::new(Code::Unavailable, "the mutual TLS handshake failed")
    };
    status.set_source(source);
    status
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}
