use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

use crate::backend::{
    CertificateRequest, EndCause, EndReason, Event, SessionInfo, SessionVerifier, TlsStream,
};
use crate::connection::StreamTracking;
use crate::rotation::Revision;

/// What the stream keeps about its connection after the handshake.
pub(crate) struct ConnectionState<P> {
    pub(crate) peer: P,
    pub(crate) session: Arc<SessionInfo>,
    pub(crate) tracking: StreamTracking,
    verifier: Arc<SessionVerifier>,
    acceptance: PeerAcceptance,
    /// How the connection ends, once that is known.
    cause: Option<EndCause>,
    /// Whether the peer has closed the connection by a fatal alert. Nothing may be sent after it
    /// (RFC 8446, section 6.2), and OpenSSL reports an attempt as an error that would hide the
    /// first one.
    pub(crate) is_over: bool,
    pub(crate) closing: Closing,
    /// What arrived while this side waited for the peer's end, for later reads.
    #[expect(
        clippy::box_collection,
        reason = "few have any, and an empty one would take 32 bytes of each stream"
    )]
    unread: Option<Box<VecDeque<u8>>>,
}

/// How long a closing side waits for the peer's end.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How many bytes of application data a closing side keeps in that time.
const CLOSE_BYTES: usize = 64 * 1024;

/// How far this side has closed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closing {
    Open,
    /// Our `close_notify` is on its way, so that nothing may be written after it.
    Begun,
    /// Our `close_notify` is sent, or the peer's fatal alert has come; the peer may still send.
    Notified,
    /// The peer's end has come, or was awaited long enough.
    Over,
}

/// Whether the peer is known to have accepted us.
#[derive(Debug)]
pub(crate) enum PeerAcceptance {
    /// A TLS 1.3 server may still reject us; this is its certificate request.
    Awaited(CertificateRequest),
    Seen,
}

impl<P> ConnectionState<P> {
    pub(crate) fn new<C>(
        peer: P,
        session: Arc<SessionInfo>,
        revision: &Revision<C>,
        acceptance: PeerAcceptance,
        tracking: StreamTracking,
    ) -> Self {
        Self {
            peer,
            session,
            tracking,
            verifier: Arc::clone(&revision.verifier),
            acceptance,
            cause: None,
            is_over: false,
            closing: Closing::Open,
            unread: None,
        }
    }

    /// Records how the connection ends; the first cause counts.
    pub(crate) fn ends_by(&mut self, cause: EndCause) {
        self.cause.get_or_insert(cause);
    }

    /// Returns an error if the peer was rejected and the connection is to be closed for it.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.tracking.check()
    }

    /// Converts an error that a read or write got from a fatal alert into one that gives the
    /// reason.
    #[cold]
    pub(crate) fn explain<IO, S: TlsStream<IO>>(&mut self, error: io::Error) -> io::Error {
        let alert = S::received_alert(&error);
        self.is_over |= alert.is_some();
        let cause = match alert {
            Some(_) => Some(EndCause::RejectedByPeer),
            None => cause_of(&error),
        };
        self.cause = self.cause.or(cause);
        match (&self.acceptance, alert) {
            (PeerAcceptance::Awaited(request), Some(alert)) => {
                // Twice, because the error has no copies.
                let rejected = || self.verifier.rejected_by_peer(alert, request);
                let handle = self.tracking.handle();
                handle.set_rejected_by_peer(Arc::new(rejected()));
                io::Error::new(io::ErrorKind::ConnectionRefused, rejected())
            }
            // Each library has words of its own for it.
            (_, None) if error.kind() == io::ErrorKind::UnexpectedEof => io::Error::new(
                error.kind(),
                "the peer closed the connection without TLS close_notify",
            ),
            _ => error,
        }
    }

    /// Returns an error if this side has closed the connection for writing.
    pub(crate) fn check_open(&self) -> io::Result<()> {
        match self.closing {
            Closing::Open => Ok(()),
            Closing::Begun | Closing::Notified | Closing::Over => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "this side has closed the connection",
            )),
        }
    }

    /// Whether an error of shutting the transport down is one.
    pub(crate) fn shut_down(result: io::Result<()>) -> io::Result<()> {
        match result {
            // The peer has closed the connection already: nothing is left to shut down.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    /// Keeps what came while this side waits for the peer's end; `None` to wait on.
    pub(crate) fn keep(&mut self, read: io::Result<&[u8]>) -> Option<io::Result<()>> {
        match read {
            Ok([]) => Some(Ok(())),
            Ok(bytes) => {
                self.has_read(bytes.len(), bytes.len());
                let unread = self.unread.get_or_insert_default();
                unread.extend(bytes);
                (unread.len() >= CLOSE_BYTES).then_some(Ok(()))
            }
            // The peer has ended all the same.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Ok(())),
            Err(error) => Some(Err(error)),
        }
    }

    pub(crate) fn has_kept(&self) -> bool {
        self.unread
            .as_ref()
            .is_some_and(|unread| !unread.is_empty())
    }

    /// Reads what was kept.
    pub(crate) fn read_kept(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.unread {
            Some(unread) => unread.read(buf),
            None => Ok(0),
        }
    }

    /// Records what a read into `capacity` bytes returned.
    ///
    /// Application data means that the peer has accepted us, and none that it has ended.
    #[inline]
    pub(crate) fn has_read(&mut self, bytes: usize, capacity: usize) {
        if bytes > 0 {
            if let PeerAcceptance::Awaited(_) = self.acceptance {
                self.acceptance = PeerAcceptance::Seen;
            }
        } else if capacity > 0 {
            self.ends_by(EndCause::ClosedByPeer);
        }
    }

    fn report_end(&self) {
        if !self.verifier.has_receiver() {
            return;
        }
        let cause = match self.tracking.handle().closed_for() {
            Some(EndReason::Rejected(_)) => EndCause::Rejected,
            Some(EndReason::Retired { .. }) => EndCause::Retired,
            None => self.cause.unwrap_or(EndCause::Dropped),
        };
        let connection = self.tracking.handle().info();
        self.verifier.notify(&Event::ConnectionEnded {
            connection,
            cause,
            duration: connection.opened_at.elapsed(),
        });
    }
}

impl<P> Drop for ConnectionState<P> {
    fn drop(&mut self) {
        self.report_end();
    }
}

/// Returns how an error ends the connection; `None` if the stream can be used on.
fn cause_of(error: &io::Error) -> Option<EndCause> {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::Interrupted | Kind::TimedOut | Kind::WouldBlock => None,
        Kind::BrokenPipe
        | Kind::ConnectionAborted
        | Kind::ConnectionReset
        | Kind::NotConnected
        | Kind::UnexpectedEof => Some(EndCause::Cut),
        _ => Some(EndCause::Failed),
    }
}

impl<P: fmt::Debug> fmt::Debug for ConnectionState<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionState")
            .field("peer", &self.peer)
            .field("tracking", &self.tracking)
            .field("acceptance", &self.acceptance)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
