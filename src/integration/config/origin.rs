//! Where a configuration comes from: a section of a text, or the environment.

use std::path::PathBuf;

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
}

impl Origin {
    /// Returns the folder that relative paths belong to.
    pub(super) fn base(&self) -> PathBuf {
        self.document
            .as_ref()
            .map(Document::base)
            .unwrap_or_default()
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
