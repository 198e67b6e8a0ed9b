use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::time::Duration;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use super::occupancy::Permit;
use super::progress::Progress;
use super::proxy_protocol::read_header;
use crate::backend::{HandshakeError, ServerBackend};
use crate::connection::ClientAuth;
use crate::handshake_report::HandshakeReport;
use crate::integration::tokio::poll_io::PollIo;
use crate::integration::tokio::stream::AsyncMtlsStream;
use crate::server::MtlsServer;

/// A connection that was accepted, before its handshake.
pub(super) struct Incoming<B: ServerBackend, A> {
    pub(super) server: MtlsServer<B, A>,
    pub(super) tcp: TcpStream,
    pub(super) remote_addr: SocketAddr,
    /// Whether it comes from a proxy, which names the client's address first.
    pub(super) is_proxied: bool,
    pub(super) max_per_client: usize,
    pub(super) permit: Permit,
    pub(super) progress: Arc<Progress>,
    pub(super) report: HandshakeReport,
}

/// A connection after its handshake.
pub(super) struct Finished<B: ServerBackend, A: ClientAuth> {
    stream: AsyncMtlsStream<TcpStream, A::Peer, B>,
    remote_addr: SocketAddr,
    permit: Permit,
}

impl<B: ServerBackend, A: ClientAuth> Incoming<B, A> {
    /// Performs the handshake, and reports if it fails.
    pub(super) async fn handshake(self) -> Option<Finished<B, A>> {
        let progress = Arc::clone(&self.progress);
        // The runtime looks at its sockets first, and knows what the client has sent.
        yield_now().await;
        let mut handshake = pin!(self.perform());
        poll_fn(|context| progress.poll(context, |context| handshake.as_mut().poll(context))).await
    }

    async fn perform(mut self) -> Option<Finished<B, A>> {
        reset_if_closed(&self.tcp);
        let begun = Instant::now();
        let at_most = self.server.handshake_timeout();
        let arrived = timeout(at_most, self.arrive()).await;
        let arrived = arrived.unwrap_or(Err(HandshakeError::Timeout));
        match arrived {
            Ok(()) => self.accept(at_most.saturating_sub(begun.elapsed())).await,
            Err(error) => {
                self.report.fail(&error);
                None
            }
        }
    }

    /// Waits for the first bytes of TLS, after the PROXY header where there is one.
    ///
    /// A client that sends nothing costs no state of a TLS library.
    async fn arrive(&mut self) -> Result<(), HandshakeError> {
        if self.is_proxied {
            if let Some(client) = read_header(&mut self.tcp).await? {
                self.remote_addr = client;
                self.report.set_remote_addr(client);
            }
            let ip = self.remote_addr.ip();
            let counted = self.permit.set_client(ip, self.max_per_client);
            counted.map_err(super::error::ListenerError::into_handshake_error)?;
        }
        self.tcp.readable().await.map_err(HandshakeError::Io)
    }

    async fn accept(self, at_most: Duration) -> Option<Finished<B, A>> {
        let io = PollIo::tracked(self.tcp, self.progress, close_in_order);
        let accepting = self.server.accept_within(io, at_most, self.report);
        // The report has its error.
        let stream = accepting.await.ok()?;
        Some(Finished {
            stream,
            remote_addr: self.remote_addr,
            permit: self.permit,
        })
    }
}

impl<B: ServerBackend, A: ClientAuth> Finished<B, A> {
    /// Counts the connection as open until its stream is dropped.
    pub(super) fn open(mut self) -> (AsyncMtlsStream<TcpStream, A::Peer, B>, SocketAddr) {
        self.permit.set_open();
        (self.stream.with_permit(self.permit), self.remote_addr)
    }
}

/// Makes the system reset the connection if we close it, so that it remembers nothing of it.
///
/// Otherwise clients that get stuck and come again would leave it thousands of closed connections
/// (`TIME_WAIT`, RFC 9293, section 3.6), which delay new ones.
#[allow(deprecated, reason = "only a time above zero blocks")]
fn reset_if_closed(tcp: &TcpStream) {
    // It is an optimization.
    let _ = tcp.set_linger(Some(Duration::ZERO));
}

/// Makes the system send everything before it closes the connection, alerts above all.
#[allow(deprecated, reason = "there is no other call for the default")]
fn close_in_order(tcp: &TcpStream) {
    // If this fails, the connection is reset at the end.
    let _ = tcp.set_linger(None);
}
