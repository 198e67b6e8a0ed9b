//! Whether what lies under a path is what it was, without making anything of it.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::directory;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::input::file::{self, FileContent};

/// What there is under a path, as far as loading it depends on that: the bytes and whether others may touch them, or why
/// they cannot be had. `None` for what changed while it was read, which is like nothing, itself included.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint(Option<[u8; 32]>);

impl Fingerprint {
    /// Of a file of which at most `limit` bytes are taken.
    pub(crate) fn of_file(path: &Path, limit: usize) -> Self {
        let mut hash = Sha256::new();
        let is_still = match file::read(path, limit) {
            Ok(content) => add_content(&mut hash, content.as_ref()),
            Err(error) => add_error(&mut hash, &error),
        };
        Self::finish(hash, is_still)
    }

    /// Of a folder of trust anchors, with the files that are read of one.
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
        Self(is_still.then(|| hash.finalize().into()))
    }
}

/// Whether it is still; `None` stands for too many bytes, as it does where files are read.
fn add_content(hash: &mut Sha256, content: Option<&FileContent>) -> bool {
    match content {
        None => hash.update([0]),
        Some(content) => {
            hash.update([1]);
            // What is said of the file's permissions is about this.
            let mode = content.exposure.as_ref().map_or(u32::MAX, |e| e.mode);
            hash.update(mode.to_be_bytes());
            add_part(hash, &content.bytes);
        }
    }
    true
}

fn add_error(hash: &mut Sha256, error: &MaterialError) -> bool {
    hash.update([2]);
    match error.problem() {
        MaterialProblem::ChangedWhileRead => return false,
        MaterialProblem::Io { source } => add_part(hash, format!("{source:?}").as_bytes()),
        other => add_part(hash, other.to_string().as_bytes()),
    }
    true
}

/// With its length before it, so that no two lists of parts read alike.
fn add_part(hash: &mut Sha256, part: &[u8]) {
    hash.update(part.len().to_be_bytes());
    hash.update(part);
}
