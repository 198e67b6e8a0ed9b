//! A full mutual handshake in memory, by the facade and by each library alone with equivalent settings; and one by the
//! facade that resumes, where each peer is verified again.
//!
//! TLS 1.3, P-256, one intermediate on each side. The server runs on a thread of its own and ends each
//! connection with one byte, so that the client has seen the server's verdict.

mod pipe;
mod pki;
#[cfg(feature = "openssl")]
mod raw_openssl;
mod raw_rustls;

use std::io::{Read, Write};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use mtls::backend::ClientBackend;
use mtls::backend::ServerBackend;
use mtls::connection::{ProtocolVersion, Resumption, WithoutTimeout};
use mtls::{MtlsClient, MtlsServer, VerifierPolicy};

pub(crate) use pipe::Pipe;
pub(crate) use pki::Pki;

pub(crate) const SERVER: &str = "server.example";

/// Something that does one handshake each time it is called.
pub(crate) type Handshakes = Box<dyn FnMut()>;

/// Every way to shake hands, by name.
pub(crate) fn all() -> Vec<(&'static str, Handshakes)> {
    let pki = Pki::new();
    #[allow(unused_mut, reason = "OpenSSL adds to it")]
    let mut all = vec![
        ("rustls/raw", raw_rustls::handshakes(&pki)),
        ("rustls/mtls", facade(&pki, mtls::Rustls::default(), FULL)),
        (
            "rustls/mtls/resumed",
            facade(&pki, mtls::Rustls::default(), RESUMED),
        ),
    ];
    #[cfg(feature = "openssl")]
    all.extend([
        ("openssl/raw", raw_openssl::handshakes(&pki)),
        ("openssl/mtls", facade(&pki, mtls::OpenSsl::default(), FULL)),
    ]);
    all
}

const FULL: Resumption = Resumption::Off;
const RESUMED: Resumption = Resumption::BoundToRevision {
    max_age: Resumption::MAX_AGE,
};

fn facade<B: ClientBackend + ServerBackend + Clone>(
    pki: &Pki,
    backend: B,
    resumption: Resumption,
) -> Handshakes {
    let server = MtlsServer::builder()
        .identity(pki.server_identity())
        .trust_anchors(pki.anchors())
        .policy(VerifierPolicy::allow_any_authenticated())
        .protocol_versions([ProtocolVersion::Tls13])
        .resumption(resumption)
        .build(backend.clone())
        .unwrap();
    let client = MtlsClient::builder()
        .identity(pki.client_identity())
        .trust_anchors(pki.anchors())
        .protocol_versions([ProtocolVersion::Tls13])
        .resumption(resumption)
        .build(backend)
        .unwrap();
    let connections = serve(move |pipe| {
        let mut stream = server.accept(WithoutTimeout(pipe)).unwrap();
        stream.write_all(&[1]).unwrap();
    });
    let mut met = false;
    Box::new(move || {
        let mut stream = client
            .connect(SERVER, WithoutTimeout(dial(&connections)))
            .unwrap();
        stream.read_exact(&mut [0]).unwrap();
        assert_eq!(stream.session().is_resumed(), met && resumption != FULL);
        met = true;
    })
}

/// Runs a server for as long as connections may come.
pub(crate) fn serve(mut accept: impl FnMut(Pipe) + Send + 'static) -> Sender<Pipe> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        while let Ok(pipe) = receiver.recv() {
            accept(pipe);
        }
    });
    sender
}

pub(crate) fn dial(connections: &Sender<Pipe>) -> Pipe {
    let (ours, theirs) = Pipe::pair();
    connections.send(theirs).unwrap();
    ours
}
