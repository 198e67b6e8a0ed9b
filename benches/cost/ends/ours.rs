//! This crate, on a backend.

use mtls::backend::{ClientBackend, ServerBackend};
use mtls::connection::{ProtocolVersion, Resumption};
use mtls::policy::RevocationDepth;
use mtls::{MtlsClient, MtlsServer, MtlsStream, RevocationRules, VerifierPolicy};

use super::{Connection, End, Setup};
use crate::support::{Own, Pki, SERVER, Wire};

pub(crate) fn client<B: ClientBackend>(
    setup: &Setup,
    backend: B,
    pki: &Pki,
    own: &Own,
) -> MtlsClient<B> {
    let mut builder = MtlsClient::builder()
        .identity(own.identity())
        .trust_anchors(pki.trust_anchors())
        .protocol_versions([ProtocolVersion::Tls13])
        .resumption(resumption(setup));
    if setup.pki.lists.is_some() {
        builder = builder
            .policy(policy(setup))
            .revocation_lists(pki.revocation_lists());
    }
    builder.build(backend).unwrap()
}

pub(crate) fn server<B: ServerBackend>(setup: &Setup, backend: B, pki: &Pki) -> MtlsServer<B> {
    let mut builder = MtlsServer::builder()
        .identity(pki.server.identity())
        .trust_anchors(pki.trust_anchors())
        .policy(policy(setup))
        .protocol_versions([ProtocolVersion::Tls13])
        .resumption(resumption(setup));
    if setup.pki.lists.is_some() {
        builder = builder.revocation_lists(pki.revocation_lists());
    }
    if !setup.sends_ca_names() {
        builder = builder.without_ca_names();
    }
    builder.build(backend).unwrap()
}

fn policy(setup: &Setup) -> VerifierPolicy {
    let policy = VerifierPolicy::allow_any_authenticated();
    if setup.pki.lists.is_some() {
        policy.revocation(RevocationRules::require(RevocationDepth::Chain))
    } else {
        policy
    }
}

fn resumption(setup: &Setup) -> Resumption {
    if setup.resumes {
        Resumption::BoundToRevision {
            max_age: Resumption::MAX_AGE,
        }
    } else {
        Resumption::Off
    }
}

impl<B: ClientBackend> End for MtlsClient<B> {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        Box::new(self.connect(SERVER, wire).unwrap())
    }
}

impl<B: ServerBackend> End for MtlsServer<B> {
    fn open(&self, wire: Wire) -> Box<dyn Connection> {
        Box::new(self.accept(wire).unwrap())
    }
}

impl<P: Send, B: mtls::backend::Backend> Connection for MtlsStream<Wire, P, B> {
    fn is_resumed(&self) -> bool {
        self.session().is_resumed()
    }
}
