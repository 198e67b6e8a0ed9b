use core::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::error::exposed;

/// That the file of a private key, or of its passphrase, is open to others than its owner and those whom its group lets
/// read it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InsecurePermissions {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits, as `chmod` takes them.
    pub mode: u32,
}

impl InsecurePermissions {
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
impl fmt::Display for InsecurePermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "the private key")
    }
}

impl InsecurePermissions {
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

/// What to make of a private key whose file every user of the machine can read or write, or its
/// group write.
///
/// Given to [`key_permissions`](crate::Builder::key_permissions). What was seen when the file was
/// opened counts, also through symbolic links; members of the file's group may read it. So does
/// what was seen of the file of the passphrase that opened the key
/// ([`Passphrase::from_file`](crate::Passphrase::from_file)). Windows has no such bits: nothing is
/// seen there.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{BuildError, MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
/// use mtls::material::KeyPermissions;
///
/// let client = MtlsClient::builder()
///     .identity(MtlsIdentity::from_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_file("ca.crt")?)
///     .key_permissions(KeyPermissions::Deny)
///     .build(Rustls::default());
/// if let Err(BuildError::InsecureKeyFile { path, mode }) = &client {
///     eprintln!("{} has the mode {mode:04o}", path.display());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPermissions {
    /// Nothing is built: [`BuildError::InsecureKeyFile`](crate::BuildError::InsecureKeyFile) or [`BuildError::InsecurePassphraseFile`](crate::BuildError::InsecurePassphraseFile).
    Deny,
    /// It is nobody's business, or it is known: the observer hears nothing of it.
    Ignore,
    /// The observer hears of it: [`Event::IdentityWarning`](crate::Event::IdentityWarning). Without
    /// an observer, [`MtlsIdentity::warnings`](crate::MtlsIdentity::warnings) alone shows it.
    #[default]
    Warn,
}
