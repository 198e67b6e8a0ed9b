//! The files of `tests/formats`, which other programs make.

#![allow(dead_code, reason = "the other target uses more of these files")]

#[path = "../formats/cases.rs"]
pub(crate) mod cases;
#[path = "../formats/mistake_cases.rs"]
pub(crate) mod mistake_cases;
#[path = "../formats/secrets.rs"]
pub(crate) mod secrets;
#[path = "../formats/workshop.rs"]
pub(crate) mod workshop;

use std::fs::OpenOptions;
use std::io::Write;

use workshop::{PASSPHRASE, Workshop};

/// Writes the passphrase into the file `passphrase`, for its owner alone.
pub(crate) fn write_passphrase(workshop: &Workshop) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(workshop.path("passphrase")).unwrap();
    file.write_all(PASSPHRASE.as_bytes()).unwrap();
}
