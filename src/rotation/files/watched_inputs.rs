//! Inputs in files: what is read, how, and whether it has changed.

use core::error::Error;
use std::path::{Path, PathBuf};

use crate::error::MaterialError;
use crate::material::Fingerprint;
use crate::rotation::rotation::Rotation;

/// One path that is read.
#[derive(Clone, Copy)]
pub(crate) enum WatchedInput<'a> {
    /// A folder whose files are read.
    Directory(&'a Path),
    /// A file, and the number of bytes that are read at most.
    File(&'a Path, usize),
}

/// Files that are read together.
pub(crate) trait WatchedInputs: Send + 'static {
    type Error: Error + Send + Sync;

    /// Returns every path that is read.
    fn all(&self) -> Vec<WatchedInput<'_>>;

    /// Reads and parses all inputs, which may lead to others.
    fn load(&mut self) -> Result<Rotation, Self::Error>;

    /// Returns whether the passphrase may change in a way that shows in no file.
    fn has_unseen_passphrase(&self) -> bool;

    /// Returns the fault of one file among the errors of `load`.
    fn of_material(error: &Self::Error) -> Option<&MaterialError>;

    /// Returns the error for a file that keeps changing.
    fn unsettled(&self, error: MaterialError) -> Self::Error;
}

/// The paths of all inputs at one moment, in their order, with their fingerprints.
pub(super) struct InputsDigest(Vec<(PathBuf, Fingerprint)>);

impl InputsDigest {
    pub(super) fn of(inputs: &[WatchedInput<'_>]) -> Self {
        let of = |input: &WatchedInput<'_>| {
            let fingerprint = match *input {
                WatchedInput::Directory(folder) => Fingerprint::of_directory(folder),
                WatchedInput::File(path, limit) => Fingerprint::of_file(path, limit),
            };
            (input.path().to_owned(), fingerprint)
        };
        Self(inputs.iter().map(of).collect())
    }

    /// Returns the first path that differs between the two.
    pub(super) fn changed<'a>(&'a self, now: &'a Self) -> Option<&'a Path> {
        let mut pairs = self.0.iter().zip(&now.0);
        let differs = pairs.find(|(before, now)| before.0 != now.0 || !before.1.is(now.1));
        if let Some((_, (path, _))) = differs {
            return Some(path);
        }
        let longer = if self.0.len() > now.0.len() {
            self
        } else {
            now
        };
        let (path, _) = longer.0.last()?;
        (self.0.len() != now.0.len()).then_some(path)
    }
}

impl<'a> WatchedInput<'a> {
    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::Directory(path) | Self::File(path, _) => path,
        }
    }
}

/// Returns the first file that has lost its last name, and is still found under its path.
///
/// A bind mount of a single file shows the file that was mounted, also after another one was
/// renamed into its place on the other side of the mount.
#[cfg(unix)]
pub(super) fn replaced_under_mount<'a>(inputs: &[WatchedInput<'a>]) -> Option<&'a Path> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let without_name = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        (found.is_file() && found.nlink() == 0).then(|| (found.dev(), found.ino()))
    };
    let mut files = inputs.iter().map(|input| input.path());
    files.find(|path| {
        // Twice, since a path that another file takes in this moment leads to it the next time.
        let first = without_name(path);
        first.is_some() && first == without_name(path)
    })
}

#[cfg(not(unix))]
pub(super) fn replaced_under_mount<'a>(_: &[WatchedInput<'a>]) -> Option<&'a Path> {
    None
}
