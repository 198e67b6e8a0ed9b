//! A listener: it accepts connections and runs their handshakes, within limits.

mod accept_errors;
pub(crate) mod error;
mod handshake;
mod handshakes;
pub(crate) mod occupancy;
pub(crate) mod progress;
mod proxy_protocol;

use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use futures_core::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::stream::AsyncMtlsStream;
use crate::backend::{DefaultBackend, Event, ServerBackend};
use crate::connection::{
    ClientAuth, ConnectionContext, ListenerLimits, ListenerSettings, ProxySenders, Required,
};
use crate::handshake_report::Cancellation;
use crate::server::MtlsServer;
use accept_errors::{BackOff, is_exhaustion, is_of_one_connection};
use error::ProxySenderError;
use handshake::{Finished, Incoming};
use handshakes::Handshakes;
use occupancy::{Occupancy, Permit};
use progress::Progress;

/// The most connections that are accepted before other tasks run.
const BURST: usize = 16;

/// A listener whose connections have finished their handshake.
///
/// [`MtlsServer::listener`] makes one. Handshakes run side by side, each in a task of tokio, so a
/// slow client delays no other. A handshake that fails is reported to the
/// [observer](crate::ServerBuilder::observer) and not returned.
///
/// No client ends the listener, and no error of the system does. Where file descriptors or memory
/// run out, a quarter of the handshakes gives way, the oldest first; their limit stays as low for
/// 10 seconds. Other errors are followed by a pause, from 10 milliseconds to a second.
///
/// Clients wait in the system's queue until they are accepted. Make it longer than the number of
/// clients that may get stuck, by `TcpSocket::listen`: `TcpListener::bind` of tokio 1.54 gives it
/// 128 places, and a client that finds none tries again after a second.
///
/// Connections are accepted while [`accept`](Self::accept) or the [`Stream`] is polled. Handshakes
/// also go on in between. They end when the listener is dropped; the streams that it returned stay.
///
/// ```no_run
/// use mtls::MtlsServer;
/// use mtls::backend::ServerBackend;
/// use mtls::connection::ListenerLimits;
/// use tokio::io::AsyncWriteExt;
/// use tokio::net::TcpListener;
///
/// async fn serve<B: ServerBackend>(server: MtlsServer<B>) -> std::io::Result<()> {
///     let tcp = TcpListener::bind("0.0.0.0:5433").await?;
///     let mut listener = server
///         .listener(tcp)
///         .limits(ListenerLimits::new().max_connections(1000));
///     loop {
///         let (mut stream, from) = listener.accept().await;
///         tokio::spawn(async move {
///             println!("{} called from {from}", stream.peer());
///             stream.write_all(b"hello").await?;
///             stream.shutdown().await
///         });
///     }
/// }
/// ```
pub struct MtlsListener<B: ServerBackend = DefaultBackend, A: ClientAuth = Required> {
    tcp: TcpListener,
    server: MtlsServer<B, A>,
    limits: ListenerLimits,
    proxies: ProxySenders,
    occupancy: Arc<Occupancy>,
    handshakes: Handshakes<Finished<B, A>>,
    finished: VecDeque<Finished<B, A>>,
    back_off: BackOff,
}

type Accepted<B, A> = (
    AsyncMtlsStream<TcpStream, <A as ClientAuth>::Peer, B>,
    SocketAddr,
);

impl<B: ServerBackend, A: ClientAuth> MtlsServer<B, A> {
    /// Creates a listener that performs the handshakes of its connections, on tokio.
    ///
    /// See [`MtlsListener`].
    pub fn listener(&self, tcp: TcpListener) -> MtlsListener<B, A> {
        let ListenerSettings { limits, proxies } = (*self.listener).clone();
        MtlsListener {
            tcp,
            // Each connection has a number and an address of its own.
            server: self.with_context(ConnectionContext::new()),
            handshakes: Handshakes::new(limits.handshakes),
            limits,
            proxies,
            occupancy: Arc::default(),
            finished: VecDeque::new(),
            back_off: BackOff::new(),
        }
    }
}

impl<B: ServerBackend, A: ClientAuth> MtlsListener<B, A> {
    /// Sets the limits: by default [`ListenerLimits::new`], or those of the server's configuration.
    pub fn limits(mut self, limits: ListenerLimits) -> Self {
        self.handshakes.set_bound(limits.handshakes);
        self.limits = limits;
        self
    }

    /// Requires a header of the [PROXY protocol][spec] from connections of these senders.
    ///
    /// A sender is an IP address or a network, such as `10.0.0.0/8`. The header, version 1 or 2,
    /// names the client, and that address is then the connection's. Where it names none (`LOCAL`,
    /// `UNKNOWN`, a Unix socket), the address stays the sender's. A header has at most 4,096 bytes,
    /// and arrives within the handshake's timeout. Without one the handshake fails.
    ///
    /// From other senders a header is not expected: to them the first byte belongs to TLS.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let listener = server.listener(tcp).proxy_protocol(["10.1.0.7", "fd00:7::/64"])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ProxySenderError`] if a text is no IP address and no network, or the network `/0`.
    ///
    /// [spec]: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
    pub fn proxy_protocol<'a>(
        mut self,
        from: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ProxySenderError> {
        let proxies = ProxySenders::parse(from);
        self.proxies = proxies.map_err(|(sender, problem)| ProxySenderError {
            sender: sender.to_owned(),
            problem,
        })?;
        Ok(self)
    }

    /// Returns the address that it listens on.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Waits for the next connection whose handshake succeeds. Returns it with the client's
    /// address.
    ///
    /// If the future is dropped, no connection is lost.
    ///
    /// # Panics
    /// On a runtime without a timer: build the runtime with `enable_time` or `enable_all`.
    pub async fn accept(&mut self) -> Accepted<B, A> {
        poll_fn(|context| self.poll_accept(context)).await
    }

    /// Stops listening, and waits until all connections have ended, for at most this time.
    ///
    /// The port closes at once. Handshakes under way go on, and `serve` receives each connection
    /// that comes of them; the limit of connections does not count any more. Returns how many
    /// connections are still open. Handshakes that have not finished by then end.
    ///
    /// ```no_run
    /// # use core::time::Duration;
    /// # use mtls::{AsyncMtlsStream, MtlsListener};
    /// # use tokio::net::TcpStream;
    /// # async fn serve(_: AsyncMtlsStream<TcpStream>) {}
    /// # async fn f(mut listener: MtlsListener, stop: impl Future<Output = ()>) {
    /// let mut stop = std::pin::pin!(stop);
    /// loop {
    ///     tokio::select! {
    ///         (stream, _) = listener.accept() => { tokio::spawn(serve(stream)); }
    ///         () = &mut stop => break,
    ///     }
    /// }
    /// let open = listener
    ///     .shutdown(Duration::from_secs(30), |stream, _| _ = tokio::spawn(serve(stream)))
    ///     .await;
    /// println!("{open} connections were cut");
    /// # }
    /// ```
    pub async fn shutdown(
        self,
        at_most: Duration,
        mut serve: impl FnMut(AsyncMtlsStream<TcpStream, A::Peer, B>, SocketAddr),
    ) -> usize {
        let Self {
            tcp,
            mut handshakes,
            finished,
            occupancy,
            ..
        } = self;
        drop(tcp);
        let mut serve = |finished: Finished<B, A>| {
            let (stream, remote_addr) = finished.open();
            serve(stream, remote_addr);
        };
        let ended = async {
            finished.into_iter().for_each(&mut serve);
            while handshakes.len() > 0 {
                let ended = poll_fn(|context| handshakes.poll_ended(context)).await;
                ended.into_iter().for_each(&mut serve);
            }
            poll_fn(|context| match occupancy.watch(context) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            })
            .await;
        };
        // Out of time: the caller gets the number of those that are left.
        let _ = timeout(at_most, ended).await;
        occupancy.open()
    }

    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<Accepted<B, A>> {
        for _ in 0..BURST {
            while let Poll::Ready(ended) = self.handshakes.poll_ended(context) {
                self.finished.extend(ended);
                if !self.handshakes.frees() {
                    self.back_off.cut_short();
                }
            }
            let most = self.limits.connections;
            if self.occupancy.open() >= most && self.occupancy.watch(context) >= most {
                return Poll::Pending;
            }
            if let Some(finished) = self.finished.pop_front() {
                return Poll::Ready(finished.open());
            }
            ready!(self.poll_accept_tcp(context));
        }
        // Other tasks need a turn.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Accepts a connection, and begins its handshake.
    fn poll_accept_tcp(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.back_off.poll(context));
        ready!(self.handshakes.poll_room(context));
        match ready!(self.tcp.poll_accept(context)) {
            Ok((tcp, remote_addr)) => {
                self.back_off.succeeded();
                self.begin(tcp, remote_addr);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => self.survive(&error),
        }
        Poll::Ready(())
    }

    fn begin(&mut self, tcp: TcpStream, remote_addr: SocketAddr) {
        let progress = Arc::new(Progress::new());
        let mut report = self
            .server
            .report(&self.server.revision(), || Some(remote_addr));
        report.if_cancelled(Arc::clone(&progress) as Arc<dyn Cancellation>);
        let mut permit = Permit::new(&self.occupancy);
        let is_proxied = self.proxies.contain(remote_addr.ip());
        if !is_proxied
            && let Err(error) = permit.set_client(remote_addr.ip(), self.limits.per_client)
        {
            report.fail(&error.into_handshake_error());
            return;
        }
        if self.handshakes.is_full() {
            self.handshakes.give_way();
        }
        let incoming = Incoming {
            server: self.server.clone(),
            tcp,
            remote_addr,
            is_proxied,
            max_per_client: self.limits.per_client,
            permit,
            progress: Arc::clone(&progress),
            report,
        };
        self.handshakes.begin(progress, incoming.handshake());
    }

    /// Frees what the system lacks, and pauses.
    fn survive(&mut self, error: &io::Error) {
        let verifier = &self.server.revision().verifier;
        verifier.notify(&Event::AcceptFailed(error));
        if is_exhaustion(error) {
            self.handshakes.give_way_to_the_system();
        }
        self.back_off.begin();
    }
}

/// Never ends, and has no errors: it is [`accept`](MtlsListener::accept) for servers that take a
/// stream of connections, such as tonic's.
impl<B: ServerBackend, A: ClientAuth> Stream for MtlsListener<B, A> {
    type Item = io::Result<AsyncMtlsStream<TcpStream, A::Peer, B>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (stream, _) = ready!(self.get_mut().poll_accept(context));
        Poll::Ready(Some(Ok(stream)))
    }
}

impl<B: ServerBackend, A: ClientAuth> fmt::Debug for MtlsListener<B, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsListener")
            .field("tcp", &self.tcp)
            .field("limits", &self.limits)
            .field("proxies", &self.proxies)
            .field("handshakes", &self.handshakes.len())
            .field("open", &self.occupancy.open())
            .finish_non_exhaustive()
    }
}
