use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::time::Instant;

use hyper::body::{Body, Incoming};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::connector::Connector;
use super::error::{ConnectionError, rejection_of};
use super::last_rejections::LastRejections;
use super::unprocessed::{MAX_REPEATS, causes, is_unprocessed};
use crate::backend::{ClientBackend, DefaultBackend, HandshakeError};
use crate::client::MtlsClient;
use crate::rotation::PerRevision;

/// An HTTP client with a pool of connections, which is made anew when our identity or trust
/// changes.
///
/// Requests under way finish on the old connections. The client's `alpn(["h2", "http/1.1"])`
/// selects the HTTP version. Cloning is cheap. Responses have the
/// [`ConnectionHandle`](crate::ConnectionHandle) of their connection in their extensions.
///
/// [`request`](Self::request) sends a request again, at most 5 times, if the server is known not to
/// have processed it, as after a GOAWAY (RFC 9113, section 6.8) or where its connection ended
/// before it was sent, or if the connection ended before the response and the method is idempotent
/// (RFC 9110, section 9.2.2). That needs a body that can be cloned. The `tower` service sends each
/// request once.
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient) -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::{BodyExt, Empty};
/// use hyper::{Request, body::Bytes};
///
/// let http = mtls::hyper::Client::new(&client);
/// let request = Request::get("https://api.internal/").body(Empty::<Bytes>::new())?;
/// let body = http.request(request).await?.into_body().collect().await?;
/// # Ok(())
/// # }
/// ```
pub struct Client<T, B: ClientBackend = DefaultBackend> {
    pools: PerRevision<legacy::Client<Connector<B>, T>>,
    last: LastRejections,
}

impl<T, B> Client<T, B>
where
    T: Body + Send + Unpin + 'static,
    T::Data: Send,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
    B: ClientBackend,
{
    /// Makes a client with the settings of hyper-util's, over the connections of `client`.
    pub fn new(client: &MtlsClient<B>) -> Self {
        Self::with_connector(client, Connector::new(client))
    }

    /// Makes a client over another connector of `client`, such as one with a
    /// [`server_name`](Connector::server_name).
    pub fn with_connector(client: &MtlsClient<B>, connector: Connector<B>) -> Self {
        let last = connector.last_rejections().clone();
        let make = move || {
            let pool = legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .timer(TokioTimer::new())
                .build(connector.clone());
            Ok::<_, Infallible>(pool)
        };
        let Ok(pools) = client.handle().per_revision(make);
        Self { pools, last }
    }

    /// Sends a request, and again where that is safe: see [`Client`].
    ///
    /// # Errors
    /// [`ConnectionError`]: no connection, a rejection by either side, or an error of HTTP.
    pub async fn request(&self, request: Request<T>) -> Result<Response<Incoming>, ConnectionError>
    where
        T: Clone,
    {
        let is_idempotent = request.method().is_idempotent();
        for _ in 0..MAX_REPEATS {
            let begun = Instant::now();
            let result = self.pools.get().request(request.clone()).await;
            match self.explained(begun, request.uri(), result) {
                Err(error) if error.is_rejection() => return Err(error),
                Err(error) if is_unsent(error.library_error()) => {}
                Err(error) if is_unprocessed(error.library_error()) => {}
                Err(error) if is_idempotent && is_cut(error.library_error()) => {}
                result => return result,
            }
        }
        let (begun, uri) = (Instant::now(), request.uri().clone());
        let last = self.pools.get().request(request).await;
        self.explained(begun, &uri, last)
    }

    /// Adds the rejection that the library has lost.
    fn explained(
        &self,
        begun: Instant,
        uri: &Uri,
        result: Result<Response<Incoming>, legacy::Error>,
    ) -> Result<Response<Incoming>, ConnectionError> {
        result.map_err(|error| {
            let is_found = HandshakeError::find(&error).is_some();
            let rejection = match error.connect_info() {
                _ if is_found => None,
                // That of another connection would explain nothing.
                Some(connected) => rejection_of(connected),
                None if is_unsent(&error) => self.last.since(begun, uri),
                None => None,
            };
            ConnectionError::new(error, rejection)
        })
    }
}

/// Whether the connection ended before the request was on it, without one of our errors.
///
/// hyper-util names the connection of every request that it has sent. A request that waits for the
/// connection of another one fails with it, without its error. Errors without a cause are about the
/// request itself.
fn is_unsent(error: &legacy::Error) -> bool {
    error.connect_info().is_none()
        && error.source().is_some()
        && HandshakeError::find(error).is_none()
}

/// Whether the connection ended before the response.
fn is_cut(error: &legacy::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    if error.is_connect() {
        return false;
    }
    causes(error).any(|cause| {
        let hyper = cause.downcast_ref::<hyper::Error>();
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let is_broken = matches!(
            io,
            Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        );
        is_broken || hyper.is_some_and(|error| error.is_incomplete_message() || error.is_closed())
    })
}

impl<T, B> Service<Request<T>> for Client<T, B>
where
    T: Body + Send + Unpin + 'static,
    T::Data: Send,
    T::Error: Into<Box<dyn Error + Send + Sync>>,
    B: ClientBackend,
{
    type Response = Response<Incoming>;
    type Error = ConnectionError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<T>) -> Self::Future {
        let (client, begun, uri) = (self.clone(), Instant::now(), request.uri().clone());
        let response = self.pools.get().request(request);
        Box::pin(async move { client.explained(begun, &uri, response.await) })
    }
}

impl<T, B: ClientBackend> Clone for Client<T, B> {
    fn clone(&self) -> Self {
        Self {
            pools: self.pools.clone(),
            last: self.last.clone(),
        }
    }
}

impl<T, B: ClientBackend> fmt::Debug for Client<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
