use core::fmt;
use std::path::{Path, PathBuf};

use super::path::shown;

/// A setting of a configuration, and where it is written.
///
/// ```
/// # #[cfg(feature = "config")] {
/// use mtls::config::{Format, ServerConfig};
///
/// let error = ServerConfig::from_text("[tls]\nidentiti = {}", Format::Toml, "tls").unwrap_err();
/// assert_eq!(error.field().to_string(), "tls.identiti (line 2, column 1)");
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigField {
    pub(crate) path: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) position: Option<(usize, usize)>,
    /// What to do about it in a configuration, where it differs from code.
    pub(crate) hint: Option<&'static str>,
}

impl ConfigField {
    #[allow(dead_code, reason = "configurations alone have fields")]
    pub(crate) fn new(path: String) -> Self {
        Self {
            path,
            file: None,
            position: None,
            hint: None,
        }
    }

    /// Returns the way to the setting: `tls.trust_anchors[1]`. It is empty for the whole file, and
    /// the name of a variable for the environment.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the file of the configuration.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns line and column, both from 1; `None` outside files and texts.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position
    }
}

impl fmt::Display for ConfigField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().map(shown);
        let place = match (file, self.position) {
            (Some(file), Some((line, column))) => format!("{file}:{line}:{column}"),
            (Some(file), None) => file,
            (None, Some((line, column))) => format!("line {line}, column {column}"),
            (None, None) => return f.write_str(&self.path),
        };
        if self.path.is_empty() {
            f.write_str(&place)
        } else {
            write!(f, "{} ({place})", self.path)
        }
    }
}
