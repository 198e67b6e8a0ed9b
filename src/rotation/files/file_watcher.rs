//! Notifications of file changes, where the system sends them.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::ErrorKind;
use notify::event::{AccessKind, AccessMode, Event, EventKind};

use super::shared_watcher::{Subscriber, Subscription};
use super::watch_paths::{WatchPaths, leaving};
use crate::error::path::shown;
use crate::rotation::ReloadTrigger;

/// The watches on the folders. A failure only delays changes, since files are polled as well.
#[derive(Default)]
pub(super) struct FileWatcher {
    current: Option<WatchedDirectory>,
}

struct WatchedDirectory {
    state: Arc<WatchState>,
    /// `None` if there is no watcher.
    subscription: Option<Subscription>,
}

/// What is watched, and what went wrong with it.
struct WatchState {
    places: WatchPaths,
    reload: ReloadTrigger,
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
                let before = self.current.as_ref().map_or(0, WatchedDirectory::count);
                let watched = WatchedDirectory::new(places, reload);
                let trouble = watched.state.trouble();
                let kept = RefreshResult {
                    // With an error and no further folder watched, reading again at once would find
                    // the same, without end.
                    is_new: trouble.is_none() || watched.count() > before,
                    trouble,
                };
                // The former watches end when the new ones exist, which lets them be shared.
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
        let state = Arc::new(WatchState {
            places,
            reload: reload.clone(),
            is_lost: AtomicBool::new(false),
            trouble: Mutex::new(None),
        });
        let subscriber = Arc::<WatchState>::clone(&state);
        let subscription = match Subscription::new(&state.places, subscriber) {
            Ok(subscription) => Some(subscription),
            Err(error) => {
                state.fails(&error);
                None
            }
        };
        Self {
            state,
            subscription,
        }
    }

    /// The number of watched folders, of all that should be watched.
    fn count(&self) -> usize {
        self.subscription.as_ref().map_or(0, Subscription::count)
    }

    fn is_good_for(&self, places: &WatchPaths) -> bool {
        self.state.places == *places
            && !self.state.is_lost.load(Ordering::Acquire)
            && self.state.trouble().is_none()
            && self
                .subscription
                .as_ref()
                .is_some_and(Subscription::is_usable)
    }
}

impl WatchState {
    /// Returns whether an event may concern the files.
    fn hears(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
            // Our own reads send these events.
            EventKind::Access(_) => return false,
            _ => {}
        }
        let is_lost = leaving(event).any(|path| self.places.has_folder_below(path));
        if is_lost {
            self.is_lost.store(true, Ordering::Release);
        }
        // Without a path, or after too many events, it may concern any file.
        is_lost
            || event.need_rescan()
            || event.paths.is_empty()
            || event.paths.iter().any(|path| self.places.matters(path))
    }

    fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }
}

impl Subscriber for WatchState {
    fn event(&self, event: &Event) {
        if self.hears(event) {
            self.reload.now();
        }
    }

    fn watches_below(&self, path: &Path) -> bool {
        self.places.has_folder_below(path)
    }

    /// The files are not read at once, which would give the same error: the next poll reads them.
    fn fails(&self, error: &notify::Error) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // The first error is most likely the cause of the others.
        trouble.get_or_insert_with(|| in_words(error));
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
