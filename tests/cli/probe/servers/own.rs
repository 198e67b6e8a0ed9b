use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use mtls::backend::ServerBackend;
use mtls::policy::RevocationDepth;
use mtls::rotation::SelfTrust;
use mtls::{
    MtlsIdentity, MtlsServer, PeerMatcher, RevocationLists, RevocationRules, Rustls, TrustAnchors,
    VerifierPolicy,
};
use rustls::SignatureScheme;

use super::{Server, Setup};
use crate::probe::world::Fault;

/// This crate on rustls, with a provider that verifies no signature on P-521.
pub(crate) fn rustls(setup: &Setup<'_>) -> Option<Server> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let algorithms = &mut provider.signature_verification_algorithms;
    let mapping = algorithms.mapping.iter().copied();
    let mapping = mapping.filter(|(scheme, _)| *scheme != SignatureScheme::ECDSA_NISTP521_SHA512);
    algorithms.mapping = mapping.collect::<Vec<_>>().leak();
    Some(start(setup, Rustls::with_provider(provider.into())))
}

/// This crate on OpenSSL.
#[cfg(feature = "openssl")]
pub(crate) fn openssl(setup: &Setup<'_>) -> Option<Server> {
    Some(start(setup, mtls::OpenSsl::default()))
}

fn start<B: ServerBackend + 'static>(setup: &Setup<'_>, backend: B) -> Server {
    let path = |name: &str| setup.world.path(name);
    let policy = match setup.finds {
        Fault::WrongName => VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap()),
        // The client's key has 2048.
        Fault::WrongScheme => VerifierPolicy::allow_any_authenticated().min_rsa_bits(3072),
        Fault::Revoked => VerifierPolicy::allow_any_authenticated()
            .revocation(RevocationRules::require(RevocationDepth::Leaf)),
        _ => VerifierPolicy::allow_any_authenticated(),
    };
    let identity = MtlsIdentity::from_files(
        path(&format!("{}.crt", setup.identity)),
        path(&format!("{}.key", setup.identity)),
    );
    let mut builder = MtlsServer::builder()
        .identity(identity.unwrap())
        .trust_anchors(TrustAnchors::from_file(path("ca.crt")).unwrap())
        .self_trust(SelfTrust::Skip)
        .policy(policy);
    if setup.finds == Fault::Revoked {
        builder = builder.revocation_lists(RevocationLists::from_file(path("ca.crl")).unwrap());
    }
    let server = builder.build(backend).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // It ends with the process of the tests.
    thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            socket
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let server = server.clone();
            thread::spawn(move || {
                if let Ok(mut stream) = server.accept(socket) {
                    // Until the client closes.
                    while matches!(stream.read(&mut [0; 64]), Ok(1..)) {}
                }
            });
        }
    });
    Server::of_this_process(port)
}
