//! Runs a blocking handshake until it finishes, fails or reaches its deadline.

use core::time::Duration;
use std::io::{self, Read};

use crate::backend::{Handshake, HandshakeError, HandshakeResult};
use crate::connection::deadline::Deadline;
use crate::connection::transport::Transport;

/// How long a rejected peer may take to read the alert.
pub(crate) const LINGER: Duration = Duration::from_secs(1);
/// How many bytes of a rejected peer are read and discarded in that time.
pub(crate) const LINGER_BYTES: usize = 64 * 1024;

pub(crate) fn handshake_loop<IO, H>(
    handshake: &mut H,
) -> Result<HandshakeResult<H::Stream>, HandshakeError>
where
    IO: Transport,
    H: Handshake<Deadline<IO>>,
    H::Stream: crate::backend::TlsStream<Deadline<IO>>,
{
    use crate::backend::TlsStream;
    match handshake.advance() {
        Ok(mut established) => {
            established
                .stream
                .io_mut()
                .lift()
                .map_err(HandshakeError::Io)?;
            Ok(established)
        }
        Err(HandshakeError::Io(error)) if is_timeout(&error) => {
            Err(if is_over(handshake) {
                HandshakeError::Timeout
            } else if error.kind() == io::ErrorKind::WouldBlock {
                HandshakeError::non_blocking()
            } else {
                // The system gave the connection up, as it does when nothing is acknowledged.
                HandshakeError::Io(error)
            })
        }
        Err(error) => Err(match handshake.io_mut() {
            Some(io) => io.explain(error),
            None => error,
        }),
    }
}

/// Lets a rejected peer read the alert: closing at once, with bytes of the peer unread, would reset
/// the connection and lose the alert.
pub(crate) fn linger<IO: Transport>(io: &mut Deadline<IO>) {
    if !io.io().has_timeouts() {
        return;
    }
    io.extend(LINGER);
    // An error here does not matter: the caller has the reason for the rejection already.
    if io.io().shutdown_write().is_err() {
        return;
    }
    let mut left = LINGER_BYTES;
    let mut buffer = [0; 4096];
    while left > 0 {
        match io.read(&mut buffer) {
            Ok(read) if read > 0 => left = left.saturating_sub(read),
            _ => return,
        }
    }
}

fn is_over<IO: Transport>(handshake: &mut impl Handshake<Deadline<IO>>) -> bool {
    // A handshake that took its transport with it has no clock to ask; the error is a time-out in
    // any case.
    handshake.io_mut().is_none_or(|io| io.is_over())
}

/// Whether a blocking transport was not ready in time.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock
    )
}
