use core::error::Error;
use core::fmt;
use core::future::{Pending, pending};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use http::header::{CONNECTION, HeaderValue};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

use crate::backend::ServerBackend;
use crate::connection::{ClientAuth, ConnectionHandle};
use crate::integration::tokio::AsyncMtlsStream;
use crate::integration::tokio::listener::MtlsListener;

/// How long connections may take to end after the shutdown, if nothing else is set.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

type BoxError = Box<dyn Error + Send + Sync>;

/// Serves HTTP/1 and HTTP/2 on the connections of a listener, by any `tower` service.
///
/// axum's `Router` and tonic's `Routes` (`into_axum_router()`) are such services. The HTTP version
/// is that of ALPN: give the server `alpn(["h2", "http/1.1"])`; without ALPN it is HTTP/1. Each
/// request has the [`ConnectionHandle`] in its extensions. A connection that has to end, such as by
/// [`retire_connections`](crate::ServerBuilder::retire_connections), ends gracefully: by GOAWAY in
/// HTTP/2 (RFC 9113, section 6.8), by `Connection: close` on the next response in HTTP/1. All
/// clients connect again at about the same time then: the queue of the
/// [listener](crate::MtlsListener) has to hold them, or some wait for seconds.
///
/// Await the result, which ends after [`until`](Serve::until), or spawn it by
/// `tokio::spawn(serve(..).into_future())`. Errors of HTTP end their connection and are not
/// reported; those of TLS reach the observer.
///
/// ```no_run
/// # async fn f(server: mtls::MtlsServer) -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::Full;
/// use hyper::body::{Bytes, Incoming};
/// use hyper::{Request, Response};
/// use mtls::ConnectionHandle;
///
/// let service = tower::service_fn(|request: Request<Incoming>| async move {
///     let connection = request.extensions().get::<ConnectionHandle>();
///     let text = format!("hello {:?}", connection.and_then(ConnectionHandle::peer));
///     Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(text))))
/// });
/// let tcp = tokio::net::TcpListener::bind("0.0.0.0:8443").await?;
/// let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
/// mtls::hyper::serve(server.listener(tcp), service).until(stop).await;
/// # Ok(())
/// # }
/// ```
pub fn serve<B: ServerBackend, A: ClientAuth, S>(
    listener: MtlsListener<B, A>,
    service: S,
) -> Serve<B, A, S> {
    let mut http = HttpSettings {
        http1: http1::Builder::new(),
        http2: http2::Builder::new(TokioExecutor::new()),
    };
    http.http1.timer(TokioTimer::new());
    http.http2.timer(TokioTimer::new());
    Serve {
        listener,
        service,
        http,
        stop: pending(),
        shutdown_timeout: SHUTDOWN_TIMEOUT,
    }
}

/// What [`serve`] returns, to be awaited.
#[must_use = "it serves while it is polled"]
pub struct Serve<B: ServerBackend, A: ClientAuth, S, F = Pending<()>> {
    listener: MtlsListener<B, A>,
    service: S,
    http: HttpSettings,
    stop: F,
    shutdown_timeout: Duration,
}

#[derive(Clone)]
struct HttpSettings {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl<B: ServerBackend, A: ClientAuth, S, F> Serve<B, A, S, F> {
    /// Sets when to stop: when this future ends.
    ///
    /// The port closes at once. Open connections end gracefully, within the
    /// [`shutdown_timeout`](Self::shutdown_timeout).
    pub fn until<G: Future<Output = ()>>(self, stop: G) -> Serve<B, A, S, G> {
        Serve {
            listener: self.listener,
            service: self.service,
            http: self.http,
            stop,
            shutdown_timeout: self.shutdown_timeout,
        }
    }

    /// Sets how long open connections may take to end after the stop. The default is 30 seconds.
    ///
    /// What is open after it is cut, but for connections that were upgraded, such as to WebSocket:
    /// the service that upgraded them ends them.
    pub fn shutdown_timeout(mut self, at_most: Duration) -> Self {
        self.shutdown_timeout = at_most;
        self
    }

    /// Changes hyper's settings for HTTP/1: sizes and timeouts.
    ///
    /// By default they are hyper's, with 30 seconds for the head of a request.
    pub fn http1(mut self, change: impl FnOnce(&mut http1::Builder)) -> Self {
        change(&mut self.http.http1);
        self
    }

    /// Changes hyper's settings for HTTP/2: sizes, streams and keep-alive.
    ///
    /// ```
    /// # fn f<S>(serve: mtls::hyper::Serve<mtls::Rustls, mtls::connection::Required, S>) {
    /// use std::time::Duration;
    ///
    /// let serve = serve.http1(|http1| {
    ///     http1.header_read_timeout(Duration::from_secs(5));
    /// });
    /// let serve = serve.http2(|http2| {
    ///     http2.max_concurrent_streams(32);
    /// });
    /// # }
    /// ```
    pub fn http2(mut self, change: impl FnOnce(&mut http2::Builder<TokioExecutor>)) -> Self {
        change(&mut self.http.http2);
        self
    }
}

impl<B, A, S, F, R> IntoFuture for Serve<B, A, S, F>
where
    B: ServerBackend,
    A: ClientAuth,
    S: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Into<BoxError>,
    F: Future<Output = ()> + Send + 'static,
{
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self {
                mut listener,
                service,
                http,
                stop,
                shutdown_timeout,
            } = self;
            let (stopping, stopped) = watch::channel(false);
            let mut connections = JoinSet::new();
            let mut open = move |stream| {
                // Those that have ended.
                while connections.try_join_next().is_some() {}
                connections.spawn(converse::<B, A, S, R>(
                    http.clone(),
                    stream,
                    service.clone(),
                    stopped.clone(),
                ));
            };
            let mut stop = pin!(stop);
            loop {
                tokio::select! {
                    (stream, _) = listener.accept() => open(stream),
                    () = &mut stop => break,
                }
            }
            // Each connection has a receiver; without any there is nothing to stop.
            let _ = stopping.send(true);
            listener
                .shutdown(shutdown_timeout, |stream, _| open(stream))
                .await;
            // What is left is cut when `open` is dropped.
        })
    }
}

/// Answers the requests of one connection until it ends.
async fn converse<B, A, S, R>(
    http: HttpSettings,
    stream: AsyncMtlsStream<TcpStream, A::Peer, B>,
    service: S,
    stopped: watch::Receiver<bool>,
) where
    B: ServerBackend,
    A: ClientAuth,
    S: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    R: Body + Send + 'static,
    R::Data: Send,
    R::Error: Into<BoxError>,
{
    let handle = stream.connection().clone();
    let is_ending = Arc::default();
    let service = HttpService {
        service,
        handle: handle.clone(),
        is_ending: Arc::clone(&is_ending),
    };
    // hyper-util's detection by the first bytes has no timeout, and a shutdown during it cuts the
    // connection.
    if stream.session().alpn() == Some(b"h2") {
        let connection = http.http2.serve_connection(TokioIo::new(stream), service);
        let shut_down = http2::Connection::graceful_shutdown;
        drive(connection, shut_down, true, (&handle, &is_ending), stopped).await;
    } else {
        let connection = http.http1.serve_connection(TokioIo::new(stream), service);
        let connection = connection.with_upgrades();
        let shut_down = http1::UpgradeableConnection::graceful_shutdown;
        // A request may be on its way: the header of its response ends the connection.
        drive(connection, shut_down, false, (&handle, &is_ending), stopped).await;
    }
}

/// Polls a connection until it ends, and shuts it down when the server stops.
///
/// `retires` is whether it is shut down when the connection has to end, too.
async fn drive<C: Future>(
    connection: C,
    shut_down: impl Fn(Pin<&mut C>),
    retires: bool,
    (handle, is_ending): (&ConnectionHandle, &AtomicBool),
    mut stopped: watch::Receiver<bool>,
) {
    let (mut connection, mut ended) = (pin!(connection), pin!(handle.ended()));
    let (mut has_ended, mut has_stopped) = (false, false);
    loop {
        tokio::select! {
            // An error of HTTP is the client's affair.
            _ = connection.as_mut() => return,
            _ = &mut ended, if !has_ended => {
                has_ended = true;
                is_ending.store(true, Ordering::Release);
                if retires {
                    shut_down(connection.as_mut());
                }
            }
            _ = stopped.wait_for(|stopped| *stopped), if !has_stopped => {
                has_stopped = true;
                is_ending.store(true, Ordering::Release);
                shut_down(connection.as_mut());
            }
        }
    }
}

/// The service of one connection.
struct HttpService<S> {
    service: S,
    handle: ConnectionHandle,
    /// Whether the next response is the last of HTTP/1.
    is_ending: Arc<AtomicBool>,
}

impl<S, R> hyper::service::Service<Request<Incoming>> for HttpService<S>
where
    S: Service<Request<Incoming>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.handle.clone());
        let is_http1 = request.version() <= Version::HTTP_11;
        let is_ending = Arc::clone(&self.is_ending);
        let service = TowerToHyperService::new(self.service.clone());
        Box::pin(async move {
            let mut response = hyper::service::Service::call(&service, request).await?;
            // An upgrade needs the header for itself, and has no next request.
            let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            if is_http1 && !is_upgrade && is_ending.load(Ordering::Acquire) {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response)
        })
    }
}

impl<B: ServerBackend, A: ClientAuth, S, F> fmt::Debug for Serve<B, A, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("shutdown_timeout", &self.shutdown_timeout)
            .finish_non_exhaustive()
    }
}
