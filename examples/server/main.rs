//! An HTTPS server that authenticates its clients: it answers `hello NAME` and the request's body.
//!
//! ```text
//! cargo run --features tokio,encrypted-keys --example server -- \
//!     --cert server.crt --key server.key --cacert client-ca.crt
//! ```

#![cfg_attr(
    not(any(feature = "openssl", feature = "rustls")),
    allow(dead_code, reason = "there is no backend to serve with then")
)]

#[path = "../support/mod.rs"]
mod support;

mod http;
mod options;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use mtls::backend::{Capability, ServerBackend, Support};
use mtls::connection::{ClientAuth, ListenerLimits};
use mtls::{AsyncMtlsStream, MtlsListener, Report};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};

use options::Options;
use support::backends::with_server_backend;
use support::{Result, log};

/// Well below the 1,024 descriptors that a process may open by default, with as many handshakes.
const MAX_CONNECTIONS: usize = 512;

/// How many clients wait in the system until they are accepted. One more would have to try again, a
/// second later at the earliest.
const BACKLOG: u32 = 4096;

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
    let kind = options.backend();
    if let Support::None(_) = Capability::Server.on(kind) {
        let problem = "cannot ask a client for its certificate: use another `--backend`";
        return Err(format!("{kind} {problem}").into());
    }
    // The code below does not depend on the backend.
    let served: Option<Result<()>> =
        with_server_backend!(kind, |backend| serve_by(backend, &options).await);
    served.unwrap_or_else(|| Err(support::not_compiled_in(kind)))
}

async fn serve_by<B: ServerBackend>(backend: B, options: &Options) -> Result<()> {
    let builder = options.builder()?;
    if options.is_optional {
        let server = builder.optional_client_auth().build(backend)?;
        forever(server.listener(bind(options).await?)).await
    } else {
        let server = builder.build(backend)?;
        forever(server.listener(bind(options).await?)).await
    }
}

async fn bind(options: &Options) -> Result<TcpListener> {
    let listener = listen(&options.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", listener.local_addr()?)?;
    stdout.flush()?;
    Ok(listener)
}

/// Listens as `TcpListener::bind` does, with a longer queue.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in lookup_host(address).await? {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(cfg!(unix))?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Accepts and serves until the process is ended. No client's doing ends it.
async fn forever<B: ServerBackend, A: ClientAuth>(listener: MtlsListener<B, A>) -> Result<()> {
    let limits = ListenerLimits::new().max_connections(MAX_CONNECTIONS);
    let mut listener = listener.limits(limits);
    // A task of the runtime's own threads: the handshakes need not wake another one.
    let accepting = tokio::spawn(async move {
        loop {
            let (stream, from) = listener.accept().await;
            tokio::spawn(serve_one::<B, A>(stream, from));
        }
    });
    Ok(accepting.await?)
}

async fn serve_one<B: ServerBackend, A: ClientAuth>(
    stream: AsyncMtlsStream<TcpStream, A::Peer, B>,
    from: SocketAddr,
) {
    let name = A::identity(stream.peer()).map(ToString::to_string);
    let name = name.unwrap_or_else(|| "(no certificate)".to_owned());
    let speaks_h2 = stream.session().alpn() == Some(b"h2");
    if let Err(error) = http::serve(stream, name.clone(), speaks_h2).await {
        log(&format!("{from} ({name}): {}", Report::new(error.as_ref())));
    }
}
