//! Where a value comes from: a file, a directory, a variable, or the configuration itself.

use core::fmt;
use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use zeroize::Zeroizing;

use super::given::{path, plain, variable};
use super::secret::Secret;
use crate::error::MaterialError;
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;
use crate::integration::config::watched::Watched;
use crate::material::Input;

/// Material, or where it is: a path, or a table with one of these keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::integration::config) enum InputConfig {
    File(PathBuf),
    Directory(PathBuf),
    Env(String),
    /// A credential of systemd.
    Credential(String),
    Inline(Secret),
    Base64(Secret),
}

/// One value or a list of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::integration::config) struct Inputs(
    pub(in crate::integration::config) Vec<InputConfig>,
);

/// The most values of one list.
const MAX_INPUTS: usize = 1024;
/// What marks a value that was left out when the configuration was written.
const REDACTED: &str = "redacted";

impl InputConfig {
    pub(in crate::integration::config) const KEYS: &[&str] =
        &["file", "directory", "env", "credential", "inline", "base64"];

    /// Returns the key that names the place.
    pub(in crate::integration::config) fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Directory(_) => "directory",
            Self::Env(_) => "env",
            Self::Credential(_) => "credential",
            Self::Inline(_) => "inline",
            Self::Base64(_) => "base64",
        }
    }

    /// Adds the file or folder that it is read from.
    pub(in crate::integration::config) fn watch(
        &self,
        base: &Path,
        limit: usize,
        watched: &mut Vec<Watched>,
    ) {
        match self {
            Self::File(path) => watched.push(Watched::file(base.join(path), limit)),
            Self::Directory(path) => watched.push(Watched::directory(base.join(path))),
            Self::Credential(name) => {
                // One that has no path cannot change; loading says so.
                let path = Input::credential_path(name).ok();
                watched.extend(path.map(|path| Watched::file(path, limit)));
            }
            Self::Env(_) | Self::Inline(_) | Self::Base64(_) => {}
        }
    }

    /// Returns what the loader reads. A path is relative to `base`.
    pub(in crate::integration::config) fn input(
        &self,
        base: &Path,
    ) -> Result<Input, ConfigProblem> {
        Ok(match self {
            Self::File(path) => Input::file(base.join(path)),
            Self::Directory(path) => Input::directory(base.join(path)),
            Self::Env(name) => Input::env(name),
            Self::Credential(name) => Input::credential(name),
            Self::Inline(text) => Input::bytes(text.text()),
            Self::Base64(text) => Input::bytes(&*decoded(text.text())?),
        })
    }
}

impl Inputs {
    pub(in crate::integration::config) fn watch(
        &self,
        base: &Path,
        limit: usize,
        watched: &mut Vec<Watched>,
    ) {
        for input in &self.0 {
            input.watch(base, limit, watched);
        }
    }

    /// Loads each of them.
    pub(in crate::integration::config) fn load<T>(
        &self,
        at: &FieldPath,
        base: &Path,
        load: impl Fn(Input) -> Result<T, MaterialError>,
    ) -> Result<Vec<T>, Fault> {
        let loaded = self.0.iter().enumerate().map(|(index, input)| {
            let at = || match &*self.0 {
                // Also without a list around it.
                [_] => at.clone(),
                _ => at.clone().index(index),
            };
            let input = input.input(base).map_err(|problem| (at(), problem))?;
            load(input).map_err(|error| (at(), ConfigProblem::Material(error)))
        });
        loaded.collect()
    }
}

/// Decodes base64; line breaks and spaces are left out.
fn decoded(text: &str) -> Result<Zeroizing<Vec<u8>>, ConfigProblem> {
    // A vector that grows leaves copies behind.
    let mut dense = Zeroizing::new(String::with_capacity(text.len()));
    dense.extend(text.split_ascii_whitespace());
    match Base64::decode_vec(&dense) {
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        Err(_) => Err(ConfigProblem::Base64),
    }
}

impl<'de> Deserialize<'de> for InputConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = InputConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a path, or a table with one of the keys {}",
            InputConfig::KEYS.join(", ")
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<InputConfig, E> {
        Ok(InputConfig::File(path(text.to_owned())?))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<InputConfig, M::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(M::Error::invalid_length(0, &self));
        };
        let input = match &*key {
            "file" => InputConfig::File(path(map.next_value()?)?),
            "directory" => InputConfig::Directory(path(map.next_value()?)?),
            "env" => InputConfig::Env(variable(map.next_value()?)?),
            "credential" => InputConfig::Credential(plain(map.next_value()?)?),
            "inline" => InputConfig::Inline(map.next_value()?),
            "base64" => InputConfig::Base64(map.next_value()?),
            REDACTED => return Err(M::Error::custom(WAS_REDACTED)),
            other => return Err(M::Error::unknown_field(other, InputConfig::KEYS)),
        };
        match map.next_key::<String>()? {
            None => Ok(input),
            Some(_) => Err(M::Error::custom(format_args!(
                "more than one of the keys {}",
                InputConfig::KEYS.join(", ")
            ))),
        }
    }
}

pub(in crate::integration::config) const WAS_REDACTED: &str =
    "the value was left out when the configuration was written; give it again";

/// Values of the configuration itself are left out: they may be keys.
impl Serialize for InputConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match self {
            Self::File(path) => return path.serialize(serializer),
            Self::Directory(path) => ("directory", path.to_string_lossy()),
            Self::Env(name) => ("env", name.into()),
            Self::Credential(name) => ("credential", name.into()),
            Self::Inline(_) => (REDACTED, "inline".into()),
            Self::Base64(_) => (REDACTED, "base64".into()),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, &value)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputsVisitor)
    }
}

struct InputsVisitor;

impl<'de> Visitor<'de> for InputsVisitor {
    type Value = Inputs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        InputVisitor.expecting(f)?;
        f.write_str(", or a list of these")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Inputs, E> {
        Ok(Inputs(vec![InputVisitor.visit_str(text)?]))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Inputs, M::Error> {
        Ok(Inputs(vec![InputVisitor.visit_map(map)?]))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Inputs, S::Error> {
        let mut inputs = Vec::new();
        while let Some(input) = list.next_element()? {
            if inputs.len() == MAX_INPUTS {
                return Err(S::Error::custom(format_args!(
                    "more than {MAX_INPUTS} entries"
                )));
            }
            inputs.push(input);
        }
        if inputs.is_empty() {
            return Err(S::Error::custom(
                "the list is empty: leave the field out, or fill it",
            ));
        }
        Ok(Inputs(inputs))
    }
}

impl Serialize for Inputs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
