//! rustls alone, with its own verifiers: what a careful service would write by hand.

use std::sync::Arc;

use mtls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection, SideData, StreamOwned,
};

use super::{Connection, End, Setup};
use crate::support::{Own, Pki, SERVER, Wire};

struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

struct Server(Arc<ServerConfig>);

pub(super) fn client(setup: &Setup, pki: &Pki, own: &Own) -> Box<dyn End> {
    Box::new(Client {
        config: client_config(setup, pki, own),
        name: ServerName::try_from(SERVER).unwrap(),
    })
}

pub(super) fn server(setup: &Setup, pki: &Pki) -> Box<dyn End> {
    Box::new(Server(server_config(setup, pki)))
}

pub(crate) fn client_config(setup: &Setup, pki: &Pki, own: &Own) -> Arc<ClientConfig> {
    let provider = setup.provider();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(pki), Arc::clone(&provider))
        .with_crls(pki.lists.iter().cloned())
        .build()
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_webpki_verifier(verifier)
        .with_client_auth_cert(own.chain.clone(), key(own))
        .unwrap();
    if !setup.resumes {
        config.resumption = Resumption::disabled();
    }
    Arc::new(config)
}

pub(crate) fn server_config(setup: &Setup, pki: &Pki) -> Arc<ServerConfig> {
    let provider = setup.provider();
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(roots(pki), Arc::clone(&provider))
            .with_crls(pki.lists.iter().cloned());
    if !setup.sends_ca_names() {
        verifier = verifier.clear_root_hint_subjects();
    }
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(pki.server.chain.clone(), key(&pki.server))
        .unwrap();
    if !setup.resumes {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Arc::new(config)
}

fn roots(pki: &Pki) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for anchor in &pki.anchors {
        roots.add(anchor.clone()).unwrap();
    }
    Arc::new(roots)
}

fn key(own: &Own) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(own.key.clone()).into()
}

impl End for Client {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        let connection = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        Box::new(StreamOwned::new(connection.unwrap(), wire))
    }
}

impl End for Server {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        let connection = ServerConnection::new(Arc::clone(&self.0)).unwrap();
        Box::new(StreamOwned::new(connection, wire))
    }
}

impl<C, S> Connection for StreamOwned<C, Wire>
where
    C: std::ops::DerefMut<Target = ConnectionCommon<S>> + Send,
    S: SideData,
{
    fn is_resumed(&self) -> bool {
        self.conn.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}
