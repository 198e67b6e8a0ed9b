use core::fmt;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::path::shown;

/// The origin of the bytes of some material.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaterialOrigin {
    /// Bytes in memory.
    Bytes,
    /// A credential of systemd whose file is not known.
    Credential(OsString),
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
            Self::Credential(name) => write!(f, "the credential {}", shown(Path::new(name))),
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
