//! A source of identity, anchors and lists in files.

pub(crate) mod file_watcher;
mod inputs;
mod pause;
mod settled;
mod shared_watcher;
pub(crate) mod watch_paths;
mod watched_files;
mod watched_inputs;

use core::fmt;
use core::time::Duration;
use std::path::{self, Path, PathBuf};

use super::rotation::Rotation;
use super::source::reload_trigger::ReloadTrigger;
use super::source::{Source, SourceError};
use crate::material::Passphrase;

use inputs::{Anchors, IdentityFiles, Inputs};

pub(crate) use watched_files::WatchedFiles;
#[allow(unused_imports, reason = "configurations have inputs of their own")]
pub(crate) use watched_inputs::{WatchedInput, WatchedInputs};

/// A source of identity, trust anchors and revocation lists from watched files.
///
/// Give it to the builder's [`source(..)`](crate::ServerBuilder::source). What is not named here is
/// given to the builder as usual.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{Event, FileSource, MtlsServer, Report, Rustls, VerifierPolicy};
///
/// let files = FileSource::from_files("/etc/tls/tls.crt", "/etc/tls/tls.key", "/etc/tls/ca.crt");
/// let server = MtlsServer::builder()
///     .source(files)
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .observer(|event| match event {
///         Event::Rotated { revision, .. } => println!("revision {revision} serves"),
///         Event::ReloadFailed(failure) => eprintln!("{}", Report::new(*failure)),
///         _ => {}
///     })
///     .build(Rustls::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # When files are read
/// At each poll of the source ([`poll_interval`](crate::ServerBuilder::poll_interval)), and at once
/// when the system reports a change. The folders of the files and of all symbolic links on the way
/// to them are watched, so a new target of a link (Kubernetes' `..data`), a rename and a rewrite
/// are all noticed. Watching only saves time: on file systems that report nothing (NFS, some
/// container mounts), and where the system's limits are reached, the next poll notices the change.
/// Then [`Status::degraded`](crate::Status::degraded) gives the reason, if the system reported one,
/// and watching is tried again at each poll. All sources of a process share one watcher: a thread,
/// and on Linux one of the user's inotify instances (`fs.inotify.max_user_instances`, usually 128).
///
/// A **single file that is mounted** (a bind mount, `subPath` in Kubernetes) never changes: the
/// mount shows the old file after the new one was renamed into its place outside.
/// [`Status::degraded`](crate::Status::degraded) says so at the next poll. Mount the folder.
///
/// A poll reads the files and compares their SHA-256, and the permissions of keys. The files are
/// parsed, all together, only if one of them differs, or if the last attempt may succeed now. Only
/// then a passphrase is requested.
///
/// # What is accepted
/// - What has **settled**: two readings, [`settle_time`](Self::settle_time) apart (by
///   default 50 ms), must be equal. A chain that is still being written, and ends between two
///   certificates, is a valid chain too.
/// - What **fits together**: files that do not load, such as a certificate whose key is not there
///   yet, get ten times as long (500 ms) before they count as a failure.
/// - **All or nothing**: if one file does not load, none of the others is used.
///
/// A file that keeps changing for a hundred times as long (5 s) is
/// [`KeepsChanging`](crate::error::MaterialProblem::KeepsChanging). The best way is to write a new
/// file and rename it into place, or to put all files into a new folder and rename a link to it.
///
/// # Errors
/// The error of [`load`](Source::load) is an `Arc<MaterialError>`, which names the file.
pub struct FileSource {
    files: WatchedFiles<Inputs>,
}

impl FileSource {
    /// The default [`settle_time`](Self::settle_time) between two readings that must be equal.
    pub const DEFAULT_SETTLE_TIME: Duration = Duration::from_millis(50);
    /// The longest time that [`settle_time`](Self::settle_time) accepts.
    pub const MAX_SETTLE_TIME: Duration = Duration::from_secs(1);

    /// Creates a source without files.
    ///
    /// ```
    /// use mtls::{FileSource, Passphrase};
    ///
    /// let files = FileSource::new()
    ///     .identity_file("/etc/tls/server.p12")
    ///     .passphrase(Passphrase::from_file("/run/secrets/p12"))
    ///     .trust_anchors_directory("/etc/tls/anchors")
    ///     .revocation_lists("/etc/tls/ca.crl")
    ///     .settle_time(FileSource::MAX_SETTLE_TIME)
    ///     .without_notify();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            files: WatchedFiles::new(Inputs::default(), Self::DEFAULT_SETTLE_TIME),
        }
    }

    /// Creates a source with the files of an identity and of its trust anchors.
    ///
    /// It is short for [`identity`](Self::identity) and [`trust_anchors`](Self::trust_anchors).
    #[must_use]
    pub fn from_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        trust_anchors: impl AsRef<Path>,
    ) -> Self {
        Self::new()
            .identity(chain, key)
            .trust_anchors(trust_anchors)
    }

    /// Sets the file of the certificate chain and that of its private key.
    ///
    /// Each may be in any encoding, as
    /// [`MtlsIdentity::from_files`](crate::MtlsIdentity::from_files) reads them. A relative path is
    /// resolved against the current directory at this call.
    #[must_use]
    pub fn identity(mut self, chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.files.settled.inputs.identity = Some(IdentityFiles::Pair {
            chain: absolute(chain.as_ref()),
            key: absolute(key.as_ref()),
        });
        self
    }

    /// Sets one file with chain and key, in place of [`identity`](Self::identity).
    ///
    /// It is PEM or PKCS#12, as [`MtlsIdentity::from_file`](crate::MtlsIdentity::from_file) reads
    /// it.
    #[must_use]
    pub fn identity_file(mut self, path: impl AsRef<Path>) -> Self {
        self.files.settled.inputs.identity = Some(IdentityFiles::One(absolute(path.as_ref())));
        self
    }

    /// Sets the passphrase of the key.
    ///
    /// A passphrase from a [file](Passphrase::from_file) is checked for changes as well. One from a
    /// function is requested when the files change, and when the last attempt failed for lack of
    /// it.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.files.settled.inputs.passphrase = Some(passphrase);
        self
    }

    /// Sets the file of the trust anchors, as
    /// [`TrustAnchors::from_file`](crate::TrustAnchors::from_file) reads it.
    #[must_use]
    pub fn trust_anchors(mut self, path: impl AsRef<Path>) -> Self {
        self.files.settled.inputs.anchors = Some(Anchors::File(absolute(path.as_ref())));
        self
    }

    /// Sets the folder of the trust anchors, in place of [`trust_anchors`](Self::trust_anchors).
    ///
    /// It is read as by [`Input::directory`](crate::material::Input::directory).
    #[must_use]
    pub fn trust_anchors_directory(mut self, path: impl AsRef<Path>) -> Self {
        self.files.settled.inputs.anchors = Some(Anchors::Directory(absolute(path.as_ref())));
        self
    }

    /// Adds a file of revocation lists, PEM or DER, as
    /// [`RevocationLists::from_file`](crate::RevocationLists::from_file) reads it.
    #[must_use]
    pub fn revocation_lists(mut self, path: impl AsRef<Path>) -> Self {
        self.files
            .settled
            .inputs
            .lists
            .push(absolute(path.as_ref()));
        self
    }

    /// Sets the time between two readings that must be equal before a change is accepted.
    ///
    /// A longer time is for files that are written slowly, in place. The default is
    /// [`DEFAULT_SETTLE_TIME`](Self::DEFAULT_SETTLE_TIME), the maximum
    /// [`MAX_SETTLE_TIME`](Self::MAX_SETTLE_TIME). With zero there is no wait: what the files hold
    /// is accepted if it loads.
    #[must_use]
    pub fn settle_time(mut self, time: Duration) -> Self {
        self.files.settled.settle = time.min(Self::MAX_SETTLE_TIME);
        self
    }

    /// Turns watching off: changes are noticed only when the source is polled.
    ///
    /// For file systems that report no changes (NFS), and where watches are scarce.
    #[must_use]
    pub fn without_notify(mut self) -> Self {
        self.files.watch = None;
        self
    }
}

impl Source for FileSource {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        if self.files.settled.inputs.all().is_empty() {
            return Err(
                "the file source was given no file; call `FileSource::identity(..)`".into(),
            );
        }
        self.files.load(reload)
    }
}

/// The clone reads the same files, but has read nothing yet.
impl Clone for FileSource {
    fn clone(&self) -> Self {
        let settled = &self.files.settled;
        let mut files = WatchedFiles::new(settled.inputs.clone(), settled.settle);
        if self.files.watch.is_none() {
            files.watch = None;
        }
        Self { files }
    }
}

impl Default for FileSource {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource")
            .field("inputs", &self.files.settled.inputs)
            .field("settle", &self.files.settled.settle)
            .field("watches", &self.files.watch.is_some())
            .finish_non_exhaustive()
    }
}

/// Keeps the file the same when the process changes its directory.
fn absolute(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
