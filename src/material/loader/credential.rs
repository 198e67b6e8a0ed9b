//! Credentials that systemd passes to a service (systemd.exec(5), "Credentials").

use std::env;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use crate::error::{MaterialError, MaterialOrigin, MaterialProblem};

/// The environment variable with the folder of a service's credentials.
const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The longest name, as systemd has it.
const MAX_NAME_BYTES: usize = 255;

/// Returns the path of a credential.
pub(super) fn path(name: &OsStr) -> Result<PathBuf, MaterialError> {
    let find = || {
        if !is_name(name) {
            return Err(MaterialProblem::InvalidCredentialName);
        }
        let folder = env::var_os(DIRECTORY).map(PathBuf::from);
        let folder = folder.filter(|folder| folder.is_absolute());
        Ok(folder
            .ok_or(MaterialProblem::NoCredentialsDirectory)?
            .join(name))
    };
    find().map_err(|problem| {
        let error = MaterialError::from(problem);
        error.with_origin(MaterialOrigin::Credential(name.to_owned()))
    })
}

/// Returns whether this is the name of one file in the folder, and leads nowhere else.
fn is_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let mut parts = Path::new(name).components();
    // A slash at the end is dropped from the components.
    matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(only)), None) if only == name
    ) && bytes.len() <= MAX_NAME_BYTES
        && !bytes.iter().any(u8::is_ascii_control)
}
