//! A server of rustls by itself, with its own verifier.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;

use pki_types::pem::PemObject;
use pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

/// Returns a server's configuration that verifies clients, by a revocation list if there is one.
pub(super) fn config(folder: &Path, list: Option<&str>) -> Arc<ServerConfig> {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let mut anchors = RootCertStore::empty();
    for anchor in CertificateDer::pem_slice_iter(&read("ca.crt")) {
        anchors.add(anchor.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(anchors.into(), provider.clone());
    if let Some(list) = list {
        let lists = read(list);
        let lists = CertificateRevocationListDer::pem_slice_iter(&lists);
        verifier = verifier
            .with_crls(lists.map(Result::unwrap))
            .enforce_revocation_expiration();
    }
    let chain = read("server.crt");
    let chain = CertificateDer::pem_slice_iter(&chain).map(Result::unwrap);
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain.collect(), key);
    Arc::new(config.unwrap())
}

/// Serves one client of a rustls server; the error is what rustls says.
pub(super) fn answer(mut stream: TcpStream, config: &Arc<ServerConfig>) -> Result<(), String> {
    let mut connection = ServerConnection::new(config.clone()).unwrap();
    let result = (|| {
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        let mut tls = rustls::Stream::new(&mut connection, &mut stream);
        let count = tls.read(&mut [0; 4096])?;
        if count > 0 {
            tls.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
            )?;
            tls.conn.send_close_notify();
            tls.conn.complete_io(tls.sock)?;
        }
        io::Result::Ok(())
    })();
    // Closed after the client has read everything: a reset would take the alert away from it.
    stream.shutdown(Shutdown::Write).ok();
    io::copy(&mut stream, &mut io::sink()).ok();
    result.map_err(|error| error.to_string())
}
