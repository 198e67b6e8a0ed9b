//! Reading of everything that is named on the command line.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mtls::material::{Input, Inspection};
use mtls::{Loader, RevocationLists, TrustAnchors};
use zeroize::Zeroizing;

use crate::arguments::quoted;
use crate::output::Finding;

/// The most bytes of all files together.
const MAX_BYTES: u64 = 256 << 20;

/// The name of what has no file.
pub(super) const STANDARD_INPUT: &str = "standard input";

/// A file and what is in it.
pub(super) struct InspectedFile {
    pub(super) name: String,
    pub(super) inspection: Result<Inspection, Box<Finding>>,
}

/// Reads files, the files in directories, and standard input for `-`.
pub(super) fn read_all(paths: &[PathBuf], loader: &Loader) -> Vec<InspectedFile> {
    let mut read = Vec::new();
    let mut left = MAX_BYTES;
    for path in paths {
        if path.as_os_str() == "-" {
            read.push(InspectedFile {
                name: STANDARD_INPUT.to_owned(),
                inspection: standard_input(loader),
            });
        } else if path.is_dir() {
            match files_in(path) {
                Ok(files) => {
                    let files = files.iter().map(|file| {
                        let read = one(file, loader, &mut left);
                        if_not_configuration(read, file)
                    });
                    read.extend(files);
                }
                Err(finding) => read.push(InspectedFile {
                    name: path.display().to_string(),
                    inspection: Err(finding),
                }),
            }
        } else {
            read.push(one(path, loader, &mut left));
        }
    }
    read
}

fn one(path: &Path, loader: &Loader, left: &mut u64) -> InspectedFile {
    let name = path.display().to_string();
    let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let inspection = match left.checked_sub(length) {
        Some(rest) => {
            *left = rest;
            let found = loader.inspect(Input::file(path));
            found.map_err(|error| Box::new(Finding::of_error(&error).at(&name)))
        }
        None => {
            let message = format!("the files have more than {MAX_BYTES} bytes together");
            let finding = Finding::fault("too_many", message).at(&name);
            Err(Box::new(finding.hint("inspect fewer of them at once")))
        }
    };
    InspectedFile { name, inspection }
}

/// Turns the fault of a file that looks like a configuration into a note: a folder may hold one.
fn if_not_configuration(read: InspectedFile, path: &Path) -> InspectedFile {
    let inspection = read.inspection.map_err(|finding| {
        if finding.reason != "unexpected_content" || !is_configuration(path) {
            return finding;
        }
        let message = "these are not certificates: a configuration?";
        let note = Finding::note("not_certificates", message).at(&read.name);
        let path = quoted(path);
        Box::new(note.hint(format!("`mtls check --config {path}` checks what it names")))
    });
    InspectedFile { inspection, ..read }
}

/// Returns whether the text begins as TOML, JSON or YAML does.
fn is_configuration(path: &Path) -> bool {
    const BEGINNING: u64 = 4 << 10;
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut head));
    if read.is_err() || head.contains(&0) {
        return false;
    }
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let is_name = |name: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.\"' ".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    first.is_some_and(|line| {
        let is_section = line.starts_with('[') || line.starts_with('{') || line == "---";
        let pair = line.split_once('=').or_else(|| line.split_once(':'));
        is_section || pair.is_some_and(|(name, _)| is_name(name.trim()))
    })
}

/// Returns the files of a directory by name, as loading anchors from it reads them.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Box<Finding>> {
    let place = || directory.display().to_string();
    let unreadable = |error: io::Error| {
        let finding = Finding::fault("unreadable_file", format!("it cannot be read: {error}"));
        let finding = finding.at(place());
        Box::new(
            finding.hint("check its permissions with `ls -ld`, and that this user may read it"),
        )
    };
    let mut files = Vec::new();
    for (count, entry) in fs::read_dir(directory).map_err(unreadable)?.enumerate() {
        let most = TrustAnchors::MAX_DIRECTORY_ENTRIES;
        if count == most {
            let message = format!("the directory has more than {most} entries");
            let finding = Finding::fault("too_many", message).at(place());
            return Err(Box::new(finding.hint("name the files themselves")));
        }
        let entry = entry.map_err(unreadable)?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && !entry.path().is_dir() {
            files.push(entry.path());
        }
    }
    if files.is_empty() {
        let finding = Finding::fault("no_certificate_in_directory", "the directory has no file");
        let hint = "names that begin with a dot, and directories in it, are passed over";
        return Err(Box::new(finding.at(place()).hint(hint)));
    }
    files.sort_unstable();
    Ok(files)
}

fn standard_input(loader: &Loader) -> Result<Inspection, Box<Finding>> {
    let bytes = read_bounded(&mut io::stdin().lock()).map_err(|error| {
        let finding = Finding::fault("unreadable_file", format!("it cannot be read: {error}"));
        Box::new(
            finding
                .at(STANDARD_INPUT)
                .hint("give it by a pipe or `< FILE`"),
        )
    })?;
    let found = loader.inspect(Input::bytes(&**bytes));
    found.map_err(|error| Box::new(Finding::of_error(&error).at(STANDARD_INPUT)))
}

/// Reads to the end, or one byte more than can be inspected.
///
/// A vector that grows by itself leaves copies of a key behind in memory.
fn read_bounded(input: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let limit = RevocationLists::MAX_INPUT_BYTES.saturating_add(1);
    let mut bytes = Zeroizing::new(vec![0; 64 << 10]);
    let mut filled = 0_usize;
    loop {
        let room = bytes.get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            if filled >= limit {
                return Ok(bytes);
            }
            let larger = filled.saturating_mul(2).min(limit);
            let mut grown = Zeroizing::new(vec![0; larger]);
            let (start, _) = grown.split_at_mut(filled);
            start.copy_from_slice(&bytes);
            bytes = grown;
            continue;
        }
        match input.read(room) {
            Ok(0) => {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_read_whole_and_bounded() {
        let text = vec![7; 200_000];
        assert_eq!(**read_bounded(&mut &*text).unwrap(), text);
        let limit = RevocationLists::MAX_INPUT_BYTES;
        let endless = read_bounded(&mut io::repeat(7)).unwrap();
        assert_eq!(endless.len(), limit + 1);
    }
}
