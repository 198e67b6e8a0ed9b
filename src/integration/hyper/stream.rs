use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::backend::Backend;
use crate::integration::tokio::AsyncMtlsStream;

/// Tells hyper-util's client the HTTP version by ALPN, and the
/// [`ConnectionHandle`](crate::ConnectionHandle), which it adds to the extensions of responses.
impl<IO, P, B> Connection for AsyncMtlsStream<IO, P, B>
where
    IO: AsyncRead + AsyncWrite + Send + Unpin,
    B: Backend,
{
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.connection().clone());
        if self.session().alpn() == Some(b"h2") {
            connected.negotiated_h2()
        } else {
            connected
        }
    }
}
