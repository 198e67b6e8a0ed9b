//! The source of a configuration: its own file, and all files that it names.

use super::document::Document;
use super::document::field_path::FieldPath;
use super::error::{ConfigError, ConfigProblem};
use super::fields::settings::Config;
use super::watched::Watched;
use crate::error::MaterialError;
use crate::policy::VerifierPolicy;
use crate::rotation::files::{FileSource, WatchedFiles, WatchedInput, WatchedInputs};
use crate::rotation::{ReloadTrigger, Rotation, Source, SourceError};

/// Follows the file of a configuration and the material that it names, all or nothing.
pub(super) struct ConfigSource<C: Config>(WatchedFiles<ConfigInputs<C>>);

/// The configuration that was read last.
struct ConfigInputs<C> {
    config: C,
    watched: Vec<Watched>,
    /// The policy where the configuration has none.
    default_policy: Option<VerifierPolicy>,
}

impl<C: Config> ConfigSource<C> {
    pub(super) fn new(config: C, default_policy: Option<VerifierPolicy>) -> Self {
        let inputs = ConfigInputs {
            watched: config.shared().watched(),
            config,
            default_policy,
        };
        Self(WatchedFiles::new(inputs, FileSource::DEFAULT_SETTLE_TIME))
    }
}

impl<C: Config> Source for ConfigSource<C> {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        self.0.load(reload)
    }
}

impl<C: Config> ConfigInputs<C> {
    /// Reads the file of the configuration again, if it has changed.
    fn follow(&mut self) -> Result<(), ConfigError> {
        let origin = self.config.shared().origin;
        let Some(before) = &origin.document else {
            return Ok(());
        };
        let Some(path) = before.path() else {
            return Ok(());
        };
        let document = Document::read(path)?;
        if document == *before {
            return Ok(());
        }
        let section = origin.section.clone();
        let mut next: C = document.section(&section)?;
        *next.origin_mut() = super::origin::Origin {
            document: Some(document),
            section,
            variables: Vec::new(),
        };
        next.shared().check()?;
        if let Some(field) = self.config.fixed_field_that_differs(&next) {
            let field = FieldPath::default().key(field);
            return Err(next
                .shared()
                .origin
                .error((field, ConfigProblem::NeedsRestart)));
        }
        self.watched = next.shared().watched();
        self.config = next;
        Ok(())
    }
}

impl<C: Config> WatchedInputs for ConfigInputs<C> {
    type Error = ConfigError;

    fn all(&self) -> Vec<WatchedInput<'_>> {
        self.watched.iter().map(Watched::input).collect()
    }

    fn load(&mut self) -> Result<Rotation, ConfigError> {
        self.follow()?;
        let shared = self.config.shared();
        let mut rotation = shared.load()?;
        if rotation.policy.is_none() {
            rotation.policy.clone_from(&self.default_policy);
        }
        let files = self.all();
        let files = files
            .iter()
            .map(|input| crate::error::path::shown(input.path()));
        Ok(rotation.origin(files.collect::<Vec<_>>().join(", ")))
    }

    fn has_unseen_passphrase(&self) -> bool {
        self.config.shared().identity.has_unseen_passphrase()
    }

    fn of_material(error: &ConfigError) -> Option<&MaterialError> {
        match error.problem() {
            ConfigProblem::Material(error) | ConfigProblem::Unreadable(error) => Some(error),
            _ => None,
        }
    }

    fn unsettled(&self, error: MaterialError) -> ConfigError {
        let fault = (FieldPath::default(), ConfigProblem::Material(error));
        self.config.shared().origin.error(fault)
    }
}
