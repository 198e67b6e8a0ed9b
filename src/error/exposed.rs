//! The words for files that are open to others.

use std::path::Path;

use super::path;

/// What is open, and to whom.
pub(crate) fn words(what: &str, path: &Path, mode: u32) -> String {
    let path = path::shown(path);
    match mode & 0o006 {
        0 => format!(
            "{what} in {path} may be overwritten by every member of its group (mode {mode:04o})"
        ),
        _ => format!("{what} in {path} is open to every user of this machine (mode {mode:04o})"),
    }
}

/// The command that closes it.
pub(crate) fn close(path: &Path) -> String {
    format!("chmod 600 {}", path::quoted(path))
}
