//! Notifications of file changes, where the system sends them.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::watch_paths::WatchPaths;
use crate::error::path::shown;
use crate::rotation::ReloadTrigger;

/// The watches on the folders. A failure only delays changes, since files are polled as well.
#[derive(Default)]
pub(super) struct FileWatcher {
    current: Option<WatchedDirectory>,
}

struct WatchedDirectory {
    places: Arc<WatchPaths>,
    fate: Arc<WatcherExit>,
    /// The number of watched folders, of all that should be watched.
    count: usize,
    /// Ends its thread when it is dropped.
    _watcher: Option<RecommendedWatcher>,
}

/// What went wrong with a watcher.
#[derive(Default)]
struct WatcherExit {
    /// A watched folder was removed or renamed, so another one may have taken its place.
    is_lost: AtomicBool,
    trouble: Mutex<Option<String>>,
}

impl FileWatcher {
    /// Watches these paths, anew if one of them differs from before or the watcher failed.
    ///
    /// Returns what prevented it. If the watches are new, the caller reads the files again, since
    /// they may have changed before.
    pub(super) fn keep(&mut self, places: WatchPaths, reload: &ReloadTrigger) -> RefreshResult {
        match &self.current {
            Some(current) if current.is_good_for(&places) => RefreshResult {
                is_new: false,
                trouble: None,
            },
            _ => {
                let before = self.current.take().map_or(0, |watched| watched.count);
                let watched = WatchedDirectory::new(places, reload);
                let kept = RefreshResult {
                    // With an error and no further folder watched, reading again at once would find
                    // the same, without end.
                    is_new: watched.fate.trouble().is_none() || watched.count > before,
                    trouble: watched.fate.trouble(),
                };
                self.current = Some(watched);
                kept
            }
        }
    }
}

pub(super) struct RefreshResult {
    pub(super) is_new: bool,
    pub(super) trouble: Option<String>,
}

impl WatchedDirectory {
    fn new(places: WatchPaths, reload: &ReloadTrigger) -> Self {
        let places = Arc::new(places);
        let fate = Arc::new(WatcherExit::default());
        let handler = {
            let (places, fate, reload) = (Arc::clone(&places), Arc::clone(&fate), reload.clone());
            move |event: notify::Result<Event>| match event {
                Ok(event) if fate.hears(&event, &places) => reload.now(),
                Ok(_) => {}
                // Not read at once, which would give the same error: the next poll reads it.
                Err(error) => fate.fails(&error),
            }
        };
        let mut count: usize = 0;
        let mut watcher = match notify::recommended_watcher(handler) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                fate.fails(&error);
                None
            }
        };
        for folder in places.folders.keys() {
            let Some(watcher) = &mut watcher else { break };
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => count = count.saturating_add(1),
                Err(error) => fate.fails(&error),
            }
        }
        Self {
            places,
            fate,
            count,
            _watcher: watcher,
        }
    }

    fn is_good_for(&self, places: &WatchPaths) -> bool {
        *self.places == *places
            && !self.fate.is_lost.load(Ordering::Acquire)
            && self.fate.trouble().is_none()
    }
}

impl WatcherExit {
    /// Returns whether an event may concern the files.
    fn hears(&self, event: &Event, places: &WatchPaths) -> bool {
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
            // Our own reads send these events.
            EventKind::Access(_) => return false,
            _ => {}
        }
        let leaves = matches!(
            event.kind,
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
        );
        if leaves
            && event
                .paths
                .iter()
                .any(|path| places.folders.contains_key(path))
        {
            self.is_lost.store(true, Ordering::Release);
        }
        // Without a path, or after too many events, it may concern any file.
        event.need_rescan()
            || event.paths.is_empty()
            || event.paths.iter().any(|path| places.matters(path))
    }

    fn fails(&self, error: &notify::Error) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // The first error is most likely the cause of the others.
        trouble.get_or_insert_with(|| in_words(error));
    }

    fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }
}

/// Describes the error and its remedy.
fn in_words(error: &notify::Error) -> String {
    const EMFILE: i32 = 24;
    let advice = match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "raise the limit by `sysctl fs.inotify.max_user_watches=524288`"
        }
        ErrorKind::Io(source)
            if cfg!(target_os = "linux") && source.raw_os_error() == Some(EMFILE) =>
        {
            "raise the limit by `sysctl fs.inotify.max_user_instances=1024`, or that of open files (`ulimit -n`)"
        }
        ErrorKind::Io(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            "let the service's user read the folder"
        }
        _ => "where the file system does not tell of changes, ask for `FileSource::without_notify`",
    };
    let folder = match error.paths.first() {
        Some(path) => format!(" of {}", shown(path)),
        None => String::new(),
    };
    let problem = match &error.kind {
        ErrorKind::Io(source) => source.to_string(),
        ErrorKind::MaxFilesWatch => "no more folders may be watched".to_owned(),
        ErrorKind::PathNotFound => "the folder is not there".to_owned(),
        other => format!("{other:?}"),
    };
    format!(
        "changes{folder} are seen when the files are polled, and not before: they cannot be watched ({problem}); {advice}"
    )
}
