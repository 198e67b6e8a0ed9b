//! One watcher for all sources of the process.
//!
//! A watcher costs a thread and, on Linux, one of the 128 inotify instances that a user may have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use notify::event::Event;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::watch_paths::{FolderId, WatchPaths, leaving};

/// Receives what the watcher reports. It is called on the watcher's thread and must not watch.
pub(super) trait Subscriber: Send + Sync {
    fn event(&self, event: &Event);
    /// Returns whether it watches this path or a folder below.
    fn watches_below(&self, path: &Path) -> bool;
    fn fails(&self, error: &notify::Error);
}

/// The folders of one source, watched until this is dropped.
pub(super) struct Subscription {
    shared: Arc<SharedWatcher>,
    subscriber: Arc<dyn Subscriber>,
    folders: Vec<PathBuf>,
}

struct SharedWatcher {
    /// Waits for the watcher's thread while it is locked, so that thread never locks it.
    folders: Mutex<WatchedFolders>,
    reports: Arc<Reports>,
    /// Threads do not survive a fork, and a watcher without its thread never answers.
    process: u32,
}

struct WatchedFolders {
    watcher: RecommendedWatcher,
    watched: BTreeMap<PathBuf, WatchedFolder>,
}

struct WatchedFolder {
    id: FolderId,
    users: usize,
    /// False once the folder was removed or renamed: the watcher forgets it then.
    is_watched: bool,
}

/// What the watcher's thread writes to.
#[derive(Default)]
struct Reports {
    subscribers: Mutex<Vec<Arc<dyn Subscriber>>>,
    /// Watched folders, or folders above them, that were removed or renamed.
    lost: Mutex<Vec<PathBuf>>,
    has_failed: AtomicBool,
}

/// Weak: it ends with its last subscription.
static SHARED: Mutex<Weak<SharedWatcher>> = Mutex::new(Weak::new());

impl Subscription {
    /// Watches these folders. What cannot be watched is reported to the subscriber.
    ///
    /// # Errors
    /// That there is no watcher.
    pub(super) fn new(
        places: &WatchPaths,
        subscriber: Arc<dyn Subscriber>,
    ) -> Result<Self, notify::Error> {
        let shared = SharedWatcher::current()?;
        // Before the folders are watched, so that no change is missed.
        lock(&shared.reports.subscribers).push(Arc::clone(&subscriber));
        let mut watched = Vec::new();
        let mut folders = lock(&shared.folders);
        folders.forget(&core::mem::take(&mut *lock(&shared.reports.lost)));
        for (folder, id) in &places.folders {
            match folders.add(folder, id) {
                Ok(()) => watched.push(folder.clone()),
                Err(error) => subscriber.fails(&error),
            }
        }
        drop(folders);
        Ok(Self {
            shared,
            subscriber,
            folders: watched,
        })
    }

    /// The number of watched folders.
    pub(super) fn count(&self) -> usize {
        self.folders.len()
    }

    /// Returns whether events still arrive, as far as it is known.
    pub(super) fn is_usable(&self) -> bool {
        self.shared.is_usable()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // In a forked process the watcher's thread is missing, and may have held a lock.
        if self.shared.process != process::id() {
            return;
        }
        lock(&self.shared.reports.subscribers)
            .retain(|subscriber| !Arc::ptr_eq(subscriber, &self.subscriber));
        let mut folders = lock(&self.shared.folders);
        self.folders
            .iter()
            .for_each(|folder| folders.remove(folder));
    }
}

impl SharedWatcher {
    /// Returns the watcher of this process, a new one if there is none that works.
    fn current() -> Result<Arc<Self>, notify::Error> {
        let mut slot = lock(&SHARED);
        if let Some(shared) = slot.upgrade().filter(|shared| shared.is_usable()) {
            return Ok(shared);
        }
        let reports = Arc::new(Reports::default());
        let handler = {
            let reports = Arc::clone(&reports);
            move |event: notify::Result<Event>| reports.report(event)
        };
        let shared = Arc::new(Self {
            folders: Mutex::new(WatchedFolders {
                watcher: notify::recommended_watcher(handler)?,
                watched: BTreeMap::new(),
            }),
            reports,
            process: process::id(),
        });
        *slot = Arc::downgrade(&shared);
        Ok(shared)
    }

    fn is_usable(&self) -> bool {
        self.process == process::id() && !self.reports.has_failed.load(Ordering::Acquire)
    }
}

impl WatchedFolders {
    /// Counts a user of this folder, and watches it unless it is watched.
    fn add(&mut self, folder: &Path, id: &FolderId) -> Result<(), notify::Error> {
        if let Some(known) = self.watched.get_mut(folder) {
            if known.is_watched && known.id == *id {
                known.users = known.users.saturating_add(1);
                return Ok(());
            }
            // Another folder may be there under this name.
            known.is_watched = false;
            self.unwatch(folder);
        }
        self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
        let users = self.watched.get(folder).map_or(0, |known| known.users);
        self.watched.insert(
            folder.to_owned(),
            WatchedFolder {
                id: id.clone(),
                users: users.saturating_add(1),
                is_watched: true,
            },
        );
        Ok(())
    }

    fn remove(&mut self, folder: &Path) {
        let Some(known) = self.watched.get_mut(folder) else {
            return;
        };
        known.users = known.users.saturating_sub(1);
        if known.users == 0 {
            self.watched.remove(folder);
            self.unwatch(folder);
        }
    }

    /// Marks the folders that are gone, or were at some time.
    fn forget(&mut self, lost: &[PathBuf]) {
        for (folder, known) in &mut self.watched {
            known.is_watched &= !lost.iter().any(|lost| folder.starts_with(lost));
        }
    }

    /// Ends the watch on a folder.
    fn unwatch(&mut self, folder: &Path) {
        // It fails for a folder that is gone, which the watcher has forgotten by itself.
        drop(self.watcher.unwatch(folder));
    }
}

impl Reports {
    fn report(&self, event: notify::Result<Event>) {
        // Called without the lock.
        let subscribers = lock(&self.subscribers).clone();
        match &event {
            Ok(event) => {
                // Before the subscribers know of it and watch anew.
                for path in leaving(event) {
                    if subscribers.iter().any(|one| one.watches_below(path)) {
                        self.loses(path);
                    }
                }
                subscribers.iter().for_each(|one| one.event(event));
            }
            Err(error) => {
                self.has_failed.store(true, Ordering::Release);
                subscribers.iter().for_each(|one| one.fails(error));
            }
        }
    }

    fn loses(&self, path: &Path) {
        let mut lost = lock(&self.lost);
        if !lost.iter().any(|known| known == path) {
            lost.push(path.to_owned());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
