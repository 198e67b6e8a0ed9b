//! Our own identity.

use core::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::input::{InputConfig, WAS_REDACTED, path, variable};
use super::secret::Secret;
use crate::error::MaterialOrigin;
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;
use crate::integration::config::watched::Watched;
use crate::material::{CertificateChain, Loader, MtlsIdentity, Passphrase, PrivateKey};

/// Our own identity: `chain` and `key`, or both in one of `file`, `env`, `inline`, `base64`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct IdentityConfig {
    /// The certificate chain, in PEM, DER or PKCS#7. It goes with `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<InputConfig>,
    /// The private key, in PEM or DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<InputConfig>,
    /// The path of a file with chain and key, in PEM or PKCS#12.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    /// The name of an environment variable with chain and key in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    env: Option<String>,
    /// Chain and key in PEM.
    #[serde(skip_serializing)]
    inline: Option<Secret>,
    /// A PKCS#12 in base64.
    #[serde(skip_serializing)]
    base64: Option<Secret>,
    /// The passphrase of the key or of the PKCS#12.
    #[serde(skip_serializing_if = "Option::is_none")]
    passphrase: Option<PassphraseConfig>,
    /// The name of the key that is taken from a PKCS#12 with several.
    #[serde(skip_serializing_if = "Option::is_none")]
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
            inline: None,
            base64: None,
            passphrase,
            friendly_name: None,
            repair_chain: false,
        }
    }

    /// Loads the identity.
    pub(in crate::integration::config) fn load(
        &self,
        at: &FieldPath,
        base: &Path,
    ) -> Result<MtlsIdentity, Fault> {
        let mut loader = Loader::new().repair_chain(self.repair_chain);
        if let Some(passphrase) = &self.passphrase {
            loader = loader.passphrase(passphrase.passphrase(base));
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
        let whole = self.file.clone().map(InputConfig::File);
        for chain in self.chain.iter().chain(&whole) {
            chain.watch(base, CertificateChain::MAX_INPUT_BYTES, watched);
        }
        if let Some(key) = &self.key {
            key.watch(base, PrivateKey::MAX_INPUT_BYTES, watched);
        }
        if let Some(PassphraseConfig::File(path)) = &self.passphrase {
            watched.push(Watched::file(base.join(path), Passphrase::MAX_BYTES));
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
    pub(in crate::integration::config) const KEYS: &[&str] = &["file", "env", "inline"];

    fn passphrase(&self, base: &Path) -> Passphrase {
        match self {
            Self::File(path) => Passphrase::from_file(base.join(path)),
            Self::Env(name) => Passphrase::from_env(name),
            Self::Inline(text) => Passphrase::new(text.text()),
        }
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
        f.write_str("a table with one of the keys file, env, inline")
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
            "file" => PassphraseConfig::File(path(&map.next_value::<String>()?)?),
            "env" => PassphraseConfig::Env(variable(map.next_value()?)?),
            "inline" => PassphraseConfig::Inline(map.next_value()?),
            "redacted" => return Err(M::Error::custom(WAS_REDACTED)),
            other => return Err(M::Error::unknown_field(other, PassphraseConfig::KEYS)),
        };
        match map.next_key::<String>()? {
            None => Ok(passphrase),
            Some(_) => Err(M::Error::custom(
                "more than one of the keys file, env, inline",
            )),
        }
    }
}

fn bare<E: Error>() -> E {
    E::custom(
        "say where the passphrase is: { file = \"..\" }, { env = \"..\" } or { inline = \"..\" }",
    )
}

impl Serialize for PassphraseConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match self {
            Self::File(path) => ("file", path.to_string_lossy()),
            Self::Env(name) => ("env", name.into()),
            Self::Inline(_) => ("redacted", "inline".into()),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, &value)?;
        map.end()
    }
}
