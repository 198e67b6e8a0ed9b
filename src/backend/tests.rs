//! Two clients and a server under one CA, for the tests of the adapters.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use pki_types::{CertificateDer, UnixTime};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::verification::session_verifier::Pass;
use super::{
    ClientAuthMode, EventSink, KnownPeers, OwnChain, Resumption, ServerSettings, ServingGate,
    SessionVerifier, SourceDeadline, Versions,
};
use crate::material::{MtlsIdentity, TrustAnchors};
use crate::peer::PeerIdentity;
use crate::policy::{PeerVerifier, SignatureAlgorithms, SignatureMemo, VerifierPolicy};
use crate::side::Side;

pub(super) struct Cast {
    pub(super) root: CertificateDer<'static>,
    /// Has the root in its chain.
    pub(super) server: MtlsIdentity,
    pub(super) alice: MtlsIdentity,
    pub(super) bob: MtlsIdentity,
}

impl Cast {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.distinguished_name = named("Root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root_der = root.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(root, &key);
        let leaf = |name: &str| {
            let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
            leaf.distinguished_name = named(name);
            leaf.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate().unwrap();
            (leaf.signed_by(&key, &issuer).unwrap().der().clone(), key)
        };
        let identity = |chain: &[_], key: &KeyPair| {
            MtlsIdentity::from_der(chain.to_vec(), key.serialized_der()).unwrap()
        };
        let [(server, server_key), (alice, alice_key), (bob, bob_key)] =
            ["localhost", "alice.test", "bob.test"].map(leaf);
        Self {
            server: identity(&[server, root_der.clone()], &server_key),
            alice: identity(&[alice], &alice_key),
            bob: identity(&[bob], &bob_key),
            root: root_der,
        }
    }

    /// Accepts every client of the CA.
    pub(super) fn verifier(&self, algorithms: SignatureAlgorithms) -> Arc<SessionVerifier> {
        let anchors = TrustAnchors::from_der([self.root.clone()]).unwrap();
        let policy = VerifierPolicy::allow_any_authenticated();
        let serving = ServingGate {
            until: None,
            source: Arc::new(SourceDeadline::none()),
        };
        Arc::new(SessionVerifier::new(
            PeerVerifier::new(&anchors, policy, algorithms).unwrap(),
            None,
            KnownPeers::new(&SignatureMemo::default()),
            OwnChain::new(Side::Server, self.server.chain()),
            serving,
            Arc::new(UnixTime::now),
            Arc::new(EventSink::new("", None)),
        ))
    }

    pub(super) fn settings(&self, verifier: &Arc<SessionVerifier>) -> ServerSettings {
        ServerSettings {
            identity: self.server.clone(),
            verifier: Arc::clone(verifier),
            alpn: Vec::new(),
            versions: Versions {
                tls12: true,
                tls13: true,
            },
            resumption: Resumption::Off,
            client_auth: ClientAuthMode::Required,
            ca_names: Vec::new(),
        }
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

pub(super) fn accepted(verifier: &SessionVerifier, client: &MtlsIdentity) -> PeerIdentity {
    let chain = client.chain().as_slice();
    verifier.client(chain, Pass::First).verdict.unwrap()
}

/// Both sides of a connection, which wait for at most ten seconds.
pub(super) fn socket_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    for socket in [&near, &far] {
        let limit = Some(Duration::from_secs(10));
        socket.set_read_timeout(limit).unwrap();
        socket.set_write_timeout(limit).unwrap();
    }
    (near, far)
}
