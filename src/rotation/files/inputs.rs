//! The paths of a file source, and how each one is read.

use std::path::{Path, PathBuf};

use crate::error::MaterialError;
use crate::error::path::shown;
use crate::material::{
    CertificateChain, Fingerprint, Input, Loader, Passphrase, PrivateKey, RevocationLists,
    TrustAnchors,
};
use crate::rotation::Rotation;

/// The files of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    pub(super) identity: Option<IdentityFiles>,
    pub(super) passphrase: Option<Passphrase>,
    pub(super) anchors: Option<Anchors>,
    pub(super) lists: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
pub(super) enum IdentityFiles {
    One(PathBuf),
    Pair { chain: PathBuf, key: PathBuf },
}

#[derive(Clone, Debug)]
pub(super) enum Anchors {
    Directory(PathBuf),
    File(PathBuf),
}

/// One path that is read.
#[derive(Clone, Copy)]
pub(super) enum WatchedInput<'a> {
    /// A folder whose files are read.
    Directory(&'a Path),
    /// A file, and the number of bytes that are read at most.
    File(&'a Path, usize),
}

/// The fingerprints of all inputs at one moment, in their order.
pub(super) struct InputsDigest(Vec<Fingerprint>);

impl Inputs {
    /// Returns every path, also that of the passphrase.
    pub(super) fn all(&self) -> Vec<WatchedInput<'_>> {
        let mut all = Vec::new();
        match &self.identity {
            Some(IdentityFiles::One(path)) => {
                all.push(WatchedInput::File(path, CertificateChain::MAX_INPUT_BYTES));
            }
            Some(IdentityFiles::Pair { chain, key }) => {
                all.push(WatchedInput::File(chain, CertificateChain::MAX_INPUT_BYTES));
                all.push(WatchedInput::File(key, PrivateKey::MAX_INPUT_BYTES));
            }
            None => {}
        }
        if let Some(path) = self.passphrase.as_ref().and_then(Passphrase::file) {
            all.push(WatchedInput::File(path, Passphrase::MAX_BYTES));
        }
        match &self.anchors {
            Some(Anchors::Directory(folder)) => all.push(WatchedInput::Directory(folder)),
            Some(Anchors::File(path)) => {
                all.push(WatchedInput::File(path, TrustAnchors::MAX_INPUT_BYTES));
            }
            None => {}
        }
        for path in &self.lists {
            all.push(WatchedInput::File(path, RevocationLists::MAX_INPUT_BYTES));
        }
        all
    }

    pub(super) fn look(&self) -> InputsDigest {
        let of = |input: &WatchedInput<'_>| match *input {
            WatchedInput::Directory(folder) => Fingerprint::of_directory(folder),
            WatchedInput::File(path, limit) => Fingerprint::of_file(path, limit),
        };
        InputsDigest(self.all().iter().map(of).collect())
    }

    /// Returns the first path whose fingerprint differs between `before` and `now`.
    pub(super) fn changed(&self, before: &InputsDigest, now: &InputsDigest) -> Option<&Path> {
        let mut pairs = self.all().into_iter().zip(before.0.iter().zip(&now.0));
        let (input, _) = pairs.find(|(_, (before, now))| !before.is(**now))?;
        Some(input.path())
    }

    /// Returns the first file that has lost its last name, and is still found under its path.
    ///
    /// A bind mount of a single file shows the file that was mounted, also after another one was
    /// renamed into its place on the other side of the mount.
    #[cfg(unix)]
    pub(super) fn replaced_under_mount(&self) -> Option<&Path> {
        use std::fs;
        use std::os::unix::fs::MetadataExt;

        let without_name = |path: &Path| {
            let found = fs::metadata(path).ok()?;
            (found.is_file() && found.nlink() == 0).then(|| (found.dev(), found.ino()))
        };
        let mut files = self.all().into_iter().map(WatchedInput::path);
        files.find(|path| {
            // Twice, since a path that another file takes in this moment leads to it the next time.
            let first = without_name(path);
            first.is_some() && first == without_name(path)
        })
    }

    #[cfg(not(unix))]
    pub(super) fn replaced_under_mount(&self) -> Option<&Path> {
        None
    }

    /// Reads and parses all inputs. The identity comes last, since its passphrase may cost a
    /// second.
    pub(super) fn load(&self) -> Result<Rotation, MaterialError> {
        let mut rotation = Rotation::new().origin(self.in_words());
        match &self.anchors {
            Some(Anchors::Directory(folder)) => {
                rotation =
                    rotation.trust_anchors(Loader::new().load_anchors(Input::directory(folder))?);
            }
            Some(Anchors::File(path)) => {
                rotation = rotation.trust_anchors(TrustAnchors::from_file(path)?);
            }
            None => {}
        }
        if let Some(last) = self.lists.last() {
            let lists = self.lists.iter().map(RevocationLists::from_file);
            let lists = lists.collect::<Result<Vec<_>, _>>()?;
            let lists = RevocationLists::join(lists).map_err(|e| e.in_file(last))?;
            rotation = rotation.revocation_lists(lists);
        }
        let mut loader = Loader::new();
        if let Some(passphrase) = &self.passphrase {
            loader = loader.passphrase(passphrase.clone());
        }
        match &self.identity {
            Some(IdentityFiles::One(path)) => {
                rotation = rotation.identity(loader.load_identity(path)?);
            }
            Some(IdentityFiles::Pair { chain, key }) => {
                rotation = rotation.identity(loader.load_key_pair(chain, key)?);
            }
            None => {}
        }
        Ok(rotation)
    }

    fn in_words(&self) -> String {
        let paths = self.all().into_iter().map(|input| shown(input.path()));
        paths.collect::<Vec<_>>().join(", ")
    }
}

impl<'a> WatchedInput<'a> {
    pub(super) fn path(self) -> &'a Path {
        match self {
            Self::Directory(path) | Self::File(path, _) => path,
        }
    }
}
