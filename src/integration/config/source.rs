//! The source of a configuration: its own file, and all files that it names.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::document::Document;
use super::document::field_path::FieldPath;
use super::error::{ConfigError, ConfigProblem};
use super::fields::settings::Config;
use super::origin::Origin;
use super::watched::Watched;
use crate::error::MaterialError;
use crate::error::path::shown;
use crate::rotation::files::{FileSource, WatchedFiles, WatchedInput, WatchedInputs};
use crate::rotation::{ReloadTrigger, Rotation, Source, SourceError};

/// Follows the file of a configuration and the material that it names, all or nothing.
pub(super) struct ConfigSource<C: Config>(WatchedFiles<ConfigInputs<C>>);

/// The origin of the configuration that was read last.
#[derive(Clone)]
pub(super) struct CurrentOrigin(Arc<Mutex<Origin>>);

/// The configuration that was read last.
struct ConfigInputs<C> {
    config: C,
    origin: CurrentOrigin,
    watched: Vec<Watched>,
}

impl CurrentOrigin {
    pub(super) fn new(origin: Origin) -> Self {
        Self(Arc::new(Mutex::new(origin)))
    }

    pub(super) fn get(&self) -> MutexGuard<'_, Origin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Config> ConfigSource<C> {
    pub(super) fn new(config: C, origin: CurrentOrigin) -> Self {
        let inputs = ConfigInputs {
            watched: config.shared().watched(),
            config,
            origin,
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
        *next.origin_mut() = Origin::of_section(document, section);
        next.shared().check()?;
        if let Some(field) = self.config.fixed_field_that_differs(&next) {
            let fault = (FieldPath::default().key(field), ConfigProblem::NeedsRestart);
            return Err(next.shared().origin.error(fault));
        }
        self.watched = next.shared().watched();
        self.origin.get().clone_from(next.shared().origin);
        self.config = next;
        Ok(())
    }

    /// Describes the files, in bounded length.
    fn in_words(&self) -> String {
        let Some((first, others)) = self.watched.split_first() else {
            return "the configuration".to_owned();
        };
        let first = shown(first.input().path());
        match others.len() {
            0 => first,
            others => format!("{first} and {others} other files"),
        }
    }
}

impl<C: Config> WatchedInputs for ConfigInputs<C> {
    type Error = ConfigError;

    fn all(&self) -> Vec<WatchedInput<'_>> {
        self.watched.iter().map(Watched::input).collect()
    }

    fn load(&mut self) -> Result<Rotation, ConfigError> {
        self.follow()?;
        let rotation = Rotation::from(self.config.shared().load()?);
        Ok(rotation.origin(self.in_words()))
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
