//! Where a configuration comes from: a section of a text, or the environment.

use std::env;
use std::path::{Path, PathBuf};

use super::document::Document;
use super::document::field_path::{Fault, FieldPath};
use super::error::ConfigError;
use crate::error::ConfigField;

/// Names the fields of a configuration in errors, and resolves its paths.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    /// `None` for the environment, and for a configuration that another program has parsed.
    pub(super) document: Option<Document>,
    pub(super) section: FieldPath,
    /// The variables that fields come from.
    pub(super) variables: Vec<(FieldPath, String)>,
    /// The current directory when the builder was made, so that a later one changes nothing.
    directory: PathBuf,
}

impl Origin {
    /// Creates that of a section.
    pub(super) fn of_section(document: Document, section: FieldPath) -> Self {
        Self {
            document: Some(document),
            section,
            ..Self::default()
        }
    }

    /// Creates that of environment variables.
    pub(super) fn of_variables(variables: Vec<(FieldPath, String)>) -> Self {
        Self {
            variables,
            ..Self::default()
        }
    }

    /// Keeps the current directory, for what comes from no file.
    pub(super) fn keep_directory(&mut self) {
        // Without one, relative paths stay relative, and reading them fails.
        self.directory = env::current_dir().unwrap_or_default();
    }

    /// Returns the folder that relative paths belong to.
    pub(super) fn base(&self) -> PathBuf {
        let path = self.document.as_ref().and_then(Document::path);
        let folder = path.and_then(Path::parent);
        folder.unwrap_or(&self.directory).to_owned()
    }

    pub(super) fn error(&self, (field, problem): Fault) -> ConfigError {
        ConfigError::new(self.field(&field), problem)
    }

    pub(super) fn field(&self, field: &FieldPath) -> ConfigField {
        let variable = self.variables.iter().find(|(of, _)| of == field);
        if let Some((_, name)) = variable {
            return ConfigField::new(name.clone());
        }
        let path = self.section.clone().to(field);
        match &self.document {
            Some(document) => document.field(&path),
            None => ConfigField::new(path.to_string()),
        }
    }
}
