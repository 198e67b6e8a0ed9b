//! rustls alone, with its own verifiers: what a careful service would write by hand.

use std::io::{Read, Write};
use std::sync::Arc;

use mtls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::SupportedKxGroup;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    ClientConfig, ClientConnection, NamedGroup, RootCertStore, ServerConfig, ServerConnection,
    Stream,
};

use super::pki::{Own, Pki};
use super::{Handshakes, SERVER, dial, serve};

pub(crate) fn handshakes(pki: &Pki) -> Handshakes {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    // As rustls' own default features and the facade have it.
    let is_second = |group: &&dyn SupportedKxGroup| group.name() != NamedGroup::X25519MLKEM768;
    provider.kx_groups.sort_by_key(is_second);
    let provider = Arc::new(provider);
    let mut roots = RootCertStore::empty();
    roots.add(pki.root.clone()).unwrap();
    let roots = Arc::new(roots);

    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(pki.server.chain.clone(), key(&pki.server))
        .unwrap();
    server.session_storage = Arc::new(NoServerSessionStorage {});
    server.send_tls13_tickets = 0;
    let server = Arc::new(server);

    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
        .build()
        .unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(pki.client.chain.clone(), key(&pki.client))
        .unwrap();
    client.resumption = Resumption::disabled();
    let client = Arc::new(client);

    let connections = serve(move |mut pipe| {
        let mut connection = ServerConnection::new(Arc::clone(&server)).unwrap();
        Stream::new(&mut connection, &mut pipe)
            .write_all(&[1])
            .unwrap();
    });
    let name = ServerName::try_from(SERVER).unwrap();
    Box::new(move || {
        let mut connection = ClientConnection::new(Arc::clone(&client), name.clone()).unwrap();
        let mut pipe = dial(&connections);
        Stream::new(&mut connection, &mut pipe)
            .read_exact(&mut [0])
            .unwrap();
    })
}

fn key(own: &Own) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(own.key.clone()).into()
}
