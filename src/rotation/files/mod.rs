//! Identity, anchors and lists from files.

pub(crate) mod file_watcher;
mod inputs;
pub(crate) mod watch_paths;

use core::fmt;
use core::time::Duration;
use std::path::{self, Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::rotation::Rotation;
use super::source::reload_trigger::{ReloadTrigger, WakeReason};
use super::source::{Source, SourceError};
use crate::error::{MaterialError, MaterialProblem};
use crate::material::Passphrase;

use file_watcher::FileWatcher;
use inputs::{Anchors, IdentityFiles, Inputs, InputsDigest};
use watch_paths::WatchPaths;

/// Identity, trust anchors and revocation lists from files, and from the files again when they change.
///
/// SourceBaseline to [`source(..)`](crate::ServerBuilder::source) of a builder. What is not named here is given to the builder as
/// ever.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{Event, FileSource, MtlsServer, Rustls, VerifierPolicy};
///
/// let files = FileSource::new()
///     .identity("/etc/tls/tls.crt", "/etc/tls/tls.key")
///     .trust_anchors("/etc/tls/ca.crt");
/// let server = MtlsServer::builder()
///     .source(files)
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .observer(|event| match event {
///         Event::Rotated { revision, .. } => println!("revision {revision} serves"),
///         Event::ReloadFailed(failure) => eprintln!("{failure}"),
///         _ => {}
///     })
///     .build(Rustls::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # When files are read
/// Whenever the source is asked ([`poll_interval`](crate::ServerBuilder::poll_interval)), and at once when the system tells of a change. WatchedDirectory
/// are the folders of the files and of all symbolic links on the way to them, so that a new target of a link
/// (Kubernetes' `..data`), a rename and a rewrite are all seen. Watching only saves time: on file systems that tell
/// nothing (NFS, some container mounts), and where the system's limits are reached, changes are seen by the poll. That
/// is told by [`Status::degraded`](crate::Status::degraded), and tried again each time.
///
/// A poll reads the files and compares their SHA-256, and the permissions of keys. Only what differs is parsed, and only
/// then a passphrase is asked for.
///
/// # What is taken
/// - What has **settled**: two readings, [`settle`](Self::settle) apart (initially 50 ms), have to be the same. A chain
///   that is cut between two certificates, since it is being written, is a good chain too.
/// - What **fits together**: what does not load, such as a certificate whose key is not there yet, is given ten times as
///   long (500 ms) before it counts as a failure.
/// - **All or nothing**: where one file does not load, nothing of the others is taken.
///
/// A file that has changed all the time for a hundred times as long (5 s) is
/// [`MaterialProblem::KeepsChanging`]. Better than all that is to write a new file and rename it into its place, or to
/// put all files into a new folder and rename a link to it.
///
/// # Errors
/// What [`load`](Source::load) gives as error is an `Arc<MaterialError>`, which names the file.
pub struct FileSource {
    inputs: Inputs,
    settle: Duration,
    watch: Option<FileWatcher>,
    last: Option<LastLoad>,
}

/// What came of the inputs when they were parsed last.
struct LastLoad {
    seen: InputsDigest,
    outcome: Result<Rotation, Arc<MaterialError>>,
}

/// How often the settling time is waited, at most, for what does not load.
const GRACE: u32 = 10;
/// How often the settling time is waited, at most, for what keeps changing.
const PATIENCE: u32 = 100;

impl FileSource {
    /// How far apart two readings are that have to be the same, unless [`settle`](Self::settle) says otherwise.
    pub const DEFAULT_SETTLE_TIME: Duration = Duration::from_millis(50);
    /// The most that [`settle`](Self::settle) takes.
    pub const MAX_SETTLE_TIME: Duration = Duration::from_secs(1);

    /// Of no file so far.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inputs: Inputs::default(),
            settle: Self::DEFAULT_SETTLE_TIME,
            watch: Some(FileWatcher::default()),
            last: None,
        }
    }

    /// The certificate chain in one file and its private key in another, each in any encoding, as
    /// [`MtlsIdentity::from_files`](crate::MtlsIdentity::from_files) reads them. A relative path counts from the current
    /// directory of this moment.
    #[must_use]
    pub fn identity(mut self, chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        self.inputs.identity = Some(IdentityFiles::Pair {
            chain: absolute(chain.as_ref()),
            key: absolute(key.as_ref()),
        });
        self
    }

    /// Chain and key in one file, PEM or PKCS#12, as [`MtlsIdentity::from_file`](crate::MtlsIdentity::from_file) reads it;
    /// in place of [`identity`](Self::identity).
    #[must_use]
    pub fn identity_file(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.identity = Some(IdentityFiles::One(absolute(path.as_ref())));
        self
    }

    /// What opens the key. Where it comes from a [file](Passphrase::from_file), that is looked at as well; one from a
    /// function is asked for when the files change, and when the last attempt failed for want of it.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.inputs.passphrase = Some(passphrase);
        self
    }

    /// The file of the trust anchors, as [`TrustAnchors::from_file`](crate::TrustAnchors::from_file) reads it.
    #[must_use]
    pub fn trust_anchors(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.anchors = Some(Anchors::File(absolute(path.as_ref())));
        self
    }

    /// The folder of the trust anchors, as [`TrustAnchors::from_directory`](crate::TrustAnchors::from_directory) reads it;
    /// in place of [`trust_anchors`](Self::trust_anchors).
    #[must_use]
    pub fn trust_anchors_directory(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.anchors = Some(Anchors::Directory(absolute(path.as_ref())));
        self
    }

    /// One more file of revocation lists, PEM or DER, as [`RevocationLists::from_file`](crate::RevocationLists::from_file)
    /// reads it.
    #[must_use]
    pub fn revocation_lists(mut self, path: impl AsRef<Path>) -> Self {
        self.inputs.lists.push(absolute(path.as_ref()));
        self
    }

    /// How far apart two readings are that have to be the same before a change is taken: longer where files are written
    /// slowly, in place. Initially [`DEFAULT_SETTLE_TIME`](Self::DEFAULT_SETTLE_TIME), at most [`MAX_SETTLE_TIME`](Self::MAX_SETTLE_TIME). With
    /// zero nothing is waited for: what is there is taken if it loads.
    #[must_use]
    pub fn settle(mut self, time: Duration) -> Self {
        self.settle = time.min(Self::MAX_SETTLE_TIME);
        self
    }

    /// Watches nothing: changes are seen when the source is asked. For file systems that tell of no changes (NFS), where
    /// watching is of no use, and where watches are scarce.
    #[must_use]
    pub fn without_notify(mut self) -> Self {
        self.watch = None;
        self
    }

    /// What there is, once it has settled.
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
                // It was waited for.
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
                // What was parsed was read once more: it has to be what was looked at.
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

    /// Whether the same files may load the next time.
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
        // After reading, since where the links lead may be new.
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

/// The clone reads the same files, and has read nothing yet.
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

/// Waits, unless nobody waits for us any more. Being asked again meanwhile is no reason to hurry: what there is then is
/// read after this.
fn pause(time: Duration, reload: &ReloadTrigger) -> Result<(), SourceError> {
    let started = Instant::now();
    loop {
        let left = time.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        if reload.wait(left) == WakeReason::Over {
            return Err("nobody asks any more".into());
        }
    }
}

/// So that it stays the same file when the process changes its directory.
fn absolute(path: &Path) -> PathBuf {
    path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
