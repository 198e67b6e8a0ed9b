//! What is seen only from inside a TLS library at the other end; here it is rustls.

mod config;
mod resumption;
mod wire;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs as provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring as provider;
use rustls::{Connection, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion};

use crate::common::ends::MESSAGE;
use crate::common::raw::Version;

fn crypto() -> Arc<CryptoProvider> {
    Arc::new(provider::default_provider())
}

fn versions(version: Version) -> [&'static SupportedProtocolVersion; 1] {
    match version {
        Version::Tls12 => [&rustls::version::TLS12],
        Version::Tls13 => [&rustls::version::TLS13],
    }
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// Shakes hands, says [`MESSAGE`], listens until it has heard as much, and says goodbye.
fn converse(connection: &mut Connection, socket: &mut TcpStream) -> io::Result<Vec<u8>> {
    while connection.is_handshaking() {
        connection.complete_io(socket)?;
    }
    connection.writer().write_all(MESSAGE)?;
    let mut received = Vec::new();
    while received.len() < MESSAGE.len() {
        connection.complete_io(socket)?;
        match connection.reader().read_to_end(&mut received) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
    connection.send_close_notify();
    connection.complete_io(socket)?;
    Ok(received)
}

/// Takes every server for what it says it is.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
