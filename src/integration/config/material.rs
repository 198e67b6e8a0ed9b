//! What a configuration gives to a revision, and its contradictions.

use super::document::field_path::{Fault, FieldPath};
use super::error::{ConfigError, ConfigProblem};
use super::fields::input::Inputs;
use super::fields::policy::PolicyConfig;
use super::fields::settings::{ClientConfig, Config, ServerConfig, Shared};
use super::watched::Watched;
use crate::material::{Loader, MtlsIdentity, RevocationLists, TrustAnchors};
use crate::policy::matcher::PeerMatcher;
use crate::policy::{Trust, TrustBundles, VerifierPolicy};
use crate::rotation::Rotation;

/// Everything that a configuration names, loaded once.
///
/// For tools that examine it. A service uses the builder, which follows the files.
///
/// ```no_run
/// use mtls::config::ServerConfig;
///
/// let config = ServerConfig::from_file("service.toml", "tls")?;
/// println!("{}", config.load()?.identity.describe());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfigMaterial {
    /// Our own identity.
    pub identity: MtlsIdentity,
    /// What proves our peers.
    pub trust: Trust,
    /// The revocation lists; `None` if the configuration names none.
    pub revocation_lists: Option<RevocationLists>,
    /// The policy; `None` if a client's configuration has none, which accepts what has the
    /// server's name.
    pub policy: Option<VerifierPolicy>,
    /// The policy that is evaluated and not enforced.
    pub shadow_policy: Option<VerifierPolicy>,
}

/// The function that both configurations have.
macro_rules! load {
    ($name:ident) => {
        impl $name {
            /// Loads everything that the configuration names, once.
            ///
            /// # Errors
            /// [`ConfigError`] with the field whose file or policy is wrong.
            pub fn load(&self) -> Result<ConfigMaterial, ConfigError> {
                let shared = self.shared();
                shared.check()?;
                shared.load()
            }
        }
    };
}

load!(ClientConfig);
load!(ServerConfig);

impl Shared<'_> {
    /// Checks what can be checked without reading files.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let checked = self.contradiction().and_then(|()| self.matchers());
        checked.map_err(|fault| self.origin.error(fault))
    }

    fn matchers(&self) -> Result<(), Fault> {
        if let Some(policy) = self.policy {
            policy.policy(&field("policy"), None)?;
        }
        if let Some(policy) = self.shadow_policy {
            policy.policy(&field("shadow_policy"), None)?;
        }
        Ok(())
    }

    fn contradiction(&self) -> Result<(), Fault> {
        self.identity.parts(&field("identity"))?;
        match (self.trust_anchors, self.trust_bundles) {
            (Some(_), Some(_)) => {
                let other = "trust_bundles";
                return Err((field("trust_anchors"), ConfigProblem::Conflict { other }));
            }
            (None, None) => return Err((field("trust_anchors"), ConfigProblem::Missing)),
            _ => {}
        }
        let has_rules =
            |policy: Option<&PolicyConfig>| policy.is_some_and(PolicyConfig::has_revocation_rules);
        let rules = has_rules(self.policy) || has_rules(self.shadow_policy);
        match (self.revocation_lists, rules) {
            (Some(_), false) => {
                let rules = field("policy").key("revocation");
                Err((rules, ConfigProblem::ListsWithoutRules))
            }
            (None, true) => Err((field("revocation_lists"), ConfigProblem::Missing)),
            _ => Ok(()),
        }
    }

    /// Returns everything that it names, loaded.
    pub(super) fn load(&self) -> Result<ConfigMaterial, ConfigError> {
        self.material().map_err(|fault| self.origin.error(fault))
    }

    fn material(&self) -> Result<ConfigMaterial, Fault> {
        let base = self.origin.base();
        let loader = Loader::new();
        let policy = |config: Option<&PolicyConfig>, at: &str| {
            let policy = config.map(|config| config.policy(&field(at), Some(&base)));
            policy.transpose()
        };
        let shadow_policy = policy(self.shadow_policy, "shadow_policy")?;
        let policy = policy(self.policy, "policy")?;
        let anchors = |inputs: &Inputs, at: FieldPath| {
            let parts = inputs.load(&at, &base, |input| loader.load_anchors(input))?;
            TrustAnchors::join(parts).map_err(|error| (at, ConfigProblem::Material(error)))
        };
        let trust = if let Some(bundles) = self.trust_bundles {
            let at = field("trust_bundles");
            let bundles = bundles.iter().map(|(domain, inputs)| {
                let anchors = anchors(inputs, at.clone().key(domain))?;
                Ok((domain.as_str(), anchors))
            });
            let bundles = bundles.collect::<Result<Vec<_>, Fault>>()?;
            let bundles = TrustBundles::new(bundles);
            Trust::from(bundles.map_err(|error| (at, ConfigProblem::TrustBundles(error)))?)
        } else {
            let at = field("trust_anchors");
            let inputs = self.trust_anchors;
            let inputs = inputs.ok_or_else(|| (at.clone(), ConfigProblem::Missing))?;
            Trust::from(anchors(inputs, at)?)
        };
        let lists = self.revocation_lists.map(|inputs| {
            let at = field("revocation_lists");
            let parts = inputs.load(&at, &base, |input| loader.load_revocation_lists(input))?;
            let lists = RevocationLists::join(parts);
            lists.map_err(|error| (at, ConfigProblem::Material(error)))
        });
        let revocation_lists = lists.transpose()?;
        // Last, since its passphrase may cost a second.
        let at = field("identity");
        let mut identity = self.identity.load(&at, &base)?;
        let document = self.origin.document.as_ref();
        // Then the file of the configuration is that of the key.
        if self.identity.is_in_configuration()
            && let Some(exposure) = document.and_then(super::document::Document::exposure)
        {
            let exposed = identity.exposed(Some(exposure.clone()));
            identity = exposed.map_err(|error| (at, ConfigProblem::Material(error)))?;
        }
        Ok(ConfigMaterial {
            identity,
            trust,
            revocation_lists,
            policy,
            shadow_policy,
        })
    }

    /// Returns every file and folder that it is read from.
    pub(super) fn watched(&self) -> Vec<Watched> {
        let base = self.origin.base();
        let mut watched = Vec::new();
        let document = self.origin.document.as_ref();
        if let Some(path) = document.and_then(super::document::Document::path) {
            watched.push(Watched::file(path.to_owned(), super::document::MAX_BYTES));
        }
        self.identity.watch(&base, &mut watched);
        let bundles = self
            .trust_bundles
            .into_iter()
            .flat_map(|bundles| bundles.values());
        for anchors in self.trust_anchors.into_iter().chain(bundles) {
            anchors.watch(&base, TrustAnchors::MAX_INPUT_BYTES, &mut watched);
        }
        if let Some(lists) = self.revocation_lists {
            lists.watch(&base, RevocationLists::MAX_INPUT_BYTES, &mut watched);
        }
        let mut files = Vec::new();
        for policy in self.policy.into_iter().chain(self.shadow_policy) {
            policy.files(&base, &mut files);
        }
        let files = files.into_iter();
        watched.extend(files.map(|path| Watched::file(path, PeerMatcher::MAX_TEXT_BYTES)));
        watched
    }
}

impl From<ConfigMaterial> for Rotation {
    fn from(material: ConfigMaterial) -> Self {
        Self {
            identity: Some(material.identity),
            trust: Some(material.trust),
            revocation_lists: material.revocation_lists,
            policy: material.policy,
            shadow: material.shadow_policy,
            ..Self::new()
        }
    }
}

fn field(name: &str) -> FieldPath {
    FieldPath::default().key(name)
}
