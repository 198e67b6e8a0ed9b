//! Loading certificates and keys: what is read, what is rejected, and in which words.

#[cfg(feature = "pkcs12")]
mod advised;
mod anchors;
#[path = "../common/mod.rs"]
mod common;
mod credentials;
mod directory;
#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod identity;
mod key_numbers;
mod keys;
#[cfg(feature = "encrypted-keys")]
mod passphrase;
#[cfg(feature = "encrypted-keys")]
mod pbes2;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;
mod pkcs7;
mod repaired;
mod signing_key;
mod sniff;
mod unread;

use std::path::PathBuf;

/// The path of a file made by `tests/fixtures/material/make.sh`.
fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/material", name]
        .iter()
        .collect()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn fixture_text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

/// What the report of a PKCS#12 without its passphrase advises.
const PKCS12_ADVICE: &str = if cfg!(feature = "pkcs12") {
    "hint: `Loader::passphrase`"
} else {
    "hint: cargo feature `pkcs12`"
};

/// The report of a load that has to fail: its error, the causes and the hint.
#[track_caller]
fn message<T: std::fmt::Debug>(result: Result<T, mtls::MaterialError>) -> String {
    mtls::Report::new(&result.expect_err("this must not load")).to_string()
}

/// As [`error_says`], of a load that has to fail.
#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T, mtls::MaterialError>, parts: &[&str]) {
    error_says(&result.expect_err("this must not load"), parts);
}

/// Asserts that the error with its causes holds each of the parts, and the hint each that begins
/// with `hint: `.
#[track_caller]
fn error_says(error: &mtls::MaterialError, parts: &[&str]) {
    let report = mtls::Report::new(error).to_string();
    let (fact, hint) = report.split_once("\nhint: ").expect("a hint");
    for part in parts {
        let (place, part) = match part.strip_prefix("hint: ") {
            Some(part) => (hint, part),
            None => (fact, *part),
        };
        assert!(place.contains(part), "`{part}` is not in: {place}");
    }
}
