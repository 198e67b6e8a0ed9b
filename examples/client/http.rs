use std::error::Error;
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

/// A server that was admitted.
pub(crate) struct Connection<S> {
    pub(crate) speaks_h2: bool,
    pub(crate) stream: S,
}

/// Sends the one request and prints the answer's body.
pub(crate) async fn exchange<S>(connection: Connection<S>, options: &Options) -> Result<()>
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

/// Keeps the connection going until the exchange is over. Where both fail it is the connection that knows why: in
/// TLS 1.3 the server's verdict about us comes to its first read or write.
async fn drive(
    connection: impl Future<Output = hyper::Result<()>> + Send + 'static,
    exchange: impl Future<Output = Result<()>>,
) -> Result<()> {
    let connection = tokio::spawn(connection);
    let Err(error) = exchange.await else {
        // The answer is there; what the server does to the connection now is of no interest.
        return Ok(());
    };
    let cause: Box<dyn Error + Send + Sync> = match connection.await? {
        Err(cause) => cause.into(),
        Ok(()) => error,
    };
    Err(match is_hang_up(cause.as_ref()) {
        true => Box::new(HungUp(cause)),
        false => cause,
    })
}

/// The server closed the connection instead of answering.
#[derive(Debug)]
struct HungUp(Box<dyn Error + Send + Sync>);

impl std::fmt::Display for HungUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the server hung up; it may have refused our certificate without a word, its log has the reason")
    }
}

impl Error for HungUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

fn is_hang_up(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    if let Some(error) = error.downcast_ref::<hyper::Error>()
        && error.is_incomplete_message()
    {
        return true;
    }
    match error.downcast_ref::<io::Error>() {
        Some(error) => matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof),
        None => error.source().is_some_and(is_hang_up),
    }
}
