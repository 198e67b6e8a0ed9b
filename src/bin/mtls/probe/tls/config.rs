use std::sync::Arc;

use clap::ValueEnum;
use mtls::connection::ProtocolVersion;
use mtls::pki_types::ServerName;
use mtls::policy::Trust;
use mtls::{MtlsClient, PeerVerifier, Rustls};
use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, NamedGroup, SupportedProtocolVersion};

use super::recorder::{Presenter, Recorder, TicketNote};
use crate::arguments::Material;
use crate::probe::failure::Failure;

/// A version of TLS that we offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl Version {
    pub(crate) const ALL: &'static [Self] = &[Self::Tls12, Self::Tls13];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }

    fn of_rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &rustls::version::TLS12,
            Self::Tls13 => &rustls::version::TLS13,
        }
    }

    fn of_library(self) -> ProtocolVersion {
        match self {
            Self::Tls12 => ProtocolVersion::Tls12,
            Self::Tls13 => ProtocolVersion::Tls13,
        }
    }
}

/// Makes the configurations of the connections of one probe.
pub(crate) struct Configs<'a> {
    pub(crate) material: &'a Material,
    pub(crate) verifier: Option<PeerVerifier>,
    pub(crate) name: ServerName<'static>,
    pub(crate) alpn: Vec<Vec<u8>>,
}

/// A configuration, and the recorder of the one connection that uses it.
pub(super) struct Recorded {
    pub(super) config: ClientConfig,
    pub(super) recorder: Arc<Recorder>,
}

impl Configs<'_> {
    /// Accepts every server and presents no certificate.
    pub(super) fn to_look(&self, versions: &[Version]) -> Result<Recorded, Failure> {
        let provider = provider();
        let algorithms = provider.signature_verification_algorithms;
        let recorder = Recorder::new(self.verifier.clone(), self.name.clone(), algorithms);
        let recorder = Arc::new(recorder);
        let versions: Vec<_> = versions.iter().map(|version| version.of_rustls()).collect();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions)
            .map_err(|error| Failure::of_error(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&recorder) as _)
            .with_client_cert_resolver(Arc::new(Presenter {
                recorder: Arc::clone(&recorder),
                identity: None,
            }));
        Ok(self.finish(config, recorder))
    }

    /// Presents the identity as a service would: to no server that the policy rejects.
    pub(super) fn to_present(&self, versions: &[Version]) -> Result<Recorded, Failure> {
        let algorithms = provider().signature_verification_algorithms;
        let recorder = Arc::new(Recorder::new(None, self.name.clone(), algorithms));
        let mut config = self.of_a_service(versions)?;
        config.client_auth_cert_resolver = Arc::new(Presenter {
            recorder: Arc::clone(&recorder),
            identity: Some(Arc::clone(&config.client_auth_cert_resolver)),
        });
        Ok(self.finish(config, recorder))
    }

    /// Presents the identity to every server.
    pub(super) fn danger_to_present_anyway(
        &self,
        versions: &[Version],
    ) -> Result<Recorded, Failure> {
        let mut recorded = self.to_look(versions)?;
        let identity = self.of_a_service(versions)?.client_auth_cert_resolver;
        recorded.config.client_auth_cert_resolver = Arc::new(Presenter {
            recorder: Arc::clone(&recorded.recorder),
            identity: Some(identity),
        });
        Ok(recorded)
    }

    fn finish(&self, mut config: ClientConfig, recorder: Arc<Recorder>) -> Recorded {
        config.alpn_protocols = self.alpn.clone();
        // Servers send tickets to clients that seem to use them.
        config.resumption = Resumption::store(Arc::new(TicketNote(Arc::clone(&recorder))))
            .tls12_resumption(Tls12Resumption::Disabled);
        Recorded { config, recorder }
    }

    /// Returns the configuration that a service with this material has.
    fn of_a_service(&self, versions: &[Version]) -> Result<ClientConfig, Failure> {
        let mut builder = MtlsClient::builder();
        if let Some(identity) = &self.material.identity {
            builder = builder.identity(identity.clone());
        }
        match &self.material.trust {
            Some(Trust::Anchors(anchors)) => builder = builder.trust_anchors(anchors.clone()),
            Some(Trust::Bundles(bundles)) => builder = builder.trust_bundles(bundles.clone()),
            _ => {}
        }
        if let Some(policy) = &self.material.policy {
            builder = builder.policy(policy.clone());
        }
        if let Some(lists) = &self.material.revocation_lists {
            builder = builder.revocation_lists(lists.clone());
        }
        let versions = versions.iter().map(|version| version.of_library());
        let client = builder
            .protocol_versions(versions)
            .build(Rustls::default())
            .map_err(|error| Failure::of_error(&error))?;
        Ok(Arc::unwrap_or_clone(client.config()))
    }
}

/// The provider of the library, with its order of groups.
fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let is_other = |group: NamedGroup| group != NamedGroup::X25519MLKEM768;
    provider
        .kx_groups
        .sort_by_key(|group| is_other(group.name()));
    provider
}
