//! The way of the bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use metrics::Counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional_with_sizes};

use super::address::Plain;

/// One TLS record (RFC 8446, section 5.1).
const BUFFER: usize = 16 * 1024;

/// A plain connection whose bytes are counted.
struct Counted<'a> {
    plain: &'a mut dyn Plain,
    /// From the TLS peer, written to the plain side.
    received: Counter,
    /// To the TLS peer, read from the plain side.
    sent: Counter,
}

/// Copies both ways until both have ended, and counts the bytes.
///
/// An end of one way is passed on, and the other way goes on.
pub(super) async fn forward<S>(secure: &mut S, plain: &mut dyn Plain) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut plain = Counted {
        plain,
        received: metrics::counter!("mtls_proxy_bytes_total", "direction" => "received"),
        sent: metrics::counter!("mtls_proxy_bytes_total", "direction" => "sent"),
    };
    copy_bidirectional_with_sizes(secure, &mut plain, BUFFER, BUFFER).await?;
    Ok(())
}

fn count(counter: &Counter, bytes: usize) {
    counter.increment(u64::try_from(bytes).unwrap_or(u64::MAX));
}

impl AsyncRead for Counted<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut *self.plain).poll_read(context, buffer))?;
        count(&self.sent, buffer.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut *self.plain).poll_write(context, bytes))?;
        count(&self.received, written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.plain).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.plain).poll_shutdown(context)
    }
}
