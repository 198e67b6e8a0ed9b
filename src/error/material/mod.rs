use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::path::Path;

mod hint;
mod name;
mod origin;
mod problem;

pub use origin::{MaterialLocation, MaterialOrigin, PassphraseOrigin};
pub use problem::{MaterialProblem, PassphraseFlaw, RevocationListFault, SigningKeyFault};

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
