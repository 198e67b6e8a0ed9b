//! Where changes of a path show themselves.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::inputs::WatchedInput;

/// So many links are followed on the way to one file, as the Linux kernel does (`path_resolution(7)`).
const MAX_LINKS: usize = 40;
/// Of so many links in a folder of anchors the targets are watched. What is beyond is polled.
const MAX_LINKED_ANCHORS: usize = 256;

/// The folders to watch, and the names in them that matter.
///
/// For each path those are the folder of the file itself and the folder of each symbolic link on the way to it, since a
/// file is changed by giving a link another target, too: Kubernetes has `tls.crt -> ..data/tls.crt` and
/// `..data -> ..2026_11_21`, and swaps the latter. Of a path that ends nowhere it is the last folder that is there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WatchPaths {
    /// By their paths without links.
    pub(super) folders: BTreeMap<PathBuf, FolderId>,
    /// Files, links and folders, each in one of `folders`.
    names: HashSet<PathBuf>,
    /// Those of `folders` in which every name matters.
    whole: HashSet<PathBuf>,
}

/// Which folder it is, whatever it is called: another one may have taken its place.
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

    /// Whether a change of what has this path may be one of the inputs.
    pub(super) fn matters(&self, path: &Path) -> bool {
        self.names.contains(path)
            || self.folders.contains_key(path)
            || path
                .parent()
                .is_some_and(|folder| self.whole.contains(folder))
    }

    /// Notes the way to `path`, and tells where it ends; `None` where it does not.
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

    /// One that is gone by now is missed when its file is read.
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

/// The parts of a path, the last first.
fn reversed(path: &Path) -> Vec<OsString> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts
        .rev()
        .map(|part| part.as_os_str().to_owned())
        .collect()
}
