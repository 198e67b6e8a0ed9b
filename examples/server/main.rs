//! An HTTPS server that knows who calls: it answers `hello NAME` and the request's body.
//!
//! ```text
//! cargo run --features tokio,encrypted-keys --example server -- \
//!     --backend rustls --cert server.crt --key server.key --cacert client-ca.crt
//! ```

#![cfg_attr(
    not(any(feature = "openssl", feature = "rustls")),
    allow(dead_code, reason = "there is nobody to serve then")
)]

#[path = "../support/mod.rs"]
mod support;

mod http;
mod listen;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use mtls::{AsyncMtlsStream, BackendKind, HandshakeError, MtlsServer, PeerIdentity, ServerBackend};
use tokio::net::{TcpListener, TcpStream};

use listen::Caller;
use options::Options;
use support::Result;

fn main() -> ExitCode {
    support::exit("server", options::USAGE, run())
}

fn run() -> Result<()> {
    let Some(options) = Options::from_arguments()? else {
        print!("{}", options::USAGE);
        return Ok(());
    };
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(options))
}

async fn serve(options: Options) -> Result<()> {
    // An arm for each backend, and nothing below knows of them.
    match options.backend()? {
        #[cfg(feature = "openssl")]
        BackendKind::OpenSsl => {
            let server = Arc::new(options.server(mtls::OpenSsl::default())?);
            listen::forever(bind(&options).await?, move |tcp| {
                accept(server.clone(), tcp)
            })
            .await
        }
        #[cfg(feature = "rustls")]
        BackendKind::Rustls => {
            let server = Arc::new(options.server(mtls::Rustls::default())?);
            listen::forever(bind(&options).await?, move |tcp| {
                accept(server.clone(), tcp)
            })
            .await
        }
        BackendKind::NativeTls => {
            Err("native-tls cannot ask a client for its certificate: use rustls or openssl".into())
        }
        other => Err(support::not_compiled_in(other)),
    }
}

async fn bind(options: &Options) -> Result<TcpListener> {
    let listener = TcpListener::bind(&options.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", listener.local_addr()?)?;
    stdout.flush()?;
    Ok(listener)
}

type Stream<B> = AsyncMtlsStream<B, TcpStream, PeerIdentity>;

async fn accept<B: ServerBackend>(
    server: Arc<MtlsServer<B>>,
    tcp: TcpStream,
) -> std::result::Result<Caller<Stream<B>>, HandshakeError> {
    let stream = server.accept_async(tcp).await?;
    Ok(Caller {
        name: stream.peer().to_string(),
        speaks_h2: stream.alpn() == Some(b"h2"),
        stream,
    })
}
