//! The folders in which changes of a path show.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use notify::event::{Event, EventKind, ModifyKind};

use super::watched_inputs::WatchedInput;

/// The number of links followed on the way to one file, as the Linux kernel does
/// (`path_resolution(7)`).
const MAX_LINKS: usize = 40;
/// The number of links in a folder of anchors whose targets are watched. Further ones are polled.
const MAX_LINKED_ANCHORS: usize = 256;

/// The folders to watch, and the names in them that matter.
///
/// For each path these are the folder of the file and the folder of each symbolic link on the way
/// to it, since a file also changes when a link gets another target. Kubernetes has
/// `tls.crt -> ..data/tls.crt` and `..data -> ..2026_11_21`, and swaps the latter. For a path that
/// leads nowhere it is the last folder that exists.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WatchPaths {
    /// Keyed by their paths without links.
    pub(super) folders: BTreeMap<PathBuf, FolderId>,
    /// Files, links and folders, each in one of `folders`.
    names: HashSet<PathBuf>,
    /// Those of `folders` in which every name matters.
    whole: HashSet<PathBuf>,
}

/// The identity of a folder: another one may have taken its place under the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FolderId {
    #[cfg(unix)]
    number: (u64, u64),
    created: Option<SystemTime>,
}

impl WatchPaths {
    pub(super) fn of(inputs: &[WatchedInput<'_>]) -> Self {
        let mut places = Self::default();
        for input in inputs {
            match input {
                WatchedInput::File(path, _) => drop(places.follow(path)),
                WatchedInput::Directory(path) => {
                    if let Some(folder) = places.follow(path) {
                        places.add_whole(folder);
                    }
                }
            }
        }
        places
    }

    /// Returns whether a change of this path may concern one of the inputs.
    pub(super) fn matters(&self, path: &Path) -> bool {
        self.names.contains(path)
            || self.folders.contains_key(path)
            || path
                .parent()
                .is_some_and(|folder| self.whole.contains(folder))
    }

    /// Returns whether this is one of the folders, or above one.
    pub(super) fn has_folder_below(&self, path: &Path) -> bool {
        self.folders.keys().any(|folder| folder.starts_with(path))
    }

    /// Adds the folders on the way to `path` and returns its target; `None` if it leads nowhere.
    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let mut here = PathBuf::new();
        let mut ahead = reversed(path);
        let mut links: usize = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                here.pop();
                continue;
            }
            let next = here.join(&name);
            // The root.
            if next.parent().is_none() || here.as_os_str().is_empty() {
                here = next;
                continue;
            }
            let found = fs::symlink_metadata(&next);
            let is_link = found.as_ref().is_ok_and(Metadata::is_symlink);
            if is_link || found.is_err() || ahead.is_empty() {
                self.add(&here, next.clone());
            }
            found.ok()?;
            if !is_link {
                here = next;
                continue;
            }
            links = links.saturating_add(1);
            if links > MAX_LINKS {
                return None;
            }
            let target = fs::read_link(&next).ok()?;
            if target.has_root() {
                here = PathBuf::new();
            }
            ahead.extend(reversed(&target));
        }
        Some(here)
    }

    fn add(&mut self, folder: &Path, name: PathBuf) {
        self.names.insert(name);
        self.add_folder(folder);
    }

    /// Adds a folder. One that is gone is reported when its file is read.
    fn add_folder(&mut self, folder: &Path) {
        if let Ok(metadata) = fs::metadata(folder) {
            let id = FolderId::of(&metadata);
            self.folders.insert(folder.to_owned(), id);
        }
    }

    fn add_whole(&mut self, folder: PathBuf) {
        self.add_folder(&folder);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let is_link = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_symlink());
        for link in entries.filter(is_link).take(MAX_LINKED_ANCHORS) {
            self.follow(&link.path());
        }
        self.whole.insert(folder);
    }
}

/// Returns the paths that an event removes from their place.
pub(super) fn leaving(event: &Event) -> impl Iterator<Item = &Path> {
    let leaves = matches!(
        event.kind,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    );
    let paths = event.paths.iter().filter(move |_| leaves);
    paths.map(PathBuf::as_path)
}

impl FolderId {
    fn of(folder: &Metadata) -> Self {
        Self {
            #[cfg(unix)]
            number: {
                use std::os::unix::fs::MetadataExt;
                (folder.dev(), folder.ino())
            },
            created: folder.created().ok(),
        }
    }
}

/// Returns the components of a path, the last one first.
fn reversed(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts
        .rev()
        .map(|part| part.as_os_str().to_owned())
        .collect()
}
