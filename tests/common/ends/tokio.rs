use std::fmt;
use std::io;
use std::marker::PhantomData;

use mtls::backend::Backend;
use mtls::backend::{BackendKind, ClientBackend, ServerBackend};
use mtls::{AsyncMtlsStream, BuildError, HandshakeError, PeerIdentity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::timeout;

use super::facade::{Notes, Run, client_builder, server_builder};
use super::{End, Ended, LIMIT, MESSAGE, Ready, Seen, Setup};

pub fn client<B: ClientBackend + Default>(_: B) -> Box<dyn End> {
    Box::new(Client::<B>(PhantomData))
}

pub fn server<B: ServerBackend + Default>(_: B) -> Box<dyn End> {
    Box::new(Server::<B>(PhantomData))
}

struct Client<B>(PhantomData<B>);
struct Server<B>(PhantomData<B>);

impl<B: ClientBackend + Default> End for Client<B> {
    fn kind(&self) -> Option<BackendKind> {
        Some(B::KIND)
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let notes = Notes::default();
        let client = client_builder(setup, &notes).build(B::default())?;
        let name = setup.server_name;
        Ok(Run::boxed(move |socket| {
            notes.with(block_on(async {
                let result = client.connect_async(name, wrap(socket)).await;
                converse(result, |peer| Some(peer.clone())).await
            }))
        }))
    }
}

impl<B: ServerBackend + Default> End for Server<B> {
    fn kind(&self) -> Option<BackendKind> {
        Some(B::KIND)
    }

    fn ready(&self, setup: &Setup) -> Result<Box<dyn Ready>, BuildError> {
        let notes = Notes::default();
        let builder = server_builder(setup, &notes);
        if setup.optional {
            let server = builder.optional_client_auth().build(B::default())?;
            return Ok(Run::boxed(move |socket| {
                notes.with(block_on(async {
                    let result = server.accept_async(wrap(socket)).await;
                    converse(result, Clone::clone).await
                }))
            }));
        }
        let server = builder.build(B::default())?;
        Ok(Run::boxed(move |socket| {
            notes.with(block_on(async {
                let result = server.accept_async(wrap(socket)).await;
                converse(result, |peer| Some(peer.clone())).await
            }))
        }))
    }
}

impl<B: Backend> fmt::Debug for Client<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "async {} client", B::KIND)
    }
}

impl<B: Backend> fmt::Debug for Server<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "async {} server", B::KIND)
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let in_time = async { timeout(2 * LIMIT, work).await.expect("it never ended") };
    runtime.unwrap().block_on(in_time)
}

fn wrap(socket: std::net::TcpStream) -> TcpStream {
    socket.set_nonblocking(true).unwrap();
    TcpStream::from_std(socket).unwrap()
}

async fn converse<B: Backend, P>(
    handshake: Result<AsyncMtlsStream<TcpStream, P, B>, HandshakeError>,
    peer: fn(&P) -> Option<PeerIdentity>,
) -> Seen {
    let mut stream = match handshake {
        Ok(stream) => stream,
        Err(error) => {
            return Seen {
                ended: Some(Ended::Handshake(error)),
                ..Seen::default()
            };
        }
    };
    let peer = peer(stream.peer());
    let mut seen = Seen {
        completed: true,
        presented: peer.iter().flat_map(|p| p.chain().to_vec()).collect(),
        peer,
        version: Some(stream.session().protocol_version()),
        alpn: stream.session().alpn().map(<[u8]>::to_vec),
        ..Seen::default()
    };
    let result = talk(&mut stream, &mut seen.received).await;
    seen.ended = result.err().map(Ended::Later);
    seen
}

/// As over a blocking socket.
async fn talk<B: Backend, P>(
    stream: &mut AsyncMtlsStream<TcpStream, P, B>,
    received: &mut Vec<u8>,
) -> io::Result<()> {
    match stream.write_all(MESSAGE).await {
        Err(error) if HandshakeError::find(&error).is_some() => return Err(error),
        _ => {}
    }
    match stream.flush().await {
        Err(error) if HandshakeError::find(&error).is_some() => return Err(error),
        _ => {}
    }
    let mut buffer = [0; 64];
    while received.len() < MESSAGE.len() {
        match stream.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => received.extend_from_slice(&buffer[..count]),
        }
    }
    stream.shutdown().await
}
