//! The raw peer on rustls: the only one that can present bytes which are no certificate.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring::default_provider;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, DistinguishedName, Error,
    ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

use super::{Peer, RawOutcome, Version};

pub fn client(socket: TcpStream, peer: &Peer) -> RawOutcome {
    let connection = client_config(peer).and_then(|config| {
        let name = ServerName::try_from(peer.server_name.clone()).expect("no server name");
        ClientConnection::new(config, name)
    });
    converse(connection.map(Into::into), socket, peer)
}

pub fn server(socket: TcpStream, peer: &Peer) -> RawOutcome {
    let connection = server_config(peer).and_then(ServerConnection::new);
    converse(connection.map(Into::into), socket, peer)
}

fn client_config(peer: &Peer) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(default_provider());
    let credential = Presenter::new(peer, &provider)?;
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions(peer))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Indifferent {
            provider,
            asks: true,
        }))
        .with_client_cert_resolver(Arc::new(credential));
    config.alpn_protocols = peer.alpn.clone();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn server_config(peer: &Peer) -> Result<Arc<ServerConfig>, Error> {
    let provider = Arc::new(default_provider());
    let credential = Presenter::new(peer, &provider)?;
    let asks = peer.asks;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions(peer))?
        .with_client_cert_verifier(Arc::new(Indifferent { provider, asks }))
        .with_cert_resolver(Arc::new(credential));
    config.alpn_protocols = peer.alpn.clone();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn versions(peer: &Peer) -> [&'static SupportedProtocolVersion; 1] {
    match peer.version {
        Version::Tls12 => [&rustls::version::TLS12],
        Version::Tls13 => [&rustls::version::TLS13],
    }
}

/// Shakes hands, says what is to be said, and listens.
fn converse(connection: Result<Connection, Error>, socket: TcpStream, peer: &Peer) -> RawOutcome {
    let mut wire = match connection {
        Ok(connection) => Wire {
            connection,
            socket,
            outcome: RawOutcome::default(),
        },
        Err(error) => return RawOutcome::failed(error),
    };
    while wire.connection.is_handshaking() && wire.flush() && wire.listen() {}
    wire.flush();
    wire.outcome.completed = !wire.connection.is_handshaking();
    if wire.outcome.completed {
        wire.connection.writer().write_all(&peer.message).unwrap();
        // Also when the other end has closed already: its alert lies in the socket still.
        wire.flush();
        while wire.outcome.received.len() < peer.enough && wire.listen() {}
        wire.connection.send_close_notify();
        wire.flush();
    }
    wire.finish()
}

struct Wire {
    connection: Connection,
    socket: TcpStream,
    outcome: RawOutcome,
}

impl Wire {
    fn flush(&mut self) -> bool {
        while self.connection.wants_write() {
            if let Err(error) = self.connection.write_tls(&mut self.socket) {
                self.note(&error);
                // What the other end said before it closed is still to be read.
                while self.connection.is_handshaking() && self.listen() {}
                return false;
            }
        }
        true
    }

    /// Reads once. `false`: there is nothing more to come.
    fn listen(&mut self) -> bool {
        match self.connection.read_tls(&mut self.socket) {
            Ok(0) => {
                self.note(&"end of stream");
                return false;
            }
            Ok(_) => {}
            Err(error) => {
                self.note(&error);
                return false;
            }
        }
        let processed = self.connection.process_new_packets();
        if let Ok(state) = &processed {
            let count = state.plaintext_bytes_to_read();
            let mut bytes = vec![0; count];
            self.connection.reader().read_exact(&mut bytes).unwrap();
            self.outcome.received.extend(bytes);
            return !state.peer_has_closed();
        }
        let error = processed.unwrap_err();
        if let Error::AlertReceived(alert) = error {
            self.outcome.alert = Some(alert.into());
        }
        self.note(&error);
        // Our own alert, if we have one to send.
        self.connection.write_tls(&mut self.socket).ok();
        false
    }

    fn note(&mut self, error: &dyn ToString) {
        let first = &mut self.outcome.error;
        first.get_or_insert_with(|| error.to_string());
    }

    fn finish(mut self) -> RawOutcome {
        let connection = &self.connection;
        self.outcome.alpn = connection.alpn_protocol().map(<[u8]>::to_vec);
        let presented = connection.peer_certificates().unwrap_or_default();
        self.outcome.presented = presented.iter().map(|c| c.clone().into_owned()).collect();
        self.outcome
    }
}

/// Presents one chain to every peer and ignores what the peer requests.
#[derive(Debug)]
struct Presenter(Option<Arc<CertifiedKey>>);

impl Presenter {
    fn new(peer: &Peer, provider: &CryptoProvider) -> Result<Self, Error> {
        let Some(credential) = peer.presented() else {
            return Ok(Self(None));
        };
        // Not `CertifiedKey::from_der`, which looks whether the two fit.
        let key = provider
            .key_provider
            .load_private_key(credential.key_der())?;
        let certified = CertifiedKey::new(credential.chain.clone(), key);
        Ok(Self(Some(Arc::new(certified))))
    }
}

impl ResolvesClientCert for Presenter {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

impl ResolvesServerCert for Presenter {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}

/// Takes every certificate, and every proof of possession.
#[derive(Debug)]
struct Indifferent {
    provider: Arc<CryptoProvider>,
    asks: bool,
}

impl Indifferent {
    fn schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Indifferent {
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
        self.schemes()
    }
}

impl ClientCertVerifier for Indifferent {
    fn offer_client_auth(&self) -> bool {
        self.asks
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
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
        self.schemes()
    }
}
