//! A source of identity, anchors and lists in files.

pub(crate) mod file_watcher;
mod inputs;
mod pause;
pub(crate) mod watch_paths;

use core::fmt;
use core::time::Duration;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::rotation::Rotation;
use super::source::reload_trigger::ReloadTrigger;
use super::source::{Source, SourceError};
use crate::error::{MaterialError, MaterialProblem};
use crate::material::Passphrase;

use file_watcher::FileWatcher;
use inputs::{Anchors, IdentityFiles, Inputs, InputsDigest};
use pause::pause;
use watch_paths::WatchPaths;

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
/// and watching is tried again at each poll.
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
/// [`MaterialProblem::KeepsChanging`]. The best way is to write a new file and rename it into
/// place, or to put all files into a new folder and rename a link to it.
///
/// # Errors
/// The error of [`load`](Source::load) is an `Arc<MaterialError>`, which names the file.
pub struct FileSource {
    inputs: Inputs,
    settle: Duration,
    watch: Option<FileWatcher>,
    last: Option<LastLoad>,
}

/// The result of the last time the inputs were parsed.
struct LastLoad {
    seen: InputsDigest,
    outcome: Result<Rotation, Arc<MaterialError>>,
}

/// The grace period of inputs that do not load, in settling times.
const GRACE: u32 = 10;
/// The longest wait for inputs that keep changing, in settling times.
const PATIENCE: u32 = 100;

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
            inputs: Inputs::default(),
            settle: Self::DEFAULT_SETTLE_TIME,
            watch: Some(FileWatcher::default()),
            last: None,
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
        self.inputs.identity = Some(IdentityFiles::Pair {
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
        self.inputs.identity = Some(IdentityFiles::One(absolute(path.as_ref())));
        self
    }

    /// Sets the passphrase of the key.
    ///
    /// A passphrase from a [file](Passphrase::from_file) is checked for changes as well. One from a
    /// function is requested when the files change, and when the last attempt failed for lack of
    /// it.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.inputs.passphrase = Some(passphrase);
        self
    }

    /// Sets the file of the trust anchors, as
    /// [`TrustAnchors::from_file`](crate::TrustAnchors::from_file) reads it.
    #[must_use]
    pub fn trust_anchors(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.anchors = Some(Anchors::File(absolute(path.as_ref())));
        self
    }

    /// Sets the folder of the trust anchors, in place of [`trust_anchors`](Self::trust_anchors).
    ///
    /// It is read as by [`Input::directory`](crate::material::Input::directory).
    #[must_use]
    pub fn trust_anchors_directory(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.anchors = Some(Anchors::Directory(absolute(path.as_ref())));
        self
    }

    /// Adds a file of revocation lists, PEM or DER, as
    /// [`RevocationLists::from_file`](crate::RevocationLists::from_file) reads it.
    #[must_use]
    pub fn revocation_lists(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.lists.push(absolute(path.as_ref()));
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
        self.settle = time.min(Self::MAX_SETTLE_TIME);
        self
    }

    /// Turns watching off: changes are noticed only when the source is polled.
    ///
    /// For file systems that report no changes (NFS), and where watches are scarce.
    #[must_use]
    pub fn without_notify(mut self) -> Self {
        self.watch = None;
        self
    }

    /// Returns what the files hold, once it has settled.
    fn settled(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let started = Instant::now();
        let mut seen = self.inputs.look();
        let mut grace = self.settle.saturating_mul(GRACE);
        if let Some(last) = &self.last
            && self.inputs.changed(&last.seen, &seen).is_none()
        {
            match &last.outcome {
                Ok(rotation) => return Ok(rotation.clone()),
                Err(error) if !self.may_pass(error) => return Err(Arc::clone(error).into()),
                // This error was waited for already.
                Err(_) => grace = Duration::ZERO,
            }
        }
        let mut since = started;
        let mut failure = None;
        loop {
            pause(self.settle, reload)?;
            let mut now = self.inputs.look();
            let mut changed = self.inputs.changed(&seen, &now);
            if changed.is_none() && failure.is_none() {
                let outcome = self.inputs.load();
                // The parser read the files once more: they must still be what was compared.
                now = self.inputs.look();
                changed = self.inputs.changed(&seen, &now);
                match outcome {
                    Ok(rotation) if changed.is_none() => {
                        self.last = Some(LastLoad {
                            seen,
                            outcome: Ok(rotation.clone()),
                        });
                        return Ok(rotation);
                    }
                    Ok(_) => {}
                    Err(error) => failure = Some(Arc::new(error)),
                }
            }
            match (changed, &failure) {
                (Some(path), _) => {
                    let waited = started.elapsed();
                    if waited >= self.settle.saturating_mul(PATIENCE) {
                        let problem =
                            MaterialError::from(MaterialProblem::KeepsChanging { waited });
                        return Err(Arc::new(problem.in_file(path)).into());
                    }
                    (seen, since, failure) = (now, Instant::now(), None);
                }
                (None, Some(error)) if since.elapsed() >= grace => {
                    let error = Arc::clone(error);
                    self.last = Some(LastLoad {
                        seen,
                        outcome: Err(Arc::clone(&error)),
                    });
                    return Err(error.into());
                }
                (None, _) => {}
            }
        }
    }

    /// Returns whether the same files may load at the next attempt.
    fn may_pass(&self, error: &MaterialError) -> bool {
        match error.problem() {
            MaterialProblem::ChangedWhileRead
            | MaterialProblem::Io { .. }
            | MaterialProblem::Passphrase { .. } => true,
            MaterialProblem::WrongPassphrase { .. } => {
                let passphrase = self.inputs.passphrase.as_ref();
                passphrase.is_some_and(Passphrase::may_change_unseen)
            }
            _ => false,
        }
    }
}

impl Source for FileSource {
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        if self.inputs.all().is_empty() {
            return Err(
                "the file source was given no file; call `FileSource::identity(..)`".into(),
            );
        }
        let outcome = self.settled(reload);
        // After reading, since the links may lead elsewhere by now.
        let Some(watch) = &mut self.watch else {
            return outcome;
        };
        let kept = watch.keep(WatchPaths::of(&self.inputs.all()), reload);
        if kept.is_new {
            reload.now();
        }
        match kept.trouble {
            Some(trouble) => outcome.map(|rotation| rotation.degraded(trouble)),
            None => outcome,
        }
    }
}

/// The clone reads the same files, but has read nothing yet.
impl Clone for FileSource {
    fn clone(&self) -> Self {
        Self {
            inputs: self.inputs.clone(),
            settle: self.settle,
            watch: self.watch.is_some().then(FileWatcher::default),
            last: None,
        }
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
            .field("inputs", &self.inputs)
            .field("settle", &self.settle)
            .field("watches", &self.watch.is_some())
            .finish_non_exhaustive()
    }
}

/// Keeps the file the same when the process changes its directory.
fn absolute(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
