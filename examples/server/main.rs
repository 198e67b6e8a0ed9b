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
mod listen;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;

use mtls::backend::{Capability, ServerBackend, Support};
use mtls::connection::ClientAuth;
use mtls::{AsyncMtlsStream, HandshakeError, MtlsServer};
use tokio::net::{TcpListener, TcpStream};

use listen::Caller;
use options::Options;
use support::Result;
use support::backends::with_server_backend;

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
        listen::forever(bind(options).await?, move |tcp| accept(server.clone(), tcp)).await
    } else {
        let server = builder.build(backend)?;
        listen::forever(bind(options).await?, move |tcp| accept(server.clone(), tcp)).await
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

type Stream<B, A> = AsyncMtlsStream<TcpStream, <A as ClientAuth>::Peer, B>;

async fn accept<B: ServerBackend, A: ClientAuth>(
    server: MtlsServer<B, A>,
    tcp: TcpStream,
) -> std::result::Result<Caller<Stream<B, A>>, HandshakeError> {
    let stream = server.accept_async(tcp).await?;
    let name = A::identity(stream.peer()).map(ToString::to_string);
    Ok(Caller {
        name: name.unwrap_or_else(|| "(no certificate)".to_owned()),
        speaks_h2: stream.session().alpn() == Some(b"h2"),
        stream,
    })
}
