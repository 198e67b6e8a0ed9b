use std::path::{Path, PathBuf};

use crate::rotation::files::WatchedInput;

/// A path that a configuration is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    path: PathBuf,
    /// The number of bytes that are read at most; `None` for a folder.
    limit: Option<usize>,
}

impl Watched {
    pub(super) fn file(path: PathBuf, limit: usize) -> Self {
        Self {
            path: absolute(&path),
            limit: Some(limit),
        }
    }

    pub(super) fn directory(path: PathBuf) -> Self {
        Self {
            path: absolute(&path),
            limit: None,
        }
    }

    pub(super) fn input(&self) -> WatchedInput<'_> {
        match self.limit {
            Some(limit) => WatchedInput::File(&self.path, limit),
            None => WatchedInput::Directory(&self.path),
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
