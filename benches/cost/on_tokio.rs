//! Handshakes by tokio, beside tokio-rustls; both ends on one thread.

use std::future::Future;

use mtls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::ends::{By, Setup, our_client, our_server, raw_client, raw_server};
use crate::support::{Pki, SERVER};
use crate::work::Times;

pub(crate) fn handshakes(setup: &Setup, by: By, times: Times, pki: &Pki) -> ! {
    let once = repeatable(setup, by, pki);
    times.each(once)
}

/// What does one handshake, by number.
pub(crate) fn repeatable(setup: &Setup, by: By, pki: &Pki) -> Box<dyn FnMut(usize)> {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    match by {
        By::Mtls => {
            let clients = pki.clients.iter();
            let clients: Vec<_> = clients
                .map(|own| our_client(setup, setup.rustls(), pki, own))
                .collect();
            let server = our_server(setup, setup.rustls(), pki);
            Box::new(move |number| {
                let (near, far) = duplex(BUFFER);
                let client = &clients[number % clients.len()];
                let client = async { client.connect_async(SERVER, near).await.unwrap() };
                let server = async { server.accept_async(far).await.unwrap() };
                shake(&runtime, client, server);
            })
        }
        By::Raw => {
            let clients = pki.clients.iter();
            let clients: Vec<_> = clients
                .map(|own| TlsConnector::from(raw_client(setup, pki, own)))
                .collect();
            let server = TlsAcceptor::from(raw_server(setup, pki));
            let name = ServerName::try_from(SERVER).unwrap();
            Box::new(move |number| {
                let (near, far) = duplex(BUFFER);
                let client = &clients[number % clients.len()];
                let client = async { client.connect(name.clone(), near).await.unwrap() };
                let server = async { server.accept(far).await.unwrap() };
                shake(&runtime, client, server);
            })
        }
    }
}

const BUFFER: usize = 64 << 10;

/// Up to a byte from the server, so that the client has seen that it is accepted.
fn shake<C, S>(runtime: &Runtime, client: impl Future<Output = C>, server: impl Future<Output = S>)
where
    C: AsyncReadExt + Unpin,
    S: AsyncWriteExt + Unpin,
{
    let client = async {
        let mut stream = client.await;
        stream.read_exact(&mut [0]).await.unwrap();
        stream
    };
    let server = async {
        let mut stream = server.await;
        stream.write_all(&[1]).await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    runtime.block_on(async { tokio::join!(client, server) });
}
