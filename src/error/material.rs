use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::MaterialProblem;
use super::path::shown;

const DIRECTORY_ENTRY: &str =
    "every file of its directory is read: move away what does not belong there";
const RELATIVE_PATH: &str =
    "a relative path counts from the directory in which the program was started";

/// The error of loading certificates, keys or revocation lists, with its location.
///
/// `Display` names the file, the location in it and the fault; [`hint`](Self::hint) says what to do
/// about it. Neither contains key bytes or passphrases.
#[derive(Debug)]
pub struct MaterialError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    origin: MaterialOrigin,
    place: Option<MaterialLocation>,
    problem: MaterialProblem,
}

impl MaterialError {
    /// Returns the fault.
    pub fn problem(&self) -> &MaterialProblem {
        &self.0.problem
    }

    /// Returns the origin of the bytes.
    pub fn origin(&self) -> &MaterialOrigin {
        &self.0.origin
    }

    /// Returns the faulty PEM section, or the faulty one of several DER certificates or lists.
    pub fn place(&self) -> Option<&MaterialLocation> {
        self.0.place.as_ref()
    }

    /// Returns what to do about the fault.
    pub fn hint(&self) -> Cow<'_, str> {
        let hint = self.0.problem.hint();
        match (&self.0.problem, &self.0.origin) {
            (MaterialProblem::Io { source }, MaterialOrigin::File(path))
                if source.kind() == io::ErrorKind::NotFound && path.is_relative() =>
            {
                format!("{hint}; {RELATIVE_PATH}").into()
            }
            (_, MaterialOrigin::DirectoryEntry(_)) => format!("{hint}; {DIRECTORY_ENTRY}").into(),
            _ => hint,
        }
    }

    pub(crate) fn at(mut self, place: MaterialLocation) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        self.with_origin(MaterialOrigin::File(path.to_owned()))
    }

    pub(crate) fn in_entry(self, path: &Path) -> Self {
        self.with_origin(MaterialOrigin::DirectoryEntry(path.to_owned()))
    }

    pub(crate) fn with_origin(mut self, origin: MaterialOrigin) -> Self {
        self.0.origin = origin;
        self
    }
}

impl From<MaterialProblem> for MaterialError {
    fn from(problem: MaterialProblem) -> Self {
        Self(Box::new(Inner {
            origin: MaterialOrigin::Bytes,
            place: None,
            problem,
        }))
    }
}

impl fmt::Display for MaterialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.origin)?;
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}", self.0.problem)
    }
}

impl StdError for MaterialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.problem.source()
    }
}

/// The origin of the bytes of some material.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaterialOrigin {
    /// Bytes in memory.
    Bytes,
    /// One file of a directory whose files are all read.
    DirectoryEntry(PathBuf),
    /// One file or directory.
    File(PathBuf),
    /// The certificates of one file and the key of another that do not fit together.
    Pair {
        /// The file of the certificate chain.
        chain: PathBuf,
        /// The file of the private key.
        key: PathBuf,
    },
    /// An environment variable.
    Variable(OsString),
}

impl fmt::Display for MaterialOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes => f.write_str("given bytes"),
            Self::DirectoryEntry(path) | Self::File(path) => f.write_str(&shown(path)),
            Self::Pair { chain, key } => write!(f, "{} and {}", shown(chain), shown(key)),
            Self::Variable(name) => {
                write!(f, "the environment variable {}", shown(Path::new(name)))
            }
        }
    }
}

/// The origin of a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassphraseOrigin {
    /// A file.
    File(PathBuf),
    /// A function, as given to [`Passphrase::from_fn`](crate::Passphrase::from_fn).
    Function,
    /// A value, as given to [`Passphrase::new`](crate::Passphrase::new).
    Value,
    /// An environment variable.
    Variable(OsString),
}

impl fmt::Display for PassphraseOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the file {}", shown(path)),
            Self::Function => f.write_str("the given function"),
            Self::Value => f.write_str("the given value"),
            Self::Variable(name) => {
                write!(f, "the environment variable {}", shown(Path::new(name)))
            }
        }
    }
}

/// A location in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaterialLocation {
    /// The position among the PEM sections or DER values, from 0.
    pub index: usize,
    /// The byte offset of the PEM section, from 0; `None` for DER.
    pub offset: Option<usize>,
    /// The label of the PEM section, or the one that a DER value would have; `None` for
    /// certificates in DER.
    pub label: Option<String>,
}

impl fmt::Display for MaterialLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.label, self.offset) {
            (Some(label), Some(offset)) => {
                write!(f, "section {} ({label}, at byte {offset})", self.index)
            }
            (Some(label), None) => write!(f, "{label} {}", self.index),
            (None, Some(offset)) => write!(f, "section {} (at byte {offset})", self.index),
            _ => write!(f, "certificate {}", self.index),
        }
    }
}
