use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::poll_io::PollIo;
use super::stream::AsyncMtlsStream;
use crate::backend::{ClientBackend, Handshake, HandshakeError, HandshakeResult, ServerBackend};
use crate::client::{MtlsClient, acceptance, parse};
use crate::connection::ClientAuth;
use crate::handshake_loop::{LINGER, LINGER_BYTES};
use crate::handshake_report::HandshakeReport;
use crate::peer::PeerIdentity;
use crate::rotation::Revision;
use crate::server::MtlsServer;
use crate::stream::{ConnectionState, PeerAcceptance};

impl<B: ClientBackend> MtlsClient<B> {
    /// Connects as [`connect`](Self::connect) does, on tokio.
    ///
    /// Dropping the future ends the handshake. In TLS 1.3 the server's verdict about us comes
    /// later; see [`AsyncMtlsStream`]. The transport does not tell the server's address: give it by
    /// [`with_context`](Self::with_context), for events and handles.
    ///
    /// ```no_run
    /// # use mtls::{MtlsClient, Rustls};
    /// # async fn f(client: MtlsClient<Rustls>) -> Result<(), Box<dyn std::error::Error>> {
    /// let tcp = tokio::net::TcpStream::connect("db.internal:5433").await?;
    /// let stream = client.connect_async("db.internal", tcp).await?;
    /// println!("connected to {}", stream.peer());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError`]; the transport cannot be used any more.
    ///
    /// # Panics
    /// On a runtime without a timer: build the runtime with `enable_time` or `enable_all`.
    pub async fn connect_async<IO: AsyncRead + AsyncWrite + Send + Unpin>(
        &self,
        server_name: &str,
        io: IO,
    ) -> Result<AsyncMtlsStream<IO, PeerIdentity, B>, HandshakeError> {
        let revision = self.revision();
        let report = self.report(&revision, || None);
        let result = self
            .handshake_async(&revision, &report, server_name, io)
            .await;
        report.finish(result, |stream| stream.connection().info())
    }

    async fn handshake_async<IO: AsyncRead + AsyncWrite + Send + Unpin>(
        &self,
        revision: &Revision<B::ClientConfig>,
        report: &HandshakeReport,
        server_name: &str,
        io: IO,
    ) -> Result<AsyncMtlsStream<IO, PeerIdentity, B>, HandshakeError> {
        report.asks_for(server_name);
        let name = parse(server_name)?;
        let mut handshake = B::start_client(&revision.config, &name, PollIo::new(io))?;
        let mut established = timeout(self.handshake_timeout(), drive(&mut handshake))
            .await
            .map_err(|_| HandshakeError::Timeout)??;
        let peer = self.confirm(revision, &mut established)?;
        let acceptance = acceptance(&mut established);
        let session = self.share(established.session);
        let info = report.info(Some(&peer), &session);
        let tracking = self.attach(revision, info, name, || Ok(None))?;
        let state = ConnectionState::new(peer, session, revision, acceptance, tracking);
        Ok(AsyncMtlsStream::new(established.stream, state))
    }
}

impl<B: ServerBackend, A: ClientAuth> MtlsServer<B, A> {
    /// Accepts as [`accept`](Self::accept) does, on tokio.
    ///
    /// The transport does not tell the client's address: give it by
    /// [`with_context`](Self::with_context), for events and handles; a
    /// [listener](Self::listener) knows it.
    ///
    /// Dropping the future ends the handshake. A rejected client gets up to a second to read the
    /// alert, so accept each connection in a task of its own:
    ///
    /// ```no_run
    /// use mtls::{MtlsServer, Report};
    /// use mtls::backend::ServerBackend;
    /// use tokio::net::TcpListener;
    ///
    /// async fn serve<B: ServerBackend>(server: MtlsServer<B>, listener: TcpListener) -> std::io::Result<()> {
    ///     loop {
    ///         let (tcp, _) = listener.accept().await?;
    ///         let server = server.clone();
    ///         tokio::spawn(async move {
    ///             match server.accept_async(tcp).await {
    ///                 Ok(stream) => println!("{} called", stream.peer()),
    ///                 Err(error) => eprintln!("{}", Report::new(&error)),
    ///             }
    ///         });
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError`]; the transport cannot be used any more.
    ///
    /// # Panics
    /// On a runtime without a timer: build the runtime with `enable_time` or `enable_all`.
    pub async fn accept_async<IO: AsyncRead + AsyncWrite + Send + Unpin>(
        &self,
        io: IO,
    ) -> Result<AsyncMtlsStream<IO, A::Peer, B>, HandshakeError> {
        let report = self.report(&self.revision(), || None);
        self.accept_within(PollIo::new(io), self.handshake_timeout(), report)
            .await
    }

    /// Accepts, in a handshake of at most this time.
    pub(super) async fn accept_within<IO: AsyncRead + AsyncWrite + Send + Unpin>(
        &self,
        io: PollIo<IO>,
        at_most: Duration,
        mut report: HandshakeReport,
    ) -> Result<AsyncMtlsStream<IO, A::Peer, B>, HandshakeError> {
        let revision = self.revision();
        report.runs_under(&revision);
        let result = self.handshake_async(&revision, &report, io, at_most).await;
        report.finish(result, |stream| stream.connection().info())
    }

    async fn handshake_async<IO: AsyncRead + AsyncWrite + Send + Unpin>(
        &self,
        revision: &Revision<B::ServerConfig>,
        report: &HandshakeReport,
        io: PollIo<IO>,
        at_most: Duration,
    ) -> Result<AsyncMtlsStream<IO, A::Peer, B>, HandshakeError> {
        let mut handshake = B::start_server(&revision.config, io)?;
        let result = timeout(at_most, drive(&mut handshake)).await;
        let mut established = match result.map_err(|_| HandshakeError::Timeout)? {
            Ok(established) => established,
            Err(error) => {
                if let (HandshakeError::Rejected(_) | HandshakeError::NoCommonProtocol, Some(io)) =
                    (&error, handshake.io_mut())
                {
                    // Out of time: the peer is rejected already, and the caller gets the reason.
                    let _ = timeout(LINGER, linger(io.io_mut())).await;
                }
                return Err(error);
            }
        };
        let peer = self.confirm(revision, &mut established)?;
        let session = self.share(established.session);
        let info = report.info(A::identity(&peer), &session);
        let tracking = self.attach(revision, info, || Ok(None))?;
        let acceptance = PeerAcceptance::Seen;
        let state = ConnectionState::new(peer, session, revision, acceptance, tracking);
        Ok(AsyncMtlsStream::new(established.stream, state))
    }
}

async fn drive<IO, H: Handshake<PollIo<IO>>>(
    handshake: &mut H,
) -> Result<HandshakeResult<H::Stream>, HandshakeError> {
    poll_fn(|context| {
        if let Some(io) = handshake.io_mut() {
            io.wake(context);
        }
        match handshake.advance() {
            Err(error) if error.would_block() => Poll::Pending,
            result => Poll::Ready(result),
        }
    })
    .await
    .map_err(|error| match handshake.io_mut() {
        Some(io) => io.first().explain(error),
        None => error,
    })
}

/// Lets a rejected peer read the alert, as the blocking `linger` does.
async fn linger<IO: AsyncRead + AsyncWrite + Send + Unpin>(io: &mut IO) {
    if io.shutdown().await.is_err() {
        return;
    }
    let mut left = LINGER_BYTES;
    // On the heap: the handshake's future holds what lives here.
    let mut buffer = vec![0; 4096];
    while left > 0 {
        match io.read(&mut buffer).await {
            Ok(read) if read > 0 => left = left.saturating_sub(read),
            _ => return,
        }
    }
}
