use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use mtls::{HandshakeError, Report};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that keeps the report of a rejection by the server.
///
/// HTTP/2 needs it: the crate `h2` keeps the text of a stream's error only, and so loses the hint.
pub(crate) struct KeepsVerdict<S> {
    stream: S,
    report: Arc<OnceLock<String>>,
}

impl<S> KeepsVerdict<S> {
    /// Wraps a stream; the report is empty until the server rejects us.
    pub(crate) fn new(stream: S) -> (Self, Arc<OnceLock<String>>) {
        let report = Arc::default();
        let stream = Self {
            stream,
            report: Arc::clone(&report),
        };
        (stream, report)
    }

    fn noted<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result
            && HandshakeError::find(error).is_some()
        {
            self.report.get_or_init(|| Report::new(error).to_string());
        }
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for KeepsVerdict<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.noted(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for KeepsVerdict<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.noted(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.noted(result)
    }
}
