//! Reading a file without trusting its size or kind.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{MaterialError, MaterialOrigin, MaterialProblem};

/// Reads the file and hands its bytes on; whatever goes wrong names the file.
pub(super) fn load<T>(
    path: &Path,
    limit: usize,
    parse: impl FnOnce(&[u8]) -> Result<T, MaterialError>,
) -> Result<T, MaterialError> {
    read(path, limit)
        .and_then(|bytes| parse(&bytes))
        .map_err(|e| e.with_origin(MaterialOrigin::File(path.to_owned())))
}

/// Refuses inputs of more than `limit` bytes.
pub(super) fn check_size(bytes: &[u8], limit: usize) -> Result<(), MaterialError> {
    if bytes.len() > limit {
        return Err(too_large(limit));
    }
    Ok(())
}

fn read(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    // Asked before opening, since opening a FIFO blocks, and again on what was opened.
    if !fs::metadata(path).map_err(io_problem)?.is_file() {
        return Err(MaterialProblem::NotAFile.into());
    }
    let file = File::open(path).map_err(io_problem)?;
    let metadata = file.metadata().map_err(io_problem)?;
    if !metadata.is_file() {
        return Err(MaterialProblem::NotAFile.into());
    }
    let bound = limit.saturating_add(1);
    let expected = usize::try_from(metadata.len()).unwrap_or(bound).min(bound);
    // Room for all of it at once: a vector that grows leaves copies of a key behind. One byte
    // more than expected lets the end of the file be seen without growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.saturating_add(1)));
    file.take(u64::try_from(bound).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)
        .map_err(io_problem)?;
    check_size(&bytes, limit)?;
    Ok(bytes)
}

fn io_problem(source: io::Error) -> MaterialError {
    MaterialProblem::Io { source }.into()
}

fn too_large(limit: usize) -> MaterialError {
    MaterialProblem::TooMany {
        limit,
        what: "bytes",
    }
    .into()
}
