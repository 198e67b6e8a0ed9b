//! Files that are read when they change.

use core::time::Duration;
use std::path::Path;

use super::file_watcher::FileWatcher;
use super::settled::SettledInputs;
use super::watch_paths::WatchPaths;
use super::watched_inputs::{WatchedInputs, replaced_under_mount};
use crate::error::path::shown;
use crate::rotation::rotation::Rotation;
use crate::rotation::source::SourceError;
use crate::rotation::source::reload_trigger::ReloadTrigger;

/// Inputs in files, read anew when one of them has changed and settled.
pub(crate) struct WatchedFiles<I: WatchedInputs> {
    pub(super) settled: SettledInputs<I>,
    /// `None` where changes are noticed only when the files are polled.
    pub(super) watch: Option<FileWatcher>,
}

impl<I: WatchedInputs> WatchedFiles<I> {
    /// Creates it with the time between two readings that must be equal.
    pub(crate) fn new(inputs: I, settle: Duration) -> Self {
        Self {
            settled: SettledInputs::new(inputs, settle),
            watch: Some(FileWatcher::default()),
        }
    }

    /// Returns what the files hold, once it has settled.
    pub(crate) fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let outcome = self.settled.load(reload);
        let mut troubles = Vec::new();
        // After reading, since the links may lead elsewhere by now.
        if let Some(watch) = &mut self.watch {
            let kept = watch.keep(WatchPaths::of(&self.settled.inputs.all()), reload);
            if kept.is_new {
                reload.now();
            }
            troubles.extend(kept.trouble);
        }
        let inputs = self.settled.inputs.all();
        troubles.extend(replaced_under_mount(&inputs).map(replaced_in_words));
        if troubles.is_empty() {
            return outcome;
        }
        outcome.map(|rotation| rotation.degraded(troubles.join("; ")))
    }
}

/// Describes a file that a mount still shows, and the remedy.
fn replaced_in_words(path: &Path) -> String {
    format!(
        "{} was replaced where it comes from, and this process goes on seeing the old one, as a single file is mounted (a \
         bind mount, Kubernetes' `subPath`); mount its folder instead, and restart",
        shown(path)
    )
}
