//! A connection on OpenSSL, for the tests of this folder.

use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslConnector, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;

use super::OpenSsl;
use crate::backend::adapter::ServerAdapter;
use crate::backend::tests::{Cast, socket_pair};
use crate::backend::{ClientAuthMode, ServerSettings, SessionVerifier};
use crate::material::MtlsIdentity;

/// Both sides of a connection, after their handshake.
pub(super) struct Connected {
    pub(super) client: SslStream<TcpStream>,
    pub(super) server: SslStream<TcpStream>,
    /// The server's.
    pub(super) verifier: Arc<SessionVerifier>,
}

/// Lets `client` connect to a server that accepts clients without a certificate too.
pub(super) fn connected(cast: &Cast, client: Option<&MtlsIdentity>) -> Connected {
    let backend = OpenSsl::default();
    let verifier = cast.verifier(backend.signature_algorithms().unwrap());
    let settings = ServerSettings {
        client_auth: ClientAuthMode::Optional,
        ..cast.settings(&verifier)
    };
    let config = backend.build_server(settings).unwrap();
    let (near, far) = socket_pair();
    let client = client.cloned();
    let client = thread::spawn(move || connect(near, client.as_ref()));
    let mut server = SslStream::new(Ssl::new(config.context()).unwrap(), far).unwrap();
    server.accept().unwrap();
    Connected {
        client: client.join().unwrap(),
        server,
        verifier,
    }
}

/// Presents `identity` and verifies nothing.
fn connect(socket: TcpStream, identity: Option<&MtlsIdentity>) -> SslStream<TcpStream> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    if let Some(identity) = identity {
        let leaf = X509::from_der(&identity.chain().as_slice()[0]).unwrap();
        let key = identity.private_key().unwrap().pkcs8_der();
        let key = PKey::private_key_from_pkcs8(key.secret_pkcs8_der()).unwrap();
        connector.set_certificate(&leaf).unwrap();
        connector.set_private_key(&key).unwrap();
    }
    connector.build().connect("localhost", socket).unwrap()
}
