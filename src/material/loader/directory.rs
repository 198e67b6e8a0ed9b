//! A directory of trust anchors.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pki_types::CertificateDer;

use crate::crypto::sha256;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::input::file;
use crate::material::pem::unexpected_input;

impl TrustAnchors {
    /// The maximum number of entries in a directory: a file and a hash link for each anchor.
    pub const MAX_DIRECTORY_ENTRIES: usize = 32_768;
}

/// Reads every file of a directory by `read`, in the order of the file names.
///
/// Links are followed and equal certificates count once, so that the hash links of `openssl rehash`
/// and a bundle beside its parts do no harm. Names that begin with a dot and directories are
/// skipped, also behind links. Every other entry has to load, because a missing anchor would show
/// up only later, as a rejected peer.
pub(super) fn anchors(
    folder: &Path,
    read: impl Fn(&[u8]) -> Result<TrustAnchors, MaterialError>,
) -> Result<TrustAnchors, MaterialError> {
    let in_folder = |error: MaterialError| error.in_file(folder);
    let mut all = AnchorCollector::default();
    let mut left = TrustAnchors::MAX_INPUT_BYTES;
    for file in files(folder).map_err(in_folder)? {
        let in_entry = |error: MaterialError| error.in_entry(&file);
        let content = match file::read(&file, left).map_err(in_entry)? {
            Some(content) => content,
            None if left == TrustAnchors::MAX_INPUT_BYTES => {
                return Err(in_entry(file::too_large(left)));
            }
            // The files exceed the limit together, so the error names the directory.
            None => return Err(in_folder(file::too_large(TrustAnchors::MAX_INPUT_BYTES))),
        };
        let length = content.bytes.len();
        let anchors = read(&content.bytes).map_err(in_entry)?;
        left = left.saturating_sub(length);
        all.add(&anchors);
        if all.anchors.len() > TrustAnchors::MAX_CERTIFICATES {
            break;
        }
    }
    if all.anchors.is_empty() {
        return Err(in_folder(MaterialProblem::NoCertificateInDirectory.into()));
    }
    TrustAnchors::checked(all.anchors).map_err(in_folder)
}

/// Collects each certificate once, in the order of the input.
#[derive(Default)]
struct AnchorCollector {
    anchors: Vec<CertificateDer<'static>>,
    seen: HashSet<[u8; 32]>,
}

impl AnchorCollector {
    fn add(&mut self, anchors: &TrustAnchors) {
        for anchor in anchors.as_slice() {
            if self.seen.insert(sha256(anchor)) {
                self.anchors.push(anchor.clone());
            }
        }
    }
}

/// Returns the files to read, sorted by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, MaterialError> {
    if !fs::metadata(folder).map_err(io_problem)?.is_dir() {
        return Err(unexpected_input::unexpected(
            "no directory",
            "a directory of certificates",
            "give the path of a file, or `Input::file`",
        )
        .into());
    }
    let mut names: Vec<OsString> = Vec::new();
    for (looked_at, entry) in fs::read_dir(folder).map_err(io_problem)?.enumerate() {
        if looked_at == TrustAnchors::MAX_DIRECTORY_ENTRIES {
            return Err(too_many(looked_at, "entries"));
        }
        let name = entry.map_err(io_problem)?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort_unstable();
    let mut files = Vec::with_capacity(names.len());
    for name in names {
        let file = folder.join(name);
        // The target of a link counts. A dangling link is an error when it is read.
        if !fs::metadata(&file).is_ok_and(|found| found.is_dir()) {
            files.push(file);
        }
    }
    Ok(files)
}

fn io_problem(source: io::Error) -> MaterialError {
    MaterialProblem::Io { source }.into()
}

fn too_many(limit: usize, what: &'static str) -> MaterialError {
    MaterialProblem::TooMany { limit, what }.into()
}
