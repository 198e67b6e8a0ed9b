//! The configuration in environment variables.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::document::field_path::FieldPath;
use super::error::{ConfigError, ConfigProblem};
use super::fields::identity::{IdentityConfig, PassphraseConfig};
use super::fields::input::{InputConfig, Inputs};
use super::fields::policy::PolicyConfig;
use super::fields::settings::{ClientConfig, Config, ServerConfig};
use super::fields::value::Depth;
use super::origin::Origin;
use crate::error::ConfigField;

/// The variables after their prefix, and the fields that they set.
const TABLE: [(&str, &[&str]); 10] = [
    ("CERT_FILE", &["identity", "chain"]),
    ("KEY_FILE", &["identity", "key"]),
    ("IDENTITY_FILE", &["identity", "file"]),
    ("PASSPHRASE_FILE", &["identity", "passphrase"]),
    ("CA_FILE", &["trust_anchors"]),
    ("CA_DIRECTORY", &["trust_anchors"]),
    ("CRL_FILE", &["revocation_lists"]),
    ("CRL_DEPTH", &["policy", "revocation", "depth"]),
    ("POLICY", &["policy", "allow"]),
    ("SERVER_NAME", &["server_name"]),
];

/// The fields of a configuration that variables set.
#[derive(Default)]
struct Fields {
    chain: Option<PathBuf>,
    key: Option<PathBuf>,
    identity: Option<PathBuf>,
    passphrase: Option<PathBuf>,
    anchors: Option<InputConfig>,
    lists: Option<PathBuf>,
    depth: Option<Depth>,
    policy: Option<String>,
    server_name: Option<String>,
    /// The variable of each field.
    variables: Vec<(FieldPath, String)>,
}

/// The functions that both configurations have.
macro_rules! environment {
    ($name:ident, $(#[$about:meta])*) => {
        impl $name {
            /// Reads the environment variables that begin with `MTLS_`.
            ///
            $(#[$about])*
            ///
            /// | variable | it sets |
            /// |---|---|
            /// | `MTLS_CERT_FILE`, `MTLS_KEY_FILE` | the files of our chain and key |
            /// | `MTLS_IDENTITY_FILE` | the file of both, in place of these two |
            /// | `MTLS_PASSPHRASE_FILE` | the file of the key's passphrase |
            /// | `MTLS_CA_FILE` or `MTLS_CA_DIRECTORY` | the trust anchors |
            /// | `MTLS_CRL_FILE` | revocation lists, which every peer's chain needs then |
            /// | `MTLS_CRL_DEPTH` | `chain` (the default) or `leaf`: what the lists are needed for |
            /// | `MTLS_POLICY` | who may connect, as the text of a [`PeerMatcher`](crate::PeerMatcher) |
            /// | `MTLS_SERVER_NAME` | for clients: the name of the server |
            ///
            /// The files are followed. There is no variable for a secret itself, nor for anything
            /// that relaxes a rule. The environment is read instead of a file, never on top of one.
            ///
            /// # Errors
            /// [`ConfigError`], which names the variable: one is missing, is empty, has no meaning
            /// (but for those that Kubernetes sets for a service named `mtls`), or contradicts
            /// another one.
            pub fn from_env() -> Result<Self, ConfigError> {
                Self::from_variables("MTLS_", env::vars_os())
            }

            /// Reads those of the given variables that begin with a prefix.
            ///
            /// A process with two clients gives each a prefix of its own. No prefix may begin with
            /// another one, since its variables would have no meaning there.
            ///
            /// # Errors
            /// Those of [`from_env`](Self::from_env).
            pub fn from_variables(
                prefix: &str,
                variables: impl IntoIterator<Item = (OsString, OsString)>,
            ) -> Result<Self, ConfigError> {
                let config = Self::of_fields(Fields::read(prefix, variables)?, prefix)?;
                config.shared().check()?;
                Ok(config)
            }
        }
    };
}

environment! {
    ClientConfig,
    /// Anchors are required, and an identity; the policy adds to the server's name.
}
environment! {
    ServerConfig,
    /// Anchors, an identity and `MTLS_POLICY` are required.
}

impl ClientConfig {
    fn of_fields(mut fields: Fields, prefix: &str) -> Result<Self, ConfigError> {
        let policy = fields.policy(prefix)?;
        let server_name = fields.server_name.take();
        let (origin, identity, trust_anchors, revocation_lists) = fields.shared(prefix)?;
        Ok(Self {
            origin,
            identity,
            trust_anchors,
            revocation_lists,
            policy,
            server_name,
            ..Self::empty()
        })
    }
}

impl ServerConfig {
    fn of_fields(mut fields: Fields, prefix: &str) -> Result<Self, ConfigError> {
        if fields.policy.is_none() {
            return Err(missing(prefix, "POLICY"));
        }
        let policy = fields.policy(prefix)?.unwrap_or_default();
        if fields.server_name.is_some() {
            let field = ConfigField::new(format!("{prefix}SERVER_NAME"));
            return Err(ConfigError::new(field, ConfigProblem::ForClients));
        }
        let (origin, identity, trust_anchors, revocation_lists) = fields.shared(prefix)?;
        Ok(Self {
            origin,
            identity,
            trust_anchors,
            revocation_lists,
            policy,
            ..Self::empty()
        })
    }
}

impl Fields {
    fn read(
        prefix: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut fields = Self::default();
        for (name, value) in variables {
            let name = name.to_string_lossy();
            let Some(rest) = name.strip_prefix(prefix) else {
                continue;
            };
            if is_of_kubernetes(rest) {
                continue;
            }
            let fault = |problem| {
                let visible = |c: char| if c.is_ascii_graphic() { c } else { '?' };
                let shown: String = name.chars().map(visible).take(64).collect();
                ConfigError::new(ConfigField::new(shown), problem)
            };
            if rest.starts_with("DANGER") {
                return Err(fault(ConfigProblem::DangerInEnvironment));
            }
            let Some((_, keys)) = TABLE.iter().find(|(known, _)| *known == rest) else {
                let known = TABLE.iter().map(|(name, _)| format!("{prefix}{name}"));
                let known = known.collect();
                return Err(fault(ConfigProblem::UnknownVariable { known }));
            };
            fields.set(rest, value).map_err(fault)?;
            let path = keys
                .iter()
                .fold(FieldPath::default(), |path, key| path.key(key));
            fields.variables.push((path, name.into_owned()));
        }
        Ok(fields)
    }

    fn set(&mut self, name: &str, value: OsString) -> Result<(), ConfigProblem> {
        if value.is_empty() {
            return Err(invalid("it is empty"));
        }
        let text = |value: OsString| value.into_string().map_err(|_| invalid("it is not UTF-8"));
        match name {
            "CERT_FILE" => self.chain = Some(value.into()),
            "KEY_FILE" => self.key = Some(value.into()),
            "IDENTITY_FILE" => self.identity = Some(value.into()),
            "PASSPHRASE_FILE" => self.passphrase = Some(value.into()),
            "CRL_FILE" => self.lists = Some(value.into()),
            "CRL_DEPTH" => {
                self.depth = Some(match &*text(value)? {
                    "chain" => Depth::Chain,
                    "leaf" => Depth::Leaf,
                    _ => return Err(invalid("it is neither `chain` nor `leaf`")),
                });
            }
            "POLICY" => self.policy = Some(text(value)?),
            "SERVER_NAME" => self.server_name = Some(text(value)?),
            _ => {
                let anchors = match name {
                    "CA_FILE" => InputConfig::File(value.into()),
                    _ => InputConfig::Directory(value.into()),
                };
                if self.anchors.replace(anchors).is_some() {
                    let other = match name {
                        "CA_FILE" => "CA_DIRECTORY",
                        _ => "CA_FILE",
                    };
                    return Err(ConfigProblem::Conflict { other });
                }
            }
        }
        Ok(())
    }

    /// Returns the policy, with the rules that the lists stand for. A client that only has lists
    /// accepts every authenticated server that they do not revoke.
    fn policy(&mut self, prefix: &str) -> Result<Option<PolicyConfig>, ConfigError> {
        let policy = self.policy.take().map(PolicyConfig::allow);
        if self.lists.is_none() {
            return match self.depth {
                Some(_) => Err(missing(prefix, "CRL_FILE")),
                None => Ok(policy),
            };
        }
        let depth = self.depth.unwrap_or(Depth::Chain);
        let policy =
            policy.unwrap_or_else(|| PolicyConfig::allow("any_authenticated()".to_owned()));
        Ok(Some(policy.with_revocation(depth)))
    }

    fn shared(
        self,
        prefix: &str,
    ) -> Result<(Origin, IdentityConfig, Option<Inputs>, Option<Inputs>), ConfigError> {
        if self.chain.is_none() && self.key.is_none() && self.identity.is_none() {
            return Err(missing(prefix, "CERT_FILE"));
        }
        let Some(anchors) = self.anchors else {
            return Err(missing(prefix, "CA_FILE"));
        };
        for (has, other, name) in [
            (&self.chain, &self.key, "KEY_FILE"),
            (&self.key, &self.chain, "CERT_FILE"),
        ] {
            if has.is_some() && other.is_none() && self.identity.is_none() {
                return Err(missing(prefix, name));
            }
        }
        let passphrase = self.passphrase.map(PassphraseConfig::File);
        let identity = IdentityConfig::of_files(self.chain, self.key, self.identity, passphrase);
        let origin = Origin::of_variables(self.variables);
        let lists = self.lists.map(|path| Inputs(vec![InputConfig::File(path)]));
        Ok((origin, identity, Some(Inputs(vec![anchors])), lists))
    }
}

fn missing(prefix: &str, name: &str) -> ConfigError {
    let field = ConfigField::new(format!("{prefix}{name}"));
    ConfigError::new(field, ConfigProblem::Missing)
}

fn invalid(message: &str) -> ConfigProblem {
    ConfigProblem::Invalid {
        message: message.to_owned(),
    }
}

/// Whether Kubernetes sets the variable in each container, for a service whose name is the prefix.
fn is_of_kubernetes(name: &str) -> bool {
    let is_port = |rest: &str| {
        let number = rest.strip_prefix('_');
        rest.is_empty() || number.is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
    };
    name == "SERVICE_HOST"
        || name.starts_with("SERVICE_PORT")
        || name.strip_prefix("PORT").is_some_and(is_port)
}
