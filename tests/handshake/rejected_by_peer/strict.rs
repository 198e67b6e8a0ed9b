//! Peers that verify by their library alone, as other people's do, and reject.

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use openssl::pkey::PKey;
use openssl::ssl::{
    HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Name};
use pki_types::{CertificateDer, ServerName};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, Connection, DistinguishedName, RootCertStore, ServerConfig,
    ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

use crate::common::ends::facade::Run;
use crate::common::ends::{Ready, Seen};
use crate::common::pki::{Authority, Credential};
use crate::common::raw::Version;

/// A peer that trusts one CA.
#[derive(Clone, Debug)]
pub(super) struct Strict {
    pub(super) version: Version,
    pub(super) identity: Credential,
    pub(super) trusts: CertificateDer<'static>,
    /// For a server: the CAs in its request.
    pub(super) names: Vec<Authority>,
    /// For a server: whether it takes signatures of Ed25519 alone.
    pub(super) only_ed25519: bool,
    /// For a server by OpenSSL: whether it takes only ciphers that no client offers.
    pub(super) odd_ciphers: bool,
}

pub(super) type Make = fn(Strict) -> Box<dyn Ready>;

/// Each library, as a server and as a client.
pub(super) const SERVERS: [(&str, Make); 2] = [
    ("rustls", |strict| {
        Run::boxed(move |socket| strict.serve_by_rustls(socket))
    }),
    ("openssl", |strict| {
        Run::boxed(move |socket| strict.serve_by_openssl(socket))
    }),
];
pub(super) const CLIENTS: [(&str, Make); 2] = [
    ("rustls", |strict| {
        Run::boxed(move |socket| strict.call_by_rustls(socket))
    }),
    ("openssl", |strict| {
        Run::boxed(move |socket| strict.call_by_openssl(socket))
    }),
];

impl Strict {
    fn serve_by_rustls(&self, socket: TcpStream) -> Seen {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.roots(), self.provider().into())
                .clear_root_hint_subjects()
                .add_root_hint_subjects(
                    self.names.iter().map(|authority| {
                        DistinguishedName::from(subject(authority).to_der().unwrap())
                    }),
                )
                .build()
                .unwrap();
        let config = ServerConfig::builder_with_provider(default_provider().into())
            .with_protocol_versions(&self.rustls_version())
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.identity.chain.clone(), self.identity.key_der())
            .unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        shake_by_rustls(connection.into(), socket)
    }

    fn call_by_rustls(&self, socket: TcpStream) -> Seen {
        let config = ClientConfig::builder_with_provider(default_provider().into())
            .with_protocol_versions(&self.rustls_version())
            .unwrap()
            .with_root_certificates(self.roots())
            .with_client_auth_cert(self.identity.chain.clone(), self.identity.key_der())
            .unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        shake_by_rustls(connection.into(), socket)
    }

    fn serve_by_openssl(&self, socket: TcpStream) -> Seen {
        let mut context = self.openssl_context(SslMethod::tls_server());
        context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        let mut names = Stack::new().unwrap();
        for authority in &self.names {
            names.push(subject(authority)).unwrap();
        }
        context.set_client_ca_list(names);
        if self.only_ed25519 {
            context.set_sigalgs_list("ed25519").unwrap();
        }
        if self.odd_ciphers {
            context.set_cipher_list("AES128-SHA").unwrap();
            context.set_ciphersuites("TLS_AES_128_CCM_SHA256").unwrap();
        }
        shake_by_openssl(&context.build(), socket, Ssl::accept)
    }

    fn call_by_openssl(&self, socket: TcpStream) -> Seen {
        let mut context = self.openssl_context(SslMethod::tls_client());
        context.set_verify(SslVerifyMode::PEER);
        shake_by_openssl(&context.build(), socket, Ssl::connect)
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.clone()).unwrap();
        roots.into()
    }

    fn rustls_version(&self) -> [&'static SupportedProtocolVersion; 1] {
        match self.version {
            Version::Tls12 => [&rustls::version::TLS12],
            Version::Tls13 => [&rustls::version::TLS13],
        }
    }

    fn provider(&self) -> CryptoProvider {
        let mut provider = default_provider();
        if self.only_ed25519 {
            let all = provider.signature_verification_algorithms;
            let mut mapping = all.mapping.to_vec();
            mapping.retain(|(scheme, _)| *scheme == SignatureScheme::ED25519);
            provider.signature_verification_algorithms = WebPkiSupportedAlgorithms {
                mapping: mapping.leak(),
                ..all
            };
        }
        provider
    }

    fn openssl_context(&self, method: SslMethod) -> SslContextBuilder {
        let version = match self.version {
            Version::Tls12 => SslVersion::TLS1_2,
            Version::Tls13 => SslVersion::TLS1_3,
        };
        let mut context = SslContext::builder(method).unwrap();
        context.set_min_proto_version(Some(version)).unwrap();
        context.set_max_proto_version(Some(version)).unwrap();
        let mut chain = self
            .identity
            .chain
            .iter()
            .map(|der| X509::from_der(der).unwrap());
        context.set_certificate(&chain.next().unwrap()).unwrap();
        for certificate in chain {
            context.add_extra_chain_cert(certificate).unwrap();
        }
        let key = PKey::private_key_from_pkcs8(self.identity.key.secret_pkcs8_der()).unwrap();
        context.set_private_key(&key).unwrap();
        let mut store = X509StoreBuilder::new().unwrap();
        store
            .add_cert(X509::from_der(&self.trusts).unwrap())
            .unwrap();
        context.set_cert_store(store.build());
        context
    }
}

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring::default_provider;

fn subject(authority: &Authority) -> X509Name {
    let der = X509::from_der(&authority.certificate()).unwrap();
    X509Name::from_der(&der.subject_name().to_der().unwrap()).unwrap()
}

fn shake_by_rustls(mut connection: Connection, mut socket: TcpStream) -> Seen {
    let mut done = Ok((0, 0));
    while connection.is_handshaking() && done.is_ok() {
        done = connection.complete_io(&mut socket);
    }
    while connection.wants_write() && connection.write_tls(&mut socket).is_ok() {}
    leave(&mut socket, done.is_ok())
}

fn shake_by_openssl(
    context: &SslContext,
    socket: TcpStream,
    shake: fn(
        Ssl,
        TcpStream,
    ) -> Result<openssl::ssl::SslStream<TcpStream>, HandshakeError<TcpStream>>,
) -> Seen {
    match shake(Ssl::new(context).unwrap(), socket) {
        Ok(stream) => leave(&mut { stream.get_ref() }, true),
        Err(HandshakeError::Failure(stream) | HandshakeError::WouldBlock(stream)) => {
            leave(&mut { stream.get_ref() }, false)
        }
        Err(HandshakeError::SetupFailure(error)) => panic!("{error}"),
    }
}

/// Lets the other end read the alert, as a server should.
fn leave<S>(socket: &mut S, completed: bool) -> Seen
where
    S: Read + Half,
{
    socket.end();
    socket.read_to_end(&mut Vec::new()).ok();
    Seen {
        completed,
        ..Seen::default()
    }
}

trait Half {
    fn end(&self);
}

impl Half for TcpStream {
    fn end(&self) {
        self.shutdown(Shutdown::Write).ok();
    }
}

impl Half for &TcpStream {
    fn end(&self) {
        self.shutdown(Shutdown::Write).ok();
    }
}
