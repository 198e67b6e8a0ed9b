//! Reading of files, with limits on their size and kind.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::permissions::InsecurePermissions;
use crate::error::{MaterialError, MaterialProblem};

pub(crate) const DIRECTORY: &str = "a directory";
const COPY_CONTENT: &str =
    "only regular files are read: write the content to one, closed to other users, and name that";

/// The content of a file, and its permissions if they are insecure.
pub(crate) struct FileContent {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// Set if every user may read or write the file, or its group may write it.
    pub(crate) exposure: Option<InsecurePermissions>,
}

/// Reads the file and passes its content to `parse`; an error names the file.
pub(crate) fn load<T>(
    path: &Path,
    limit: usize,
    parse: impl FnOnce(FileContent) -> Result<T, MaterialError>,
) -> Result<T, MaterialError> {
    let parse = |content: Option<FileContent>| parse(content.ok_or_else(|| too_large(limit))?);
    read(path, limit)
        .and_then(parse)
        .map_err(|e| e.in_file(path))
}

/// Returns an error for inputs of more than `limit` bytes.
pub(crate) fn check_size(bytes: &[u8], limit: usize) -> Result<(), MaterialError> {
    if bytes.len() > limit {
        return Err(too_large(limit));
    }
    Ok(())
}

/// Reads a regular file; `None` if it has more than `limit` bytes.
///
/// At most one byte more than the length at opening is read.
pub(crate) fn read(path: &Path, limit: usize) -> Result<Option<FileContent>, MaterialError> {
    let file = open(path)?;
    let metadata = file.metadata().map_err(io_problem)?;
    check_kind(&metadata)?;
    let expected = match usize::try_from(metadata.len()) {
        Ok(expected) if expected <= limit => expected,
        _ => return Ok(None),
    };
    // Room for all of it at once: a vector that grows leaves copies of a key behind. One byte more
    // than expected detects the end of the file without growing.
    let bound = expected.saturating_add(1);
    let mut bytes = Zeroizing::new(vec![0; bound]);
    let length = fill(&file, &mut bytes).map_err(io_problem)?;
    let after = file.metadata().map_err(io_problem)?;
    if expected == 0 && length > 0 && after.len() == 0 {
        let found = "a pseudo file that does not tell its length (as in /proc)";
        return Err(MaterialProblem::NotAFile {
            found,
            advice: COPY_CONTENT,
        }
        .into());
    }
    if length != expected || is_changed(&metadata, &after) {
        return Err(MaterialProblem::ChangedWhileRead.into());
    }
    bytes.truncate(length);
    Ok(Some(FileContent {
        bytes,
        exposure: InsecurePermissions::of(path, &metadata),
    }))
}

/// Reads until the buffer is full or the file ends.
///
/// The standard library's `read_to_end` probes for the end with a buffer on the stack, in which a
/// short passphrase would stay.
fn fill(mut file: &File, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0_usize;
    loop {
        let rest = room.get_mut(filled..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(filled);
        }
        match file.read(rest) {
            Ok(0) => return Ok(filled),
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Opens a regular file.
///
/// The kind is checked before opening, since opening a device may have effects; the caller checks
/// it again afterwards.
fn open(path: &Path) -> Result<File, MaterialError> {
    check_kind(&fs::metadata(path).map_err(io_problem)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // If a FIFO replaces the file in between, opening it must not wait for a writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path).map_err(io_problem)
}

fn check_kind(metadata: &Metadata) -> Result<(), MaterialError> {
    let (found, advice) = match metadata.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => (
            DIRECTORY,
            "only regular files are read: name the file itself",
        ),
        _ => ("a FIFO, a socket or a device", COPY_CONTENT),
    };
    Err(MaterialProblem::NotAFile { found, advice }.into())
}

fn is_changed(before: &Metadata, after: &Metadata) -> bool {
    // Not every file system has the time; the length was compared with what was read.
    before.len() != after.len() || before.modified().ok() != after.modified().ok()
}

fn io_problem(source: io::Error) -> MaterialError {
    MaterialProblem::Io { source }.into()
}

pub(crate) fn too_large(limit: usize) -> MaterialError {
    MaterialProblem::TooMany {
        limit,
        what: "bytes",
    }
    .into()
}
