use core::fmt;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{MaterialError, MaterialOrigin, MaterialProblem};
use crate::material::input::file::{self, FileContent};

/// A source that a [`Loader`](crate::Loader) reads: a file, directory, environment variable or
/// bytes.
///
/// A path converts into an input, so `loader.load_identity("client.p12")` reads that file.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// use mtls::Loader;
/// use mtls::material::Input;
///
/// # let ca_pem = pki::pki().ca.clone();
/// let anchors = Loader::new().load_anchors(Input::bytes(ca_pem))?;
/// # fn files(loader: Loader) -> Result<(), mtls::MaterialError> {
/// let identity = loader.load_identity(Input::env("CLIENT_PEM"))?;
/// let anchors = loader.load_anchors(Input::directory("/etc/my-service/anchors"))?;
/// let chain = loader.load_chain(Input::file("client.crt"))?; // or just "client.crt"
/// # Ok(())
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Input(Kind);

#[derive(Clone)]
enum Kind {
    Bytes(Arc<Zeroizing<Vec<u8>>>),
    Directory(PathBuf),
    Env(OsString),
    File(PathBuf),
}

impl Input {
    /// Creates an input of bytes in memory. The copy is wiped when it is dropped.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self(Kind::Bytes(Arc::new(Zeroizing::new(
            bytes.as_ref().to_vec(),
        ))))
    }

    /// Creates an input of every file in a directory. Only trust anchors can be read from one.
    pub fn directory(path: impl AsRef<Path>) -> Self {
        Self(Kind::Directory(path.as_ref().to_owned()))
    }

    /// Creates an input of an environment variable, which is read at each load.
    pub fn env(name: impl Into<OsString>) -> Self {
        Self(Kind::Env(name.into()))
    }

    /// Creates an input of one regular file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self(Kind::File(path.as_ref().to_owned()))
    }

    /// Returns the path of a directory.
    pub(super) fn as_directory(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Directory(path) => Some(path),
            _ => None,
        }
    }

    /// Returns the path of a file.
    pub(super) fn as_file(&self) -> Option<&Path> {
        match &self.0 {
            Kind::File(path) => Some(path),
            _ => None,
        }
    }

    /// Reads the input and passes its content to `parse`; an error names the input.
    pub(super) fn read<T>(
        &self,
        limit: usize,
        parse: impl FnOnce(FileContent) -> Result<T, MaterialError>,
    ) -> Result<T, MaterialError> {
        match &self.0 {
            Kind::File(path) => file::load(path, limit, parse),
            Kind::Bytes(bytes) => {
                file::check_size(bytes, limit)?;
                parse(FileContent {
                    bytes: Zeroizing::clone(bytes),
                    exposure: None,
                })
            }
            Kind::Env(name) => variable(name, limit)
                .and_then(parse)
                .map_err(|error| error.with_origin(MaterialOrigin::Variable(name.clone()))),
            Kind::Directory(path) => Err(MaterialError::from(MaterialProblem::NotAFile {
                found: file::DIRECTORY,
                advice: "only trust anchors are read from a directory: name the file itself, by `Input::file`",
            })
            .in_file(path)),
        }
    }
}

fn variable(name: &OsString, limit: usize) -> Result<FileContent, MaterialError> {
    let Some(value) = env::var_os(name) else {
        return Err(MaterialProblem::VariableNotSet.into());
    };
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    file::check_size(&bytes, limit)?;
    Ok(FileContent {
        bytes,
        exposure: None,
    })
}

/// Creates a file input.
impl<P: AsRef<Path> + ?Sized> From<&P> for Input {
    fn from(path: &P) -> Self {
        Self::file(path)
    }
}

/// Creates a file input.
impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

/// Omits the bytes, which may be a key.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Kind::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            Kind::Env(name) => f.debug_tuple("Env").field(name).finish(),
            Kind::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
