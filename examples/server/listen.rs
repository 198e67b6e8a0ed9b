use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mtls::HandshakeError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::http;
use crate::support::{Result, explain, log};

/// The maximum number of open connections, handshakes included.
///
/// More wait in the kernel's queue. It is well below the 1,024 descriptors of a process by default.
const MAX_CONNECTIONS: usize = 512;

/// The delay before a retry if the system can accept no more connections.
const BACK_OFF: Duration = Duration::from_millis(100);

/// An accepted client.
pub(crate) struct Caller<S> {
    pub(crate) name: String,
    pub(crate) speaks_h2: bool,
    pub(crate) stream: S,
}

/// Accepts and serves until the process is stopped; no client can stop it.
pub(crate) async fn forever<S, F>(
    listener: TcpListener,
    handshake: impl Fn(TcpStream) -> F,
) -> Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = std::result::Result<Caller<S>, HandshakeError>> + Send + 'static,
{
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = free.clone().acquire_owned().await?;
        let (tcp, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                log(&format!("cannot accept: {error}"));
                if !is_of_one_client(&error) {
                    tokio::time::sleep(BACK_OFF).await;
                }
                continue;
            }
        };
        let handshake = handshake(tcp);
        tokio::spawn(async move {
            let _place = place;
            match handshake.await {
                Ok(caller) => serve(caller, from).await,
                Err(error) => log(&tell(&error, from)),
            }
        });
    }
}

async fn serve<S>(caller: Caller<S>, from: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let name = caller.name.clone();
    if let Err(error) = http::serve(caller).await {
        log(&format!("{from} ({name}): {}", explain(error.as_ref())));
    }
}

/// Describes an error of a handshake; a rejection has a description of its own.
fn tell(error: &HandshakeError, from: SocketAddr) -> String {
    let what = match error {
        HandshakeError::Rejected(_) | HandshakeError::NoCommonProtocol => "refused",
        _ => "failed",
    };
    format!("{what} {from}: {}", explain(error))
}

/// Returns whether an error of `accept` is about a closed connection and not about this process.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
