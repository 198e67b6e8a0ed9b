use std::future::Future;
use std::io::{self, Write};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::http::request;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::options::Options;
use crate::support::Result;
use crate::verdict::KeepsVerdict;

/// A connection to an accepted server.
pub(crate) struct Connection<S> {
    pub(crate) speaks_h2: bool,
    pub(crate) stream: S,
}

/// Sends one request and prints the body of the response.
pub(crate) async fn exchange<S>(connection: Connection<S>, options: &Options) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (stream, report) = KeepsVerdict::new(connection.stream);
    let connection = Connection {
        speaks_h2: connection.speaks_h2,
        stream,
    };
    let result = send(connection, options).await;
    result.map_err(|error| match report.get() {
        Some(report) => report.as_str().into(),
        None => error,
    })
}

async fn send<S>(connection: Connection<S>, options: &Options) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(connection.stream);
    let request = Request::builder().header(USER_AGENT, "mtls-example");
    if connection.speaks_h2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        let request = finish(request.uri(options.target.uri().clone()), options)?;
        drive(connection, async move {
            print(sender.send_request(request).await?).await
        })
        .await
    } else {
        let (mut sender, connection) = http1::handshake(io).await?;
        let request = request
            .uri(options.target.path())
            .header(HOST, options.target.authority());
        let request = finish(request, options)?;
        drive(connection, async move {
            print(sender.send_request(request).await?).await
        })
        .await
    }
}

fn finish(request: request::Builder, options: &Options) -> Result<Request<Full<Bytes>>> {
    Ok(match &options.data {
        Some(data) => request
            .method(Method::POST)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(data.clone()))?,
        None => request.body(Full::default())?,
    })
}

async fn print(mut response: Response<Incoming>) -> Result<()> {
    let mut stdout = io::stdout();
    while let Some(frame) = response.frame().await {
        if let Some(bytes) = frame?.data_ref() {
            stdout.write_all(bytes)?;
        }
    }
    Ok(stdout.flush()?)
}

/// Runs the connection until the exchange is over.
///
/// If both fail, the connection has the cause: in TLS 1.3 the server's verdict arrives at our first
/// read or write.
async fn drive(
    connection: impl Future<Output = hyper::Result<()>> + Send + 'static,
    exchange: impl Future<Output = Result<()>>,
) -> Result<()> {
    let connection = tokio::spawn(connection);
    let Err(error) = exchange.await else {
        // The response is complete, so later errors of the connection do not matter.
        return Ok(());
    };
    Err(match connection.await? {
        Err(cause) => cause.into(),
        Ok(()) => error,
    })
}
