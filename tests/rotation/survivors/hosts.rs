//! Servers, in every way in which ours can be asked to do a handshake.

use std::fmt;
use std::io::{ErrorKind, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mtls::backend::ServerBackend;
use mtls::connection::ClientAuth;
use mtls::{MtlsServer, PeerIdentity};
use rustls::{Connection, ServerConfig, ServerConnection};
use tokio::io::AsyncWriteExt;
use tokio::runtime;
use tokio::time::timeout;

use super::callers::{bounded, converse, talk, talk_async, was_resumed};
use crate::common::raw::LIMIT;

/// What a server saw.
#[derive(Default)]
pub(super) struct Answer {
    /// Of the client that it accepted; `None` of an anonymous one, too.
    pub(super) leaf: Option<Vec<u8>>,
    pub(super) resumed: bool,
    pub(super) error: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("leaf", &self.leaf.as_ref().map(Vec::len))
            .field("resumed", &self.resumed)
            .field("error", &self.error)
            .finish()
    }
}

impl Answer {
    pub(super) fn failed(error: &dyn ToString) -> Self {
        Self {
            error: Some(error.to_string()),
            ..Self::default()
        }
    }
}

pub(super) type Host = Box<dyn Fn(TcpStream) -> Answer + Send + Sync>;

/// The leaf of a peer that may be anonymous.
pub(super) trait Shown {
    fn leaf(&self) -> Option<Vec<u8>>;
}

impl Shown for PeerIdentity {
    fn leaf(&self) -> Option<Vec<u8>> {
        Some(self.chain()[0].to_vec())
    }
}

impl Shown for Option<PeerIdentity> {
    fn leaf(&self) -> Option<Vec<u8>> {
        self.as_ref()?.leaf()
    }
}

/// `accept`.
pub(super) fn accepts<B, A>(server: &MtlsServer<B, A>) -> Host
where
    B: ServerBackend,
    A: ClientAuth<Peer: Shown> + 'static,
{
    let server = server.clone();
    Box::new(move |socket| {
        let mut stream = match server.accept(socket) {
            Ok(stream) => stream,
            Err(error) => return Answer::failed(&error),
        };
        let result = talk(&mut stream).and_then(|()| stream.close());
        Answer {
            leaf: stream.peer().leaf(),
            resumed: stream.session().is_resumed(),
            error: result.err().map(|error| error.to_string()),
        }
    })
}

/// `accept_async`.
pub(super) fn accepts_async<B, A>(server: &MtlsServer<B, A>) -> Host
where
    B: ServerBackend,
    A: ClientAuth<Peer: Shown> + 'static,
{
    let server = server.clone();
    Box::new(move |socket| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let work = async {
            socket.set_nonblocking(true).unwrap();
            let socket = tokio::net::TcpStream::from_std(socket).unwrap();
            let mut stream = match server.accept_async(socket).await {
                Ok(stream) => stream,
                Err(error) => return Answer::failed(&error),
            };
            let result = talk_async(&mut stream).await;
            stream.shutdown().await.ok();
            Answer {
                leaf: stream.peer().leaf(),
                resumed: stream.session().is_resumed(),
                error: result.err().map(|error| error.to_string()),
            }
        };
        let in_time = async { timeout(2 * LIMIT, work).await.expect("it never ended") };
        runtime.unwrap().block_on(in_time)
    })
}

/// A backend whose native configuration another program may drive.
pub(super) trait Driven: ServerBackend + Default {
    /// Drives the one that `config()` gives at this moment.
    fn snapshot<A: ClientAuth>(server: &MtlsServer<Self, A>) -> Host;

    /// Drives the one of `live_config()`, where there is one.
    fn live<A: ClientAuth>(_: &MtlsServer<Self, A>) -> Option<Host> {
        None
    }
}

impl Driven for mtls::Rustls {
    fn snapshot<A: ClientAuth>(server: &MtlsServer<Self, A>) -> Host {
        drives(server.config())
    }

    fn live<A: ClientAuth>(server: &MtlsServer<Self, A>) -> Option<Host> {
        Some(drives(server.live_config()))
    }
}

/// A configuration of rustls, driven by rustls alone.
pub(super) fn drives(config: Arc<ServerConfig>) -> Host {
    Box::new(move |mut socket| {
        let mut connection: Connection = ServerConnection::new(Arc::clone(&config)).unwrap().into();
        match converse(&mut connection, &mut socket) {
            Ok(()) => {
                let leaf = connection
                    .peer_certificates()
                    .map(|chain| chain[0].to_vec());
                Answer {
                    leaf,
                    resumed: was_resumed(&connection),
                    error: None,
                }
            }
            Err(error) => {
                hang_up(&mut socket);
                Answer::failed(&error)
            }
        }
    })
}

#[cfg(feature = "openssl")]
impl Driven for mtls::OpenSsl {
    fn snapshot<A: ClientAuth>(server: &MtlsServer<Self, A>) -> Host {
        use openssl::ssl::Ssl;
        let config = server.config();
        Box::new(move |socket| {
            let ssl = Ssl::new(config.context()).unwrap();
            let mut far = socket.try_clone().unwrap();
            let mut stream = match ssl.accept(socket) {
                Ok(stream) => stream,
                Err(error) => {
                    hang_up(&mut far);
                    return Answer::failed(&error);
                }
            };
            match config.verified_peer(stream.ssl()) {
                Ok(peer) => {
                    let result = talk(&mut stream);
                    stream.shutdown().ok();
                    Answer {
                        leaf: peer.leaf(),
                        resumed: stream.ssl().session_reused(),
                        error: result.err().map(|error| error.to_string()),
                    }
                }
                Err(error) => Answer::failed(&error),
            }
        })
    }
}

/// As a facade does: to close with bytes unread would take the alert along.
pub(super) fn hang_up(socket: &mut TcpStream) {
    socket.shutdown(Shutdown::Write).ok();
    socket.read_to_end(&mut Vec::new()).ok();
}

/// The one connection that is to come.
pub(super) fn accept_within(listener: &TcpListener) -> TcpStream {
    let deadline = Instant::now() + LIMIT;
    listener.set_nonblocking(true).unwrap();
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false).unwrap();
                bounded(&socket);
                return socket;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        assert!(Instant::now() < deadline, "no connection arrived");
        thread::sleep(Duration::from_millis(1));
    }
}
