//! The text of a configuration: its format, its sections, and where a field stands in it.

pub(in crate::integration::config) mod field_path;
mod message;
mod visit;

use core::fmt;
use core::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer};
use serde_path_to_error::Track;

use crate::error::ConfigField;
use crate::integration::config::error::{ConfigError, ConfigProblem};
use crate::material::input::file;
use crate::material::input::permissions::InsecurePermissions;
use field_path::{FieldPath, Segment};
use message::tidy;
use visit::{Section, Seek};

/// The format of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// TOML 1.0.
    Toml,
    /// YAML 1.2, one document.
    Yaml,
}

/// A text, and where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::integration::config) struct Document {
    text: zeroize::Zeroizing<String>,
    format: Format,
    path: Option<PathBuf>,
    /// The permissions of the file, if they are insecure.
    exposure: Option<InsecurePermissions>,
}

/// The longest text.
pub(in crate::integration::config) const MAX_BYTES: usize = 1 << 20;

/// A fault without its field, as a format tells it.
struct FormatError {
    message: String,
    position: Option<(usize, usize)>,
}

impl Format {
    /// Returns the format that the ending of a file's name tells.
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*ending {
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }
}

impl Document {
    pub(in crate::integration::config) fn new(
        text: &str,
        format: Format,
    ) -> Result<Self, ConfigError> {
        let document = Self {
            text: zeroize::Zeroizing::new(text.to_owned()),
            format,
            path: None,
            exposure: None,
        };
        if text.len() > MAX_BYTES {
            return Err(document.whole(ConfigProblem::TooLong { limit: MAX_BYTES }));
        }
        Ok(document)
    }

    pub(in crate::integration::config) fn read(path: &Path) -> Result<Self, ConfigError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let fault = |problem| {
            let field = ConfigField {
                file: Some(path.clone()),
                ..ConfigField::new(String::new())
            };
            ConfigError::new(field, problem)
        };
        let Some(format) = Format::of(&path) else {
            return Err(fault(ConfigProblem::UnknownFormat));
        };
        let content = file::load(&path, MAX_BYTES, Ok);
        let content = content.map_err(|error| fault(ConfigProblem::Unreadable(error)))?;
        let Ok(text) = core::str::from_utf8(&content.bytes) else {
            return Err(fault(ConfigProblem::NotUtf8 { path: path.clone() }));
        };
        Ok(Self {
            text: zeroize::Zeroizing::new(text.to_owned()),
            format,
            path: Some(path),
            exposure: content.exposure,
        })
    }

    /// Returns the insecure permissions of its file.
    pub(in crate::integration::config) fn exposure(&self) -> Option<&InsecurePermissions> {
        self.exposure.as_ref()
    }

    pub(in crate::integration::config) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Parses the section at this path.
    pub(in crate::integration::config) fn section<T: DeserializeOwned>(
        &self,
        at: &FieldPath,
    ) -> Result<T, ConfigError> {
        let mut track = Track::new();
        let seed = Section {
            rest: at.segments(),
            kind: PhantomData,
        };
        let (fault, path) = match self.deserialize(seed, Some(&mut track)) {
            Ok(Some(section)) => return Ok(section),
            Ok(None) => return Err(self.fault(at, ConfigProblem::Missing)),
            Err(fault) => (fault, FieldPath::of_tracked(&track.path())),
        };
        let field = ConfigField {
            file: self.path.clone(),
            position: fault.position,
            ..ConfigField::new(path.to_string())
        };
        let message = tidy(path.without(&fault.message));
        Err(ConfigError::new(field, ConfigProblem::Invalid { message }))
    }

    /// Returns an error for the field, at its position.
    pub(in crate::integration::config) fn fault(
        &self,
        at: &FieldPath,
        problem: ConfigProblem,
    ) -> ConfigError {
        let field = self.field(at);
        ConfigError::new(field, problem)
    }

    pub(in crate::integration::config) fn field(&self, at: &FieldPath) -> ConfigField {
        ConfigField {
            file: self.path.clone(),
            position: self.position(at.segments()),
            ..ConfigField::new(at.to_string())
        }
    }

    fn whole(&self, problem: ConfigProblem) -> ConfigError {
        let field = ConfigField {
            file: self.path.clone(),
            ..ConfigField::new(String::new())
        };
        ConfigError::new(field, problem)
    }

    /// Returns the position of a field, or of the last table on the way to it that is there.
    ///
    /// The text is parsed once more, up to an error at the field: each format tells where that is.
    fn position(&self, mut at: &[Segment]) -> Option<(usize, usize)> {
        loop {
            match self.deserialize(Seek(at), None) {
                Err(found) => return found.position,
                Ok(()) => at = at.split_last()?.1,
            }
        }
    }

    fn deserialize<'de, S: DeserializeSeed<'de>>(
        &'de self,
        seed: S,
        track: Option<&mut Track>,
    ) -> Result<S::Value, FormatError> {
        match self.format {
            Format::Json => {
                let mut json = serde_json::Deserializer::from_str(&self.text);
                let value = tracked(seed, &mut json, track);
                let value = value.and_then(|value| json.end().map(|()| value));
                value.map_err(|error| FormatError::json(&error))
            }
            Format::Toml => {
                let toml = toml::Deserializer::parse(&self.text);
                let value = toml.and_then(|toml| tracked(seed, toml, track));
                value.map_err(|error| FormatError::toml(&error, &self.text))
            }
            Format::Yaml => {
                let yaml = yaml_serde::Deserializer::from_str(&self.text);
                let value = tracked(seed, yaml, track);
                value.map_err(|error| FormatError::yaml(&error))
            }
        }
    }
}

fn tracked<'de, S: DeserializeSeed<'de>, D: Deserializer<'de>>(
    seed: S,
    deserializer: D,
    track: Option<&mut Track>,
) -> Result<S::Value, D::Error> {
    match track {
        Some(track) => {
            seed.deserialize(serde_path_to_error::Deserializer::new(deserializer, track))
        }
        None => seed.deserialize(deserializer),
    }
}

impl FormatError {
    fn json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let suffix = format!(" at line {line} column {column}");
        Self {
            message: text.strip_suffix(&suffix).unwrap_or(&text).to_owned(),
            // An error of the value as a whole has no position.
            position: (line > 0).then_some((line, column.max(1))),
        }
    }

    fn toml(error: &toml::de::Error, text: &str) -> Self {
        Self {
            message: error.message().to_owned(),
            position: error.span().and_then(|span| {
                let before = text.get(..span.start)?;
                let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
                let line = before.matches('\n').count().saturating_add(1);
                let column = before.get(line_start..)?.chars().count().saturating_add(1);
                Some((line, column))
            }),
        }
    }

    fn yaml(error: &yaml_serde::Error) -> Self {
        let text = error.to_string();
        let position = error.location().map(|at| (at.line(), at.column()));
        let text = match position {
            Some((line, column)) => {
                let suffix = format!(" at line {line} column {column}");
                text.replace(&suffix, "")
            }
            None => text,
        };
        Self {
            message: text,
            // Without a location it is about the text as a whole.
            position: position.or(Some((1, 1))),
        }
    }
}

impl fmt::Debug for Document {
    /// Omits the text, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("path", &self.path)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
