use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::support::Result;

/// The maximum length of a request's body in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The timeout of a request's head, and of an idle connection between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

const STREAMS_AT_A_TIME: u32 = 32;

/// Answers the requests of one connection with the client's name until it closes.
pub(crate) async fn serve<S>(stream: S, name: String, speaks_h2: bool) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(name.clone(), request));
    builder(speaks_h2)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

/// Uses the HTTP version of ALPN (RFC 9113, section 3.2), because detection by the first bytes has
/// no timeout.
fn builder(speaks_h2: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_concurrent_streams(STREAMS_AT_A_TIME);
    if speaks_h2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    }
}

async fn answer(
    name: String,
    request: Request<Incoming>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let body = Limited::new(request.into_body(), MAX_BODY).collect();
    Ok(match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => line(StatusCode::OK, &greeting(&name, &body.to_bytes())),
        Ok(Err(error)) if is_too_long(error.as_ref()) => {
            line(StatusCode::PAYLOAD_TOO_LARGE, b"the body is too long")
        }
        Ok(Err(_)) => line(StatusCode::BAD_REQUEST, b"the body cannot be read"),
        Err(_) => line(StatusCode::REQUEST_TIMEOUT, b"the body took too long"),
    })
}

fn greeting(name: &str, body: &[u8]) -> Vec<u8> {
    let mut line = format!("hello {name}").into_bytes();
    if !body.is_empty() {
        line.push(b' ');
        line.extend_from_slice(body.trim_ascii_end());
    }
    line
}

fn line(status: StatusCode, text: &[u8]) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from([text, b"\n"].concat()));
    *response.status_mut() = status;
    response
}

fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>()
}
