use core::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::error::exposed;

/// That the file of a private key, or of its passphrase, is open to others than its owner and those whom its group lets
/// read it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyExposure {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits, as `chmod` takes them.
    pub mode: u32,
}

impl KeyExposure {
    /// Group members may read: a service and its key are often given to each other by a group. Who may write puts a
    /// key of his own there.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt;

        const GROUP_WRITE_OR_OTHERS: u32 = 0o026;
        let mode = metadata.permissions().mode() & 0o7777;
        (mode & GROUP_WRITE_OR_OTHERS != 0).then(|| Self {
            path: path.to_owned(),
            mode,
        })
    }

    /// Elsewhere access is not told by bits.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path, _: &Metadata) -> Option<Self> {
        None
    }
}

/// As of the file of the private key itself.
impl fmt::Display for KeyExposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "the private key")
    }
}

impl KeyExposure {
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        write!(
            f,
            "{}; give it to the service's user and close it by `{}` (a Kubernetes secret by `defaultMode: 0400`, with \
             `fsGroup` 0440), and replace it if others were on this machine",
            exposed::words(what, &self.path, self.mode),
            exposed::close(&self.path),
        )
    }
}
