//! A plain rustls server that decides when its session tickets leave.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConnection, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

use super::common::pki::Cast;

/// How a server behaves after the handshake.
pub(crate) struct Manners {
    /// How long it keeps its two tickets back.
    pub(crate) tickets_after: Duration,
    /// How long it does something else before it reads.
    pub(crate) reads_after: Duration,
}

pub(crate) fn config(cast: &Cast) -> Arc<ServerConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(cast.root.certificate()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let (chain, key) = (cast.server.chain_pem(), cast.server.key_pem());
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            chain.map(Result::unwrap).collect(),
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.send_tls13_tickets = 2;
    Arc::new(config)
}

/// Returns all that the client sent until its `close_notify`, or the error that came instead.
pub(crate) fn receive(
    config: Arc<ServerConfig>,
    mut tcp: TcpStream,
    manners: &Manners,
) -> (usize, io::Result<()>) {
    let mut tls = ServerConnection::new(config).unwrap();
    while tls.is_handshaking() {
        while tls.wants_write() {
            tls.write_tls(&mut tcp).unwrap();
        }
        tls.read_tls(&mut tcp).unwrap();
        tls.process_new_packets().unwrap();
    }
    thread::sleep(manners.tickets_after);
    while tls.wants_write() {
        // The client may have reset the connection by now, which is what reading shows.
        if tls.write_tls(&mut tcp).is_err() {
            break;
        }
    }
    thread::sleep(manners.reads_after);
    let mut stream = rustls::StreamOwned::new(tls, tcp);
    let (mut received, mut buffer) = (0, [0; 16 * 1024]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => received += read,
            Err(error) => return (received, Err(error)),
        }
    }
    stream.conn.send_close_notify();
    (received, stream.flush())
}
