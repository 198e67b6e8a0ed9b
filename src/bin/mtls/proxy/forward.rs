//! The way of the bytes.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional_with_sizes};

/// One TLS record (RFC 8446, section 5.1).
const BUFFER: usize = 16 * 1024;

/// Copies both ways until both have ended, and counts the bytes.
///
/// An end of one way is passed on, and the other way goes on.
pub(super) async fn forward<A, B>(secure: &mut A, plain: &mut B) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let copied = copy_bidirectional_with_sizes(secure, plain, BUFFER, BUFFER).await;
    let (received, sent) = copied?;
    metrics::counter!("mtls_proxy_bytes_total", "direction" => "received").increment(received);
    metrics::counter!("mtls_proxy_bytes_total", "direction" => "sent").increment(sent);
    Ok(())
}
