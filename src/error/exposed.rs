//! Descriptions of files with insecure permissions.

use std::path::Path;

use super::path;

/// Returns a description of the file and of who can access it.
pub(crate) fn words(what: &str, path: &Path, mode: u32) -> String {
    let path = path::shown(path);
    match mode & 0o006 {
        0 => format!("{what} in {path} is writable by its group (mode {mode:04o})"),
        _ => format!(
            "{what} in {path} is accessible to every user of this machine (mode {mode:04o})"
        ),
    }
}

/// Returns the command that restricts the permissions.
pub(crate) fn close(path: &Path) -> String {
    format!("chmod 600 {}", path::quoted(path))
}
