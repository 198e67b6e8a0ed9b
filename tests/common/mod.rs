//! What the test targets share: other people's programs, certificates of every kind, and peers that judge nothing.

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
