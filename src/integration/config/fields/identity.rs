//! Our own identity.

use core::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::given::{env, file, given, path, plain, text, variable};
use super::input::{InputConfig, WAS_REDACTED};
use super::secret::Secret;
use crate::error::{MaterialError, MaterialOrigin};
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;
use crate::integration::config::watched::Watched;
use crate::material::{CertificateChain, Input, Loader, MtlsIdentity, Passphrase, PrivateKey};

/// Our own identity: `chain` and `key`, or both in one of `file`, `env`, `inline`, `base64`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct IdentityConfig {
    /// The certificate chain, in PEM, DER or PKCS#7. It goes with `key`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    chain: Option<InputConfig>,
    /// The private key, in PEM or DER.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    key: Option<InputConfig>,
    /// The path of a file with chain and key, in PEM or PKCS#12.
    #[serde(
        default,
        deserialize_with = "file",
        skip_serializing_if = "Option::is_none"
    )]
    file: Option<PathBuf>,
    /// The name of an environment variable with chain and key in PEM.
    #[serde(
        default,
        deserialize_with = "env",
        skip_serializing_if = "Option::is_none"
    )]
    env: Option<String>,
    /// The name of a credential of systemd with chain and key.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    credential: Option<String>,
    /// Chain and key in PEM.
    #[serde(default, deserialize_with = "given", skip_serializing)]
    inline: Option<Secret>,
    /// A PKCS#12 in base64.
    #[serde(default, deserialize_with = "given", skip_serializing)]
    base64: Option<Secret>,
    /// The passphrase of the key or of the PKCS#12.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    passphrase: Option<PassphraseConfig>,
    /// The name of the key that is taken from a PKCS#12 with several.
    #[serde(
        default,
        deserialize_with = "text",
        skip_serializing_if = "Option::is_none"
    )]
    friendly_name: Option<String>,
    /// Whether the certificates of the chain are put in order.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    repair_chain: bool,
}

/// Where a passphrase is. There is no short form: a text could be meant as the passphrase or as a
/// path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::integration::config) enum PassphraseConfig {
    File(PathBuf),
    Env(String),
    /// A credential of systemd.
    Credential(String),
    Inline(Secret),
}

impl IdentityConfig {
    /// Describes an identity in a file, or in two files.
    pub(in crate::integration::config) fn of_files(
        chain: Option<PathBuf>,
        key: Option<PathBuf>,
        both: Option<PathBuf>,
        passphrase: Option<PassphraseConfig>,
    ) -> Self {
        Self {
            chain: chain.map(InputConfig::File),
            key: key.map(InputConfig::File),
            file: both,
            env: None,
            credential: None,
            inline: None,
            base64: None,
            passphrase,
            friendly_name: None,
            repair_chain: false,
        }
    }

    /// Returns whether the configuration itself holds the key or its passphrase.
    pub(in crate::integration::config) fn is_in_configuration(&self) -> bool {
        let key = matches!(
            self.key,
            Some(InputConfig::Inline(_) | InputConfig::Base64(_))
        );
        let passphrase = matches!(self.passphrase, Some(PassphraseConfig::Inline(_)));
        key || passphrase || self.inline.is_some() || self.base64.is_some()
    }

    /// Loads the identity.
    pub(in crate::integration::config) fn load(
        &self,
        at: &FieldPath,
        base: &Path,
    ) -> Result<MtlsIdentity, Fault> {
        let mut loader = Loader::new().repair_chain(self.repair_chain);
        if let Some(passphrase) = &self.passphrase {
            let found = passphrase.passphrase(base);
            loader =
                loader.passphrase(found.map_err(|error| {
                    (at.clone().key("passphrase"), ConfigProblem::Material(error))
                })?);
        }
        if let Some(name) = &self.friendly_name {
            loader = loader.friendly_name(name);
        }
        let input = |config: &InputConfig, key: &str| {
            let input = config.input(base);
            input.map_err(|problem| (at.clone().key(key), problem))
        };
        let identity = match self.parts(at)? {
            Parts::Apart { chain, key } => {
                loader.load_key_pair(input(chain, "chain")?, input(key, "key")?)
            }
            Parts::Whole(whole) => loader.load_identity(input(&whole, whole.key())?),
        };
        identity.map_err(|error| {
            let of = |config: &Option<InputConfig>| match (config, error.origin()) {
                (Some(InputConfig::File(path)), MaterialOrigin::File(origin)) => {
                    base.join(path) == *origin
                }
                _ => false,
            };
            let at = match () {
                () if of(&self.chain) => at.clone().key("chain"),
                () if of(&self.key) => at.clone().key("key"),
                () => at.clone(),
            };
            (at, ConfigProblem::Material(error))
        })
    }

    /// Adds the files that it is read from.
    pub(in crate::integration::config) fn watch(&self, base: &Path, watched: &mut Vec<Watched>) {
        let file = self.file.clone().map(InputConfig::File);
        let credential = self.credential.clone().map(InputConfig::Credential);
        for chain in self.chain.iter().chain(&file).chain(&credential) {
            chain.watch(base, CertificateChain::MAX_INPUT_BYTES, watched);
        }
        if let Some(key) = &self.key {
            key.watch(base, PrivateKey::MAX_INPUT_BYTES, watched);
        }
        if let Some(path) = self.passphrase.as_ref().and_then(|p| p.path(base)) {
            watched.push(Watched::file(path, Passphrase::MAX_BYTES));
        }
    }

    /// Returns whether the passphrase may change in a way that shows in no file.
    pub(in crate::integration::config) fn has_unseen_passphrase(&self) -> bool {
        matches!(self.passphrase, Some(PassphraseConfig::Env(_)))
    }

    /// Checks that the identity is given once.
    pub(in crate::integration::config) fn parts(&self, at: &FieldPath) -> Result<Parts<'_>, Fault> {
        let whole = [
            self.file.clone().map(InputConfig::File),
            self.env.clone().map(InputConfig::Env),
            self.credential.clone().map(InputConfig::Credential),
            self.inline.clone().map(InputConfig::Inline),
            self.base64.clone().map(InputConfig::Base64),
        ];
        let mut whole = whole.into_iter().flatten();
        let missing = |key| Err((at.clone().key(key), ConfigProblem::Missing));
        match (&self.chain, &self.key, whole.next(), whole.next()) {
            (Some(chain), Some(key), None, _) => Ok(Parts::Apart { chain, key }),
            (None, None, Some(whole), None) => Ok(Parts::Whole(whole)),
            (Some(_), None, None, _) => missing("key"),
            (None, Some(_), None, _) => missing("chain"),
            (None, None, None, _) => Err((at.clone(), ConfigProblem::NoIdentity)),
            _ => Err((at.clone(), ConfigProblem::TwoIdentities)),
        }
    }
}

/// The parts that an identity is given in.
pub(in crate::integration::config) enum Parts<'a> {
    Apart {
        chain: &'a InputConfig,
        key: &'a InputConfig,
    },
    Whole(InputConfig),
}

impl PassphraseConfig {
    #[cfg(test)]
    pub(in crate::integration::config) const KEYS: &[&str] =
        &["file", "env", "credential", "inline"];

    /// Returns the file that it is read from.
    fn path(&self, base: &Path) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(base.join(path)),
            // One that has no path cannot change; loading says so.
            Self::Credential(name) => Input::credential_path(name).ok(),
            Self::Env(_) | Self::Inline(_) => None,
        }
    }

    fn passphrase(&self, base: &Path) -> Result<Passphrase, MaterialError> {
        Ok(match self {
            Self::File(path) => Passphrase::from_file(base.join(path)),
            Self::Env(name) => Passphrase::from_env(name),
            Self::Credential(name) => Passphrase::from_file(Input::credential_path(name)?),
            Self::Inline(text) => Passphrase::new(text.text()),
        })
    }
}

impl<'de> Deserialize<'de> for PassphraseConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PassphraseVisitor)
    }
}

struct PassphraseVisitor;

impl<'de> Visitor<'de> for PassphraseVisitor {
    type Value = PassphraseConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table with one of the keys file, env, credential, inline")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<PassphraseConfig, E> {
        Err(bare())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<PassphraseConfig, M::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(M::Error::invalid_length(0, &self));
        };
        let passphrase = match &*key {
            "file" => PassphraseConfig::File(path(map.next_value()?)?),
            "env" => PassphraseConfig::Env(variable(map.next_value()?)?),
            "credential" => PassphraseConfig::Credential(plain(map.next_value()?)?),
            "inline" => PassphraseConfig::Inline(map.next_value()?),
            "redacted" => return Err(M::Error::custom(WAS_REDACTED)),
            // An unknown key may be the passphrase.
            _ => return Err(bare()),
        };
        match map.next_key::<String>()? {
            None => Ok(passphrase),
            Some(_) => Err(M::Error::custom(
                "more than one of the keys file, env, credential, inline",
            )),
        }
    }
}

fn bare<E: Error>() -> E {
    E::custom(
        "say where the passphrase is: { file = \"..\" }, or env, credential or inline in its place",
    )
}

impl Serialize for PassphraseConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match self {
            Self::File(path) => ("file", path.to_string_lossy()),
            Self::Env(name) => ("env", name.into()),
            Self::Credential(name) => ("credential", name.into()),
            Self::Inline(_) => ("redacted", "inline".into()),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, &value)?;
        map.end()
    }
}
