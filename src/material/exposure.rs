use core::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// That the file of a private key is open to everybody on the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyExposure {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits, as `chmod` takes them.
    pub mode: u32,
}

impl KeyExposure {
    /// Group members are let: a service and its key are often given to each other by a group.
    #[cfg(unix)]
    pub(super) fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt;

        const OTHERS_READ_OR_WRITE: u32 = 0o006;
        let mode = metadata.permissions().mode() & 0o7777;
        (mode & OTHERS_READ_OR_WRITE != 0).then(|| Self {
            path: path.to_owned(),
            mode,
        })
    }

    /// Elsewhere access is not told by bits.
    #[cfg(not(unix))]
    pub(super) fn of(_: &Path, _: &Metadata) -> Option<Self> {
        None
    }
}

impl fmt::Display for KeyExposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the private key in {} is open to every user of this machine (mode {:04o}); give it to the service's user and \
             close it by `chmod 600 {}` (a Kubernetes secret by `defaultMode: 0400`, with `fsGroup` 0440), and replace it \
             if others were on this machine",
            self.path.display(),
            self.mode,
            self.path.display(),
        )
    }
}
