use core::fmt;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use crate::error::exposed;

/// The permissions of a key or passphrase file that other users can access.
///
/// Every user can read or write the file, or its group can write it. Read access of the group alone
/// is not insecure.
///
/// ```no_run
/// # fn f(identity: &mtls::MtlsIdentity) {
/// use mtls::material::IdentityWarning;
///
/// for warning in identity.warnings() {
///     if let IdentityWarning::InsecureKeyFile(found) = warning {
///         eprintln!("{} has the mode {:04o}", found.path.display(), found.mode);
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InsecurePermissions {
    /// The path of the file.
    pub path: PathBuf,
    /// The permission bits, as `chmod` takes them.
    pub mode: u32,
}

impl InsecurePermissions {
    /// Returns the permissions if they are insecure.
    ///
    /// Group members may read: services often get their key by a group. Write access would let them
    /// replace the key.
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

    /// Other systems have no permission bits.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path, _: &Metadata) -> Option<Self> {
        None
    }
}

/// Describes the file of a private key.
impl fmt::Display for InsecurePermissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "the private key")
    }
}

impl InsecurePermissions {
    /// Returns how to restrict the permissions.
    pub fn hint(&self) -> String {
        format!(
            "make the service's user its owner and close it by `{}` (a Kubernetes secret by `defaultMode: 0400`, with \
             `fsGroup` 0440), and replace it if others were on this machine",
            exposed::close(&self.path),
        )
    }

    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        f.write_str(&exposed::words(what, &self.path, self.mode))
    }
}

/// The reaction to a private key's file with insecure permissions.
///
/// They are insecure if every user can read or write the file, or its group can write it. The
/// reaction is set by [`Builder::key_permissions`](crate::Builder::key_permissions) and
/// [`Loader::key_permissions`](crate::Loader::key_permissions). The permissions are read when the
/// file is opened, also through symbolic links; members of the file's group may read it. The
/// reaction is the same for the file of the key's passphrase
/// ([`Passphrase::from_file`](crate::Passphrase::from_file)). Windows has no such bits, so no file
/// is insecure there.
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
    /// Building a client or a server returns
    /// [`BuildError::InsecureKeyFile`](crate::BuildError::InsecureKeyFile) or
    /// [`BuildError::InsecurePassphraseFile`](crate::BuildError::InsecurePassphraseFile).
    ///
    /// Loading an identity or a key returns a [`MaterialError`](crate::MaterialError).
    Deny,
    /// Insecure permissions are accepted, and the observer receives no event.
    Ignore,
    /// The observer receives [`Event::IdentityWarning`](crate::Event::IdentityWarning). Without an
    /// observer, only [`MtlsIdentity::warnings`](crate::MtlsIdentity::warnings) shows it.
    #[default]
    Warn,
}
