//! What the test targets share: other people's programs, certificates of every kind, and peers that verify nothing.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this folder for itself and uses a part of it"
)]

#[path = "../../examples/support/backends.rs"]
pub mod backends;
pub mod chains;
pub mod ends;
pub mod loading;
#[cfg(feature = "openssl")]
pub mod odd;
pub mod openssl_ca;
pub mod pki;
pub mod programs;
pub mod raw;
pub mod walkthrough;

/// Returns an error with its causes on one line, without the hint.
pub fn on_one_line(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
