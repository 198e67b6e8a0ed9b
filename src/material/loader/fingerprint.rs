//! Detection of changes under a path, without parsing the content.

use std::path::Path;

use super::directory;
use crate::crypto::Sha256;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::input::file::{self, FileContent};
use crate::material::input::stack_wipe::with_wiped_stack;

/// A digest of everything under a path that loading depends on.
///
/// It covers the bytes and the insecure permissions of each file, or the error of reading it. It is
/// `None` if a file changed while it was read, and then equals no fingerprint, not even itself.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint(Option<[u8; 32]>);

impl Fingerprint {
    /// Reads a file of at most `limit` bytes.
    pub(crate) fn of_file(path: &Path, limit: usize) -> Self {
        // Not every library wipes the last block, which may be of a key.
        with_wiped_stack(|| {
            let mut hash = Sha256::new();
            let is_still = match file::read(path, limit) {
                Ok(content) => add_content(&mut hash, content.as_ref()),
                Err(error) => add_error(&mut hash, &error),
            };
            Self::finish(hash, is_still)
        })
    }

    /// Reads a directory of trust anchors: the files that loading reads.
    pub(crate) fn of_directory(folder: &Path) -> Self {
        let mut hash = Sha256::new();
        let mut left = TrustAnchors::MAX_INPUT_BYTES;
        let files = match directory::files(folder) {
            Ok(files) => files,
            Err(error) => {
                let is_still = add_error(&mut hash, &error);
                return Self::finish(hash, is_still);
            }
        };
        for file in files {
            let name = file.as_os_str().as_encoded_bytes();
            add_part(&mut hash, name);
            let is_still = match file::read(&file, left) {
                Ok(content) => {
                    let length = content.as_ref().map_or(left, |c| c.bytes.len());
                    left = left.saturating_sub(length);
                    add_content(&mut hash, content.as_ref())
                }
                Err(error) => add_error(&mut hash, &error),
            };
            if !is_still {
                return Self(None);
            }
        }
        Self::finish(hash, true)
    }

    pub(crate) fn is(self, other: Self) -> bool {
        self.0.is_some() && self.0 == other.0
    }

    fn finish(hash: Sha256, is_still: bool) -> Self {
        Self(is_still.then(|| hash.finish()))
    }
}

/// Adds a file, `None` if it is too large; returns whether it was stable while it was read.
fn add_content(hash: &mut Sha256, content: Option<&FileContent>) -> bool {
    match content {
        None => hash.update(&[0]),
        Some(content) => {
            hash.update(&[1]);
            // The warnings about permissions depend on it.
            let mode = content.exposure.as_ref().map_or(u32::MAX, |e| e.mode);
            hash.update(&mode.to_be_bytes());
            add_part(hash, &content.bytes);
        }
    }
    true
}

fn add_error(hash: &mut Sha256, error: &MaterialError) -> bool {
    hash.update(&[2]);
    match error.problem() {
        MaterialProblem::ChangedWhileRead => return false,
        MaterialProblem::Io { source } => add_part(hash, format!("{source:?}").as_bytes()),
        other => add_part(hash, other.to_string().as_bytes()),
    }
    true
}

/// Adds a part after its length, so that different lists of parts never hash alike.
fn add_part(hash: &mut Sha256, part: &[u8]) {
    hash.update(&part.len().to_be_bytes());
    hash.update(part);
}
