//! The PROXY protocol: a proxy names the client's address before the client's first byte.

mod header;

use core::net::SocketAddr;
use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::error::ListenerError;
use crate::backend::HandshakeError;
use header::{Begin, HeaderFault, MAX_BYTES, read_begin};

/// Bytes that are looked at in one go.
const STEP: usize = 512;

/// Reads the header, and nothing after it. Returns the client's address if the header names one.
///
/// The caller limits the time.
pub(super) async fn read_header(tcp: &mut TcpStream) -> Result<Option<SocketAddr>, HandshakeError> {
    let mut seen = Vec::new();
    loop {
        let read = seen.len();
        seen.resize(read.saturating_add(STEP), 0);
        let (_, rest) = seen.split_at_mut(read);
        let peeked = tcp.peek(rest).await.map_err(HandshakeError::Io)?;
        if peeked == 0 {
            let end = io::ErrorKind::UnexpectedEof.into();
            return Err(HandshakeError::Io(end));
        }
        seen.truncate(read.saturating_add(peeked));
        let begin = read_begin(&seen).map_err(|fault| error(fault).into_handshake_error())?;
        let belongs = match begin {
            Begin::Part => seen.len(),
            Begin::Whole { length, .. } => length,
        };
        // What was looked at is there, so this does not wait.
        let mut header = vec![0; belongs.saturating_sub(read)];
        let taken = tcp.read_exact(&mut header).await;
        taken.map_err(HandshakeError::Io)?;
        if let Begin::Whole { client, .. } = begin {
            return Ok(client);
        }
    }
}

fn error(fault: HeaderFault) -> ListenerError {
    match fault {
        HeaderFault::Malformed => ListenerError::MalformedProxyHeader,
        HeaderFault::Missing => ListenerError::MissingProxyHeader,
        HeaderFault::TooLong => ListenerError::ProxyHeaderTooLong { limit: MAX_BYTES },
    }
}
