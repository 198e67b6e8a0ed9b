//! A CA, a server and a client in memory that connect over loopback.
//!
//! They do so on every backend that is compiled in; then the server rejects three clients.
//!
//! ```text
//! cargo run --example quickstart
//! ```

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use mtls::backend::ClientBackend;
use mtls::backend::ServerBackend;
use mtls::{
    HandshakeError, MtlsClient, MtlsIdentity, MtlsServer, PeerMatcher, Report, TrustAnchors,
    VerifierPolicy,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SERVER: &str = "server.example";
const PAYMENTS: &str = "spiffe://example/payments";
const INTRUDER: &str = "spiffe://example/intruder";

fn main() -> Result<()> {
    let pki = Pki::new()?;
    #[cfg(feature = "rustls")]
    show(
        "rustls",
        &pki,
        mtls::Rustls::default(),
        mtls::Rustls::default(),
    )?;
    #[cfg(feature = "openssl")]
    show(
        "OpenSSL",
        &pki,
        mtls::OpenSsl::default(),
        mtls::OpenSsl::default(),
    )?;
    // native-tls can only be a client, so the server uses another backend.
    #[cfg(all(feature = "native-tls", feature = "rustls"))]
    show(
        "native-tls",
        &pki,
        mtls::NativeTls::default(),
        mtls::Rustls::default(),
    )?;
    Ok(())
}

/// Makes one successful connection and three rejected ones.
fn show<C, S>(name: &str, pki: &Pki, client_backend: C, server_backend: S) -> Result<()>
where
    C: ClientBackend + Clone,
    S: ServerBackend,
{
    println!("== {name}");
    let server = MtlsServer::builder()
        .identity(pki.server.clone())
        .trust_anchors(pki.anchors.clone())
        .policy(VerifierPolicy::allow(PeerMatcher::spiffe_id(PAYMENTS)?))
        .alpn(["hello/1"])
        .build(server_backend)?;
    let client = |identity: &MtlsIdentity| {
        MtlsClient::builder()
            .identity(identity.clone())
            .trust_anchors(pki.anchors.clone())
            .alpn(["hello/1"])
            .build(client_backend.clone())
    };

    println!(
        "{}",
        meet(&server, |tcp| greet(&client(&pki.payments)?, tcp))?
    );
    println!(
        "no certificate:\n{}",
        meet(&server, |tcp| Ok(anonymous(tcp)?))?
    );
    println!(
        "a certificate of another CA:\n{}",
        meet(&server, |tcp| greet(&client(&pki.stranger)?, tcp))?
    );
    println!(
        "not on the allow-list:\n{}",
        meet(&server, |tcp| greet(&client(&pki.intruder)?, tcp))?
    );
    Ok(())
}

/// Runs `call` against the server over loopback, and returns what each side saw.
fn meet<S: ServerBackend>(
    server: &MtlsServer<S>,
    call: impl FnOnce(TcpStream) -> Result<String>,
) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let serving = scope.spawn(|| serve(server, &listener));
        let client_saw = call(TcpStream::connect(address)?)?;
        let server_saw = serving.join().map_err(|_| "the server panicked")??;
        Ok(format!("  client: {client_saw}\n  server: {server_saw}"))
    })
}

fn serve<S: ServerBackend>(
    server: &MtlsServer<S>,
    listener: &TcpListener,
) -> std::result::Result<String, String> {
    let (tcp, _) = listener.accept().map_err(|e| e.to_string())?;
    match server.accept(tcp) {
        Ok(mut stream) => {
            let greeting = format!("hello {}", stream.peer());
            stream
                .write_all(greeting.as_bytes())
                .map_err(|e| e.to_string())?;
            stream.close().map_err(|e| e.to_string())?;
            Ok(format!("saw {}", stream.peer()))
        }
        Err(error) => Ok(describe(&error)),
    }
}

fn greet<C: ClientBackend>(client: &MtlsClient<C>, tcp: TcpStream) -> Result<String> {
    let mut stream = match client.connect(SERVER, tcp) {
        Ok(stream) => stream,
        Err(error) => return Ok(describe(&error)),
    };
    let mut greeting = String::new();
    match stream.read_to_string(&mut greeting) {
        Ok(_) => Ok(format!(
            "saw {}, {}, ALPN {}, received \"{greeting}\"",
            stream.peer(),
            stream.session().protocol_version(),
            String::from_utf8_lossy(stream.session().alpn().unwrap_or(b"none")),
        )),
        // In TLS 1.3 the server's rejection arrives now.
        Err(error) => match HandshakeError::find(&error) {
            Some(rejection) => Ok(describe(rejection)),
            None => Err(error.into()),
        },
    }
}

fn describe(error: &HandshakeError) -> String {
    Report::new(error).to_string()
}

/// Connects as a client without a certificate: plain TLS, which this crate's clients do not
/// support.
#[cfg(feature = "aws-lc-rs")]
fn anonymous(mut tcp: TcpStream) -> std::io::Result<String> {
    plain::hello(&mut tcp)
}

#[cfg(not(feature = "aws-lc-rs"))]
fn anonymous(_tcp: TcpStream) -> std::io::Result<String> {
    Ok("left without a word: making one needs the feature `aws-lc-rs`".to_owned())
}

struct Pki {
    anchors: TrustAnchors,
    server: MtlsIdentity,
    payments: MtlsIdentity,
    intruder: MtlsIdentity,
    stranger: MtlsIdentity,
}

impl Pki {
    fn new() -> Result<Self> {
        let ca = authority("Example CA")?;
        let other_ca = authority("Another CA")?;
        Ok(Self {
            anchors: TrustAnchors::from_pem(ca.pem().as_bytes())?,
            server: leaf(&ca, "server", SanType::DnsName(SERVER.try_into()?))?,
            payments: leaf(&ca, "payments", SanType::URI(PAYMENTS.try_into()?))?,
            intruder: leaf(&ca, "intruder", SanType::URI(INTRUDER.try_into()?))?,
            stranger: leaf(&other_ca, "stranger", SanType::URI(PAYMENTS.try_into()?))?,
        })
    }
}

type Ca = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Result<Ca> {
    let mut params = subject(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn leaf(ca: &Ca, name: &str, san: SanType) -> Result<MtlsIdentity> {
    let mut params = subject(name);
    params.subject_alt_names = vec![san];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, ca)?;
    Ok(MtlsIdentity::from_pem(
        certificate.pem().as_bytes(),
        key.serialize_pem().as_bytes(),
    )?)
}

fn subject(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = time::OffsetDateTime::now_utc() - Duration::from_secs(3600);
    params.not_after = time::OffsetDateTime::now_utc() + Duration::from_secs(86_400);
    params
}

#[cfg(feature = "aws-lc-rs")]
mod plain {
    //! Plain TLS without a client certificate or verification of the server, only to be rejected.

    use std::io::{self, Read};
    use std::net::TcpStream;
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

    pub(crate) fn hello(tcp: &mut TcpStream) -> io::Result<String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Blind))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"hello/1".to_vec()];
        let name = ServerName::try_from(super::SERVER).map_err(io::Error::other)?;
        let mut connection =
            ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut answer = String::new();
        match rustls::Stream::new(&mut connection, tcp).read_to_string(&mut answer) {
            Ok(_) => Ok(format!("received {answer:?}")),
            Err(error) => Ok(error.to_string()),
        }
    }

    #[derive(Debug)]
    struct Blind;

    impl ServerCertVerifier for Blind {
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
            vec![
                SignatureScheme::ECDSA_NISTP256_SHA256,
                SignatureScheme::ED25519,
            ]
        }
    }
}
