use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mtls::{HandshakeError, Report};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::http;
use crate::support::{Result, log};

/// Connections at a time, handshakes among them. More wait in the kernel's queue; well below the 1,024 descriptors
/// that a process may open by default.
const MAX_CONNECTIONS: usize = 512;

/// What to wait when the system can accept no more, before trying again.
const BACK_OFF: Duration = Duration::from_millis(100);

/// A client that was accepted.
pub(crate) struct Caller<S> {
    pub(crate) name: String,
    pub(crate) speaks_h2: bool,
    pub(crate) stream: S,
}

/// Accepts and serves until the process is ended. No client's doing ends it.
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
                Err(error) => log(&report(&error, from)),
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
        log(&format!("{from} ({name}): {}", Report::new(error.as_ref())));
    }
}

/// Distinguishes a rejection from every other failure of a handshake.
fn report(error: &HandshakeError, from: SocketAddr) -> String {
    let what = match error {
        HandshakeError::Rejected(_) | HandshakeError::NoCommonProtocol => "rejected",
        _ => "failed",
    };
    format!("{what} {from}: {}", Report::new(error))
}

/// Whether an error of `accept` is about a connection that was gone already, and not about this process.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
