//! Both sides, whose certificates can be rotated.

use std::collections::BTreeMap;

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::Side;
use mtls::{MtlsClient, MtlsIdentity, MtlsServer, Rotation, TrustAnchors, VerifierPolicy};

use super::WITHIN;
use super::common::LIMIT;
use super::common::workshop::Workshop;
use super::record::Connections;

/// A server and its clients, and what they report.
pub struct Ends<B: ServerBackend + ClientBackend> {
    pub server: MtlsServer<B>,
    /// By ALPN `http/1.1` and `h2`.
    pub clients: [MtlsClient<B>; 2],
    identities: BTreeMap<bool, Vec<MtlsIdentity>>,
    pub server_side: Connections,
    pub client_side: [Connections; 2],
}

impl<B: ServerBackend + ClientBackend + Default> Ends<B> {
    pub fn new(retiring: Side) -> Self {
        let workshop = Workshop::open();
        let (clients, servers) = identities(&workshop);
        let anchors = TrustAnchors::from_file(workshop.path("client").join("ca.crt")).unwrap();
        let server_side = Connections::default();
        let seen = server_side.clone();
        let mut server = MtlsServer::builder()
            .identity(servers[0].clone())
            .trust_anchors(anchors.clone())
            .policy(VerifierPolicy::allow_any_authenticated())
            .alpn(["h2", "http/1.1"])
            .handshake_timeout(LIMIT)
            .observer(move |event| seen.observe(event));
        if retiring == Side::Server {
            server = server.retire_connections(WITHIN);
        }
        let client_side = [Connections::default(), Connections::default()];
        let client = |alpn: &str, seen: &Connections| {
            let seen = seen.clone();
            let mut client = MtlsClient::builder()
                .identity(clients[0].clone())
                .trust_anchors(anchors.clone())
                .alpn([alpn])
                .handshake_timeout(LIMIT)
                .observer(move |event| seen.observe(event));
            if retiring == Side::Client {
                client = client.retire_connections(WITHIN);
            }
            client.build(B::default()).unwrap()
        };
        Self {
            server: server.build(B::default()).unwrap(),
            clients: [
                client("http/1.1", &client_side[0]),
                client("h2", &client_side[1]),
            ],
            identities: BTreeMap::from([(true, clients.clone()), (false, servers)]),
            server_side,
            client_side,
        }
    }

    pub fn rotate(&self, side: Side, number: u64) {
        let identities = &self.identities[&(side == Side::Client)];
        let which = usize::try_from(number).unwrap() % identities.len();
        let rotation = || Rotation::new().identity(identities[which].clone());
        if side == Side::Server {
            self.server.handle().rotate(rotation()).unwrap();
        } else {
            for client in &self.clients {
                client.handle().rotate(rotation()).unwrap();
            }
        }
    }

    pub fn of(&self, side: Side) -> Vec<&Connections> {
        if side == Side::Server {
            vec![&self.server_side]
        } else {
            self.client_side.iter().collect()
        }
    }
}

/// Eight of clients and eight of servers.
fn identities(workshop: &Workshop) -> (Vec<MtlsIdentity>, Vec<MtlsIdentity>) {
    let read = |name: &str| {
        let folder = workshop.path(name);
        let file = |suffix: &str| std::fs::read(folder.join(format!("{name}.{suffix}"))).unwrap();
        MtlsIdentity::from_pem(&file("crt"), &file("key")).unwrap()
    };
    let client = |number: u64| {
        workshop.issue_client("alice", 0x1100 + number);
        read("client")
    };
    let server = |number: u64| {
        workshop.issue_server(0x2100 + number);
        read("server")
    };
    ((0..8).map(client).collect(), (0..8).map(server).collect())
}
