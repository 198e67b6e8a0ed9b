use core::fmt;
use std::borrow::Cow;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::credential;
use crate::error::{MaterialError, MaterialOrigin, MaterialProblem};
use crate::material::input::file::{self, FileContent};

/// A source that a [`Loader`](crate::Loader) reads: a file, directory, credential of systemd,
/// environment variable or bytes.
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
    Credential(OsString),
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

    /// Creates an input of a credential that systemd passes to the service, by its name.
    ///
    /// It is the file of that name in the folder of the environment variable
    /// `CREDENTIALS_DIRECTORY`, which is read at each load (systemd.exec(5), "Credentials").
    ///
    /// ```no_run
    /// use mtls::Loader;
    /// use mtls::material::Input;
    ///
    /// // In the unit: LoadCredential=tls.crt:/etc/pki/web.crt
    /// //              LoadCredentialEncrypted=tls.key
    /// let chain = Input::credential("tls.crt");
    /// let identity = Loader::new().load_key_pair(chain, Input::credential("tls.key"))?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// Loading fails for a name that is not that of one file in the folder
    /// ([`InvalidCredentialName`](MaterialProblem::InvalidCredentialName)), and if the variable is
    /// not set to an absolute path
    /// ([`NoCredentialsDirectory`](MaterialProblem::NoCredentialsDirectory)).
    pub fn credential(name: impl Into<OsString>) -> Self {
        Self(Kind::Credential(name.into()))
    }

    /// Returns the path of a [credential](Self::credential), for what takes a path: a `FileSource`,
    /// or [`Passphrase::from_file`](crate::Passphrase::from_file).
    ///
    /// ```no_run
    /// use mtls::Passphrase;
    /// use mtls::material::Input;
    ///
    /// let passphrase = Passphrase::from_file(Input::credential_path("p12-passphrase")?);
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaterialError`] for an invalid name, and without the folder. Whether the file exists is
    /// not checked.
    pub fn credential_path(name: impl AsRef<OsStr>) -> Result<PathBuf, MaterialError> {
        credential::path(name.as_ref())
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
    pub(super) fn as_file(&self) -> Option<Cow<'_, Path>> {
        match &self.0 {
            Kind::Credential(name) => credential::path(name).ok().map(Cow::Owned),
            Kind::File(path) => Some(Cow::Borrowed(path)),
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
            Kind::Credential(name) => file::load(&credential::path(name)?, limit, parse),
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
            Kind::Credential(name) => f.debug_tuple("Credential").field(name).finish(),
            Kind::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            Kind::Env(name) => f.debug_tuple("Env").field(name).finish(),
            Kind::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
