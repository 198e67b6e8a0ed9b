//! Identity, trust, lists and policy: from files, or from a service's configuration.

use std::env;
use std::path::{Path, PathBuf};

use clap::Args;
use mtls::config::{ClientConfig, ConfigMaterial, ServerConfig};
use mtls::connection::Side;
use mtls::material::Input;
use mtls::policy::{RevocationDepth, Trust};
use mtls::{
    Loader, MtlsIdentity, Passphrase, PeerMatcher, PeerVerifier, RevocationLists, RevocationRules,
    Rustls, TrustAnchors, VerifierPolicy,
};

use crate::output::Finding;

/// The variables that stand for arguments, as for a service.
pub(super) const CERT_FILE: &str = "MTLS_CERT_FILE";
pub(super) const KEY_FILE: &str = "MTLS_KEY_FILE";
pub(super) const CA_FILE: &str = "MTLS_CA_FILE";

/// Says by which argument a passphrase is given.
pub(crate) const PASSPHRASE_FILE_HINT: &str = "write the passphrase into a file that only this user can read, and give \
                                               it by `--passphrase-file FILE`";

#[derive(Args, Debug)]
#[command(next_help_heading = "Identity, trust and policy")]
pub(crate) struct MaterialArguments {
    /// Our certificate chain, or a file that has the key too [env: `MTLS_CERT_FILE`]
    #[arg(long, value_name = "FILE")]
    pub(super) cert: Option<PathBuf>,
    /// Our private key [env: `MTLS_KEY_FILE`]
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// The file of the passphrase of the key or container
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Trust anchors: a file or a directory; may be repeated [env: `MTLS_CA_FILE`]
    #[arg(long, value_name = "PATH")]
    pub(super) cacert: Vec<PathBuf>,
    /// Revocation lists: a file or a directory; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) crl: Vec<PathBuf>,
    /// The certificates whose status the lists must show: chain or leaf
    #[arg(long, value_name = "DEPTH", default_value_t = RevocationDepth::Chain, requires = "crl")]
    pub(super) crl_depth: RevocationDepth,
    /// Who may connect, such as 'dns("db.internal")'
    #[arg(long, value_name = "MATCHER")]
    pub(super) policy: Option<PeerMatcher>,
    /// A service's configuration, in place of the arguments above: they cannot be combined with it
    #[arg(long, value_name = "FILE", conflicts_with_all =
        ["cert", "key", "passphrase_file", "cacert", "crl", "policy"])]
    config: Option<PathBuf>,
    /// The section of the configuration: tls for servers and upstream for clients, unless given
    #[arg(long, value_name = "NAME", requires = "config")]
    section: Option<String>,
}

/// What the arguments name, loaded.
pub(crate) struct Material {
    pub(crate) identity: Option<MtlsIdentity>,
    pub(crate) trust: Option<Trust>,
    pub(crate) revocation_lists: Option<RevocationLists>,
    /// `None` if none is given.
    pub(crate) policy: Option<VerifierPolicy>,
    /// The name of the server that a client's configuration has.
    pub(crate) server_name: Option<String>,
    /// The file of our chain, if arguments name it.
    pub(crate) chain_file: Option<PathBuf>,
}

impl MaterialArguments {
    /// Says where a passphrase is given, by arguments or in the configuration.
    pub(crate) fn passphrase_hint(&self) -> &'static str {
        match self.config {
            Some(_) => {
                "write the passphrase into a file that only this user can read, and name it by `passphrase = { file = \"FILE\" }` \
                 in `identity`"
            }
            None => PASSPHRASE_FILE_HINT,
        }
    }

    /// Returns the file of the configuration and its section, if they are given.
    pub(crate) fn configuration(&self, side: Side) -> Option<(&Path, &str)> {
        let section = self.section.as_deref().unwrap_or(match side {
            Side::Server => "tls",
            _ => "upstream",
        });
        Some((self.config.as_deref()?, section))
    }

    /// Loads what is given, for us on this side.
    ///
    /// The error is the finding about the first file that cannot be used.
    pub(crate) fn load(&self, side: Side) -> Result<Material, Box<Finding>> {
        if let Some((file, section)) = self.configuration(side) {
            return from_configuration(file, section, side);
        }
        let loader = self.loader();
        Ok(Material {
            trust: self.trust(&loader)?,
            revocation_lists: self.revocation_lists(&loader)?,
            policy: self.policy(),
            server_name: None,
            chain_file: given(self.cert.as_deref(), CERT_FILE),
            // Last, since its passphrase may cost a second.
            identity: self.identity(&loader)?,
        })
    }

    /// Loads the identity with its chain put in order; `None` if none is given by files.
    pub(crate) fn repaired_identity(&self) -> Option<MtlsIdentity> {
        self.identity(&self.loader().repair_chain(true)).ok()?
    }

    fn loader(&self) -> Loader {
        match &self.passphrase_file {
            Some(file) => Loader::new().passphrase(Passphrase::from_file(file)),
            None => Loader::new(),
        }
    }

    fn identity(&self, loader: &Loader) -> Result<Option<MtlsIdentity>, Box<Finding>> {
        let Some(chain) = given(self.cert.as_deref(), CERT_FILE) else {
            return Ok(None);
        };
        let identity = match given(self.key.as_deref(), KEY_FILE) {
            Some(key) => loader.load_key_pair(Input::file(chain), Input::file(key)),
            None => loader.load_identity(Input::file(chain)),
        };
        Ok(Some(identity.map_err(Finding::boxed)?))
    }

    fn trust(&self, loader: &Loader) -> Result<Option<Trust>, Box<Finding>> {
        let mut paths = self.cacert.clone();
        if paths.is_empty() {
            paths.extend(given(None, CA_FILE));
        }
        if paths.is_empty() {
            return Ok(None);
        }
        let parts = paths.iter().map(|path| loader.load_anchors(input(path)));
        let parts = parts
            .collect::<Result<Vec<_>, _>>()
            .map_err(Finding::boxed)?;
        Ok(Some(
            TrustAnchors::join(parts).map_err(Finding::boxed)?.into(),
        ))
    }

    fn revocation_lists(&self, loader: &Loader) -> Result<Option<RevocationLists>, Box<Finding>> {
        if self.crl.is_empty() {
            return Ok(None);
        }
        let paths = self.crl.iter();
        let parts = paths.map(|path| loader.load_revocation_lists(input(path)));
        let parts = parts
            .collect::<Result<Vec<_>, _>>()
            .map_err(Finding::boxed)?;
        Ok(Some(RevocationLists::join(parts).map_err(Finding::boxed)?))
    }

    /// Returns the policy; with lists alone everyone whose status they show may connect.
    fn policy(&self) -> Option<VerifierPolicy> {
        let policy = match &self.policy {
            Some(matcher) => VerifierPolicy::allow(matcher.clone()),
            None if self.crl.is_empty() => return None,
            None => VerifierPolicy::allow_any_authenticated(),
        };
        Some(if self.crl.is_empty() {
            policy
        } else {
            policy.revocation(RevocationRules::require(self.crl_depth))
        })
    }
}

impl Material {
    /// Returns the verifier of peers that the trust, the lists and the policy make.
    ///
    /// Without a policy it accepts every peer that the anchors prove. The finding is that there are
    /// no usable anchors, or that the policy contradicts itself.
    pub(crate) fn verifier(&self) -> Result<PeerVerifier, Box<Finding>> {
        let Some(trust) = &self.trust else {
            return Err(Box::new(
                Finding::fault("missing_trust_anchors", "no trust anchors are given").hint(
                    "name the file of the CAs that issue the peers' certificates by --cacert",
                ),
            ));
        };
        let policy = self.policy.clone();
        let policy = policy.unwrap_or_else(VerifierPolicy::allow_any_authenticated);
        let verifier = Rustls::default()
            .signature_algorithms()
            .and_then(|algorithms| PeerVerifier::new(trust.clone(), policy, algorithms));
        let verifier = match &self.revocation_lists {
            Some(lists) => verifier.and_then(|verifier| verifier.with_revocation_lists(lists)),
            None => verifier,
        };
        verifier.map_err(Finding::boxed)
    }
}

impl From<ConfigMaterial> for Material {
    fn from(material: ConfigMaterial) -> Self {
        Self {
            identity: Some(material.identity),
            trust: Some(material.trust),
            revocation_lists: material.revocation_lists,
            policy: material.policy,
            server_name: None,
            chain_file: None,
        }
    }
}

fn from_configuration(file: &Path, section: &str, side: Side) -> Result<Material, Box<Finding>> {
    if side == Side::Server {
        let config = ServerConfig::from_file(file, section).map_err(Finding::boxed)?;
        return Ok(config.load().map_err(Finding::boxed)?.into());
    }
    let config = ClientConfig::from_file(file, section).map_err(Finding::boxed)?;
    let server_name = config.server_name().ok().map(str::to_owned);
    let material = Material::from(config.load().map_err(Finding::boxed)?);
    Ok(Material {
        server_name,
        ..material
    })
}

/// Returns what a path names: the file, or all files of the directory.
fn input(path: &Path) -> Input {
    if path.is_dir() {
        Input::directory(path)
    } else {
        Input::file(path)
    }
}

/// Returns the argument, or else what the variable holds.
pub(super) fn given(argument: Option<&Path>, variable: &str) -> Option<PathBuf> {
    let variable = || env::var_os(variable).filter(|value| !value.is_empty());
    argument
        .map(Path::to_owned)
        .or_else(|| Some(variable()?.into()))
}
