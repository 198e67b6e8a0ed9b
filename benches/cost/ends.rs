//! Both ends of connections: by a library alone, and by this crate on it.

mod ours;
mod raw_openssl;
mod raw_rustls;

use std::io::{Read, Write};
use std::sync::Arc;

use mtls::Rustls;
use rustls::NamedGroup;
use rustls::crypto::{CryptoProvider, SupportedKxGroup};

use crate::support::{Anchors, Own, Pki, PkiSpec, Wire};

pub(crate) use ours::{client as our_client, server as our_server};
pub(crate) use raw_rustls::{client_config as raw_client, server_config as raw_server};

/// Who does what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The library, with its own verification and equal settings.
    Raw,
    Mtls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    AwsLc,
    Ring,
    OpenSsl,
}

/// TLS 1.3, a certificate on each side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) library: Library,
    pub(crate) pki: PkiSpec,
    /// The library's own key exchange groups, in place of X25519.
    pub(crate) has_default_groups: bool,
    pub(crate) resumes: bool,
}

/// Makes one end of a connection. The end is complete once a byte has come or gone.
pub(crate) trait End: Send {
    fn open(&self, wire: Wire) -> Box<dyn Connection>;
}

pub(crate) trait Connection: Read + Write + Send {
    fn is_resumed(&self) -> bool;
}

impl Library {
    /// Its name in the record.
    pub(crate) const OPENSSL: &str = "OpenSSL";
}

impl Setup {
    pub(crate) const PLAIN: Self = Self::with(PkiSpec::PLAIN);

    pub(crate) const fn with(pki: PkiSpec) -> Self {
        Self {
            library: Library::AwsLc,
            pki,
            has_default_groups: false,
            resumes: false,
        }
    }

    pub(crate) fn client(&self, by: By, pki: &Pki, own: &Own) -> Box<dyn End> {
        match (by, self.library) {
            (By::Mtls, Library::OpenSsl) => {
                Box::new(our_client(self, mtls::OpenSsl::default(), pki, own))
            }
            (By::Mtls, _) => Box::new(our_client(self, self.rustls(), pki, own)),
            (By::Raw, Library::OpenSsl) => raw_openssl::client(self, pki, own),
            (By::Raw, _) => raw_rustls::client(self, pki, own),
        }
    }

    pub(crate) fn server(&self, by: By, pki: &Pki) -> Box<dyn End> {
        match (by, self.library) {
            (By::Mtls, Library::OpenSsl) => {
                Box::new(our_server(self, mtls::OpenSsl::default(), pki))
            }
            (By::Mtls, _) => Box::new(our_server(self, self.rustls(), pki)),
            (By::Raw, Library::OpenSsl) => raw_openssl::server(self, pki),
            (By::Raw, _) => raw_rustls::server(self, pki),
        }
    }

    /// Whether the server names its trust anchors to its clients. Not all of many fit.
    fn sends_ca_names(&self) -> bool {
        self.pki.anchors == Anchors::Distinct(1)
    }

    pub(crate) fn rustls(&self) -> Rustls {
        Rustls::with_provider(self.provider())
    }

    pub(crate) fn provider(&self) -> Arc<CryptoProvider> {
        let mut provider = match self.library {
            Library::Ring => rustls::crypto::ring::default_provider(),
            _ => rustls::crypto::aws_lc_rs::default_provider(),
        };
        if self.has_default_groups {
            // As rustls' own default features and this crate have it.
            let is_second =
                |group: &&dyn SupportedKxGroup| group.name() != NamedGroup::X25519MLKEM768;
            provider.kx_groups.sort_by_key(is_second);
        } else {
            provider
                .kx_groups
                .retain(|group| group.name() != NamedGroup::X25519MLKEM768);
        }
        Arc::new(provider)
    }
}
