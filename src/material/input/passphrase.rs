use core::cell::RefCell;
use core::fmt;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use der::asn1::AnyRef;
use der::{Decode, Tag, Tagged};
use zeroize::Zeroizing;

use super::file;
use super::permissions::InsecurePermissions;
use crate::error::{MaterialProblem, PassphraseFlaw, PassphraseOrigin};
use crate::material::key::PrivateKey;

const NOT_UTF8: &str = "it is not UTF-8";

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The passphrase of an encrypted private key or a PKCS#12 container, or its source.
///
/// The source is read each time that encrypted data is opened; a terminal is never used. The
/// passphrase is encoded as UTF-8, or as UTF-16 for the key derivation of PKCS#12, as in OpenSSL. A
/// passphrase from a source is wiped after use, one that was given as a value when it is dropped.
/// `Debug` shows neither.
///
/// ```
/// use mtls::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse");
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
/// let passphrase = Passphrase::from_env("CLIENT_KEY_PASSPHRASE");
/// let passphrase = Passphrase::from_file("/run/secrets/client-key-passphrase");
/// let passphrase = Passphrase::from_fn(|| Ok(std::process::id().to_string()));
/// ```
#[derive(Clone)]
pub struct Passphrase(Source);

#[derive(Clone)]
enum Source {
    Value(Zeroizing<String>),
    Call(Arc<dyn Fn() -> Result<String, Cause> + Send + Sync>),
    File(PathBuf),
    Environment(OsString),
}

impl Passphrase {
    /// The maximum length of a passphrase in bytes, from any source.
    pub const MAX_BYTES: usize = 4096;

    /// Creates a passphrase from a value. A `String` is not copied.
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(Source::Value(Zeroizing::new(passphrase.into())))
    }

    /// Creates a passphrase that a closure returns, for a secret store. The closure may block.
    ///
    /// What it returns is wiped after use. Its error becomes the source of
    /// [`MaterialProblem::Passphrase`].
    pub fn from_fn(get: impl Fn() -> Result<String, Cause> + Send + Sync + 'static) -> Self {
        Self(Source::Call(Arc::new(get)))
    }

    /// Creates a passphrase that is read from a file.
    ///
    /// One line break at the end of the file is removed. Only regular files are read. If its
    /// permissions are insecure, the identity has the warning
    /// [`InsecurePassphraseFile`](crate::material::IdentityWarning::InsecurePassphraseFile).
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// Creates a passphrase that is read from an environment variable.
    ///
    /// It is visible to everyone who can read the process' environment: a file is better.
    pub fn from_env(name: impl Into<OsString>) -> Self {
        Self(Source::Environment(name.into()))
    }

    /// Returns the path of the file that it is read from.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.0 {
            Source::File(path) => Some(path),
            Source::Call(_) | Source::Environment(_) | Source::Value(_) => None,
        }
    }

    /// Returns whether the passphrase may change in a way that a file watcher cannot detect.
    pub(crate) fn may_change_unseen(&self) -> bool {
        matches!(self.0, Source::Call(_) | Source::Environment(_))
    }

    /// Starts the use of the passphrase for one input.
    pub(crate) fn asked(&self) -> PassphraseUse<'_> {
        PassphraseUse {
            passphrase: self,
            exposure: RefCell::new(None),
        }
    }

    /// Reads the passphrase, and stores the insecure permissions of its file in `seen`.
    fn reveal(
        &self,
        seen: &RefCell<Option<InsecurePermissions>>,
    ) -> Result<Zeroizing<String>, MaterialProblem> {
        let passphrase = match &self.0 {
            Source::Value(value) => value.clone(),
            Source::Call(get) => Zeroizing::new(get().map_err(|source| self.unavailable(source))?),
            Source::File(path) => {
                let read = file::load(path, Self::MAX_BYTES, |content| {
                    seen.replace(content.exposure.clone());
                    Ok(text(content))
                });
                let text = read.map_err(|error| self.unavailable(error.into()))?;
                text.ok_or_else(|| self.unavailable(NOT_UTF8.into()))?
            }
            Source::Environment(name) => {
                // The value of the variable must not appear in the message.
                let value =
                    env::var_os(name).ok_or_else(|| self.unavailable("it is not set".into()))?;
                match value.into_string() {
                    Ok(value) => Zeroizing::new(value),
                    Err(value) => {
                        drop(Zeroizing::new(value.into_encoded_bytes()));
                        return Err(self.unavailable(NOT_UTF8.into()));
                    }
                }
            }
        };
        if passphrase.len() > Self::MAX_BYTES {
            let cause = format!("it has more than {} bytes", Self::MAX_BYTES);
            Err(self.unavailable(cause.into()))
        } else {
            Ok(passphrase)
        }
    }

    fn unavailable(&self, source: Cause) -> MaterialProblem {
        let from = self.origin();
        MaterialProblem::Passphrase { from, source }
    }

    fn origin(&self) -> PassphraseOrigin {
        match &self.0 {
            Source::Value(_) => PassphraseOrigin::Value,
            Source::Call(_) => PassphraseOrigin::Function,
            Source::File(path) => PassphraseOrigin::File(path.clone()),
            Source::Environment(name) => PassphraseOrigin::Variable(name.clone()),
        }
    }
}

/// The use of a passphrase while one input is opened.
pub(crate) struct PassphraseUse<'a> {
    passphrase: &'a Passphrase,
    exposure: RefCell<Option<InsecurePermissions>>,
}

impl PassphraseUse<'_> {
    /// Reads the passphrase.
    pub(crate) fn reveal(&self) -> Result<Zeroizing<String>, MaterialProblem> {
        self.passphrase.reveal(&self.exposure)
    }

    /// Reads the passphrase and calls `open`, whose output must be one DER SEQUENCE.
    ///
    /// One wrong passphrase in 256 yields valid padding, but hardly ever a SEQUENCE.
    pub(crate) fn open(
        &self,
        open: impl FnOnce(&str) -> Result<Zeroizing<Vec<u8>>, MaterialProblem>,
    ) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
        let text = self.reveal()?;
        match open(&text) {
            Ok(plain) if is_sequence(&plain) => Ok(plain),
            Ok(_) | Err(MaterialProblem::WrongPassphrase { .. }) => Err(self.wrong(&text)),
            Err(problem) => Err(problem),
        }
    }

    /// Returns the error for a wrong passphrase: its origin and a common mistake, but no text.
    pub(crate) fn wrong(&self, text: &str) -> MaterialProblem {
        MaterialProblem::WrongPassphrase {
            from: self.passphrase.origin(),
            flaw: match text.chars().next_back() {
                None => Some(PassphraseFlaw::Empty),
                Some(last) if last.is_whitespace() => Some(PassphraseFlaw::TrailingWhitespace),
                Some(_) => None,
            },
        }
    }

    /// Returns the key that was opened, with the insecure permissions of the passphrase's file.
    pub(crate) fn opened(self, mut key: PrivateKey) -> PrivateKey {
        key.passphrase_exposure = self.exposure.into_inner();
        key
    }
}

/// Returns the error for a wrong passphrase from a cipher, which does not know its origin.
///
/// [`PassphraseUse::open`] replaces it by one with the origin.
pub(crate) fn wrong_passphrase() -> MaterialProblem {
    MaterialProblem::WrongPassphrase {
        from: PassphraseOrigin::Value,
        flaw: None,
    }
}

pub(crate) fn is_sequence(der: &[u8]) -> bool {
    AnyRef::from_der(der).is_ok_and(|value| value.tag() == Tag::Sequence)
}

/// Returns the passphrase in a file; `None` if it is not UTF-8.
fn text(content: file::FileContent) -> Option<Zeroizing<String>> {
    let line = content.bytes.strip_suffix(b"\n").unwrap_or(&content.bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = core::str::from_utf8(line).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}
