//! A small curl that always presents a client certificate.
//!
//! ```text
//! cargo run --features tokio,encrypted-keys --example client -- \
//!     --cert client.crt --key client.key --cacert ca.crt https://localhost:8443/
//! ```

#![cfg_attr(
    not(any(feature = "native-tls", feature = "openssl", feature = "rustls")),
    allow(
        dead_code,
        unused_imports,
        reason = "there is nothing to call with then"
    )
)]

#[path = "../support/mod.rs"]
mod support;

mod http;
mod hung_up;
mod options;
mod target;
mod verdict;

use std::process::ExitCode;

use mtls::backend::ClientBackend;
use mtls::{AsyncMtlsStream, PeerIdentity};
use tokio::net::TcpStream;
use tokio::time::timeout;

use http::Connection;
use hung_up::HungUp;
use options::{Options, TIMEOUT};
use support::backends::with_client_backend;
use support::{Result, log};

fn main() -> ExitCode {
    support::exit("client", options::USAGE, run())
}

fn run() -> Result<()> {
    let Some(options) = Options::from_arguments()? else {
        print!("{}", options::USAGE);
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let fetched = timeout(TIMEOUT, fetch(&options))
            .await
            .map_err(|_| format!("{} took longer than {TIMEOUT:?}", options.target))?;
        HungUp::explain(fetched)
    })
}

async fn fetch(options: &Options) -> Result<()> {
    let kind = options.backend();
    // The code below does not depend on the backend.
    let fetched: Option<Result<()>> = with_client_backend!(kind, |backend| {
        http::exchange(connect(backend, options).await?, options).await
    });
    fetched.unwrap_or_else(|| Err(support::not_compiled_in(kind)))
}

type Stream<B> = AsyncMtlsStream<TcpStream, PeerIdentity, B>;

async fn connect<B: ClientBackend>(backend: B, options: &Options) -> Result<Connection<Stream<B>>> {
    let target = &options.target;
    let client = options.client(backend)?;
    let tcp = TcpStream::connect((target.host(), target.port()))
        .await
        .map_err(|error| format!("cannot connect to {}: {error}", target.authority()))?;
    let address = tcp.peer_addr()?;
    let stream = client.connect_async(target.host(), tcp).await?;
    if options.verbose {
        let alpn = stream.session().alpn().unwrap_or(b"none");
        log(&format!(
            "* connected to {address}\n* the server is {}\n* {}, ALPN {}",
            stream.peer(),
            stream.session().protocol_version(),
            String::from_utf8_lossy(alpn),
        ));
    }
    Ok(Connection {
        speaks_h2: stream.session().alpn() == Some(b"h2"),
        stream,
    })
}
