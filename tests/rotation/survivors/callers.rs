//! Clients that keep every session and ticket, and offer them again.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use mtls::MtlsClient;
use mtls::backend::ClientBackend;
use mtls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{
    ClientConfig, ClientConnection, Connection, DigitallySignedStruct, Error, HandshakeKind,
    SignatureScheme, SupportedProtocolVersion,
};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime;
use tokio::time::timeout;

use crate::common::ends::MESSAGE;
use crate::common::pki::{Credential, certificate_pem};
use crate::common::programs::{Program, run};
use crate::common::raw::{LIMIT, Version};

/// What a client saw.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) resumed: bool,
    /// The server's message: it has accepted us.
    pub(super) received: bool,
}

pub(super) trait Caller: fmt::Debug {
    fn call(&self, address: SocketAddr) -> Called;
}

/// Makes a client with this certificate, or without; `None` where its program is not here.
pub(super) type Make = fn(Version, Option<&Credential>) -> Option<Box<dyn Caller>>;

/// Those that verify nothing.
pub(super) const RAW: [Make; 2] = [
    |version, credential| Some(Box::new(Keeping::new(version, credential))),
    |version, credential| {
        Some(Box::new(SClient::new(
            Program::openssl()?,
            version,
            credential,
        )))
    },
];

/// Plain rustls.
pub(super) struct Keeping {
    pub(super) config: Arc<ClientConfig>,
}

impl Keeping {
    pub(super) fn new(version: Version, credential: Option<&Credential>) -> Self {
        Self {
            config: Arc::new(config(version, credential)),
        }
    }
}

pub(super) fn config(version: Version, credential: Option<&Credential>) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(crypto())
        .with_protocol_versions(&versions(version))
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(crypto())));
    match credential {
        None => config.with_no_client_auth(),
        Some(credential) => config
            .with_client_auth_cert(credential.chain.clone(), credential.key_der())
            .unwrap(),
    }
}

impl Caller for Keeping {
    fn call(&self, address: SocketAddr) -> Called {
        let connection = ClientConnection::new(Arc::clone(&self.config), localhost()).unwrap();
        let mut connection = connection.into();
        let received = converse(&mut connection, &mut connect(address)).is_ok();
        Called {
            resumed: received && was_resumed(&connection),
            received,
        }
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rustls that keeps its sessions")
    }
}

pub(super) fn was_resumed(connection: &Connection) -> bool {
    connection.handshake_kind() == Some(HandshakeKind::Resumed)
}

/// `openssl s_client`, with its session in a file.
pub(super) struct SClient {
    openssl: Program,
    folder: TempDir,
    version: Version,
    has_certificate: bool,
}

impl SClient {
    pub(super) fn new(openssl: Program, version: Version, credential: Option<&Credential>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(credential) = credential {
            let leaf = certificate_pem(credential.leaf());
            std::fs::write(folder.path().join("leaf.crt"), leaf).unwrap();
            std::fs::write(folder.path().join("leaf.key"), credential.key_pem()).unwrap();
        }
        Self {
            openssl,
            folder,
            version,
            has_certificate: credential.is_some(),
        }
    }
}

impl Caller for SClient {
    fn call(&self, address: SocketAddr) -> Called {
        let file = |name: &str| self.folder.path().join(name);
        let mut command = self.openssl.command();
        command
            .args(["s_client", "-ign_eof", "-servername", "localhost"])
            .args(["-connect", &address.to_string()])
            .arg(match self.version {
                Version::Tls12 => "-tls1_2",
                Version::Tls13 => "-tls1_3",
            })
            .arg("-sess_out")
            .arg(file("session"));
        if file("session").is_file() {
            command.arg("-sess_in").arg(file("session"));
        }
        if self.has_certificate {
            command.arg("-cert").arg(file("leaf.crt"));
            command.arg("-key").arg(file("leaf.key"));
        }
        let said = run(&mut command, MESSAGE, 2 * LIMIT);
        let text = String::from_utf8(MESSAGE.to_vec()).unwrap();
        let received = said.stdout.contains(&text);
        Called {
            resumed: received && said.stdout.contains("\nReused, TLSv1."),
            received,
        }
    }
}

impl fmt::Debug for SClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("openssl s_client that keeps its session")
    }
}

/// Our own client.
pub(super) struct Ours<B: ClientBackend>(pub(super) MtlsClient<B>);

impl<B: ClientBackend> Caller for Ours<B> {
    fn call(&self, address: SocketAddr) -> Called {
        let rejected = Called {
            resumed: false,
            received: false,
        };
        let Ok(mut stream) = self.0.connect("localhost", connect(address)) else {
            return rejected;
        };
        match talk(&mut stream).and_then(|()| stream.close()) {
            Ok(()) => Called {
                resumed: stream.session().is_resumed(),
                received: true,
            },
            Err(_) => rejected,
        }
    }
}

impl<B: ClientBackend> fmt::Debug for Ours<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "our client on {}", B::KIND)
    }
}

/// Our own client, for tokio.
pub(super) struct OursAsync<B: ClientBackend>(pub(super) MtlsClient<B>);

impl<B: ClientBackend> Caller for OursAsync<B> {
    fn call(&self, address: SocketAddr) -> Called {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let work = async {
            let socket = tokio::net::TcpStream::connect(address).await.unwrap();
            let Ok(mut stream) = self.0.connect_async("localhost", socket).await else {
                return Called {
                    resumed: false,
                    received: false,
                };
            };
            let received = talk_async(&mut stream).await.is_ok();
            stream.shutdown().await.ok();
            Called {
                resumed: received && stream.session().is_resumed(),
                received,
            }
        };
        let in_time = async { timeout(2 * LIMIT, work).await.expect("it never ended") };
        runtime.unwrap().block_on(in_time)
    }
}

impl<B: ClientBackend> fmt::Debug for OursAsync<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "our asynchronous client on {}", B::KIND)
    }
}

/// [`talk`] for tokio.
pub(super) async fn talk_async(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<()> {
    stream.write_all(MESSAGE).await?;
    stream.flush().await?;
    let mut received = vec![0; MESSAGE.len()];
    stream.read_exact(&mut received).await?;
    if received == MESSAGE {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

pub(super) fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect_timeout(&address, LIMIT).unwrap();
    bounded(&socket);
    socket
}

pub(super) fn bounded(socket: &TcpStream) {
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.set_write_timeout(Some(LIMIT)).unwrap();
    socket.set_nodelay(true).unwrap();
}

/// Says [`MESSAGE`] and hears it.
pub(super) fn talk(stream: &mut (impl Read + Write)) -> io::Result<()> {
    stream.write_all(MESSAGE)?;
    stream.flush()?;
    let mut received = vec![0; MESSAGE.len()];
    stream.read_exact(&mut received)?;
    if received == MESSAGE {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// The same for a bare connection of rustls, from the handshake to the goodbye.
pub(super) fn converse(connection: &mut Connection, socket: &mut TcpStream) -> io::Result<()> {
    while connection.is_handshaking() {
        connection.complete_io(socket)?;
    }
    match connection {
        Connection::Client(connection) => talk(&mut rustls::Stream::new(connection, socket))?,
        Connection::Server(connection) => talk(&mut rustls::Stream::new(connection, socket))?,
    }
    connection.send_close_notify();
    connection.complete_io(socket).map(|_| ())
}

pub(super) fn crypto() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

pub(super) fn versions(version: Version) -> [&'static SupportedProtocolVersion; 1] {
    match version {
        Version::Tls12 => [&rustls::version::TLS12],
        Version::Tls13 => [&rustls::version::TLS13],
    }
}

pub(super) fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
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
