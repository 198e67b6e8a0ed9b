//! The test kit: certificates with every fault, connections in memory, and assertions for services.
//!
//! It is for tests alone. Its keys protect nothing, and its functions panic where a test has to
//! stop. What it issues is marked: a [`TestCa`] has the organisation "mtls test kit", and each
//! certificate of version 3 has the private extension 2.25.1836346483, which
//! [`describe`](crate::MtlsIdentity::describe) shows in any build.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by a panic, and nothing here reads what a stranger wrote"
)]

mod clock;
mod connection;
mod fault;
mod files;
mod pki;
#[cfg(all(feature = "tokio", any(feature = "aws-lc-rs", feature = "ring")))]
mod service;
mod source;

pub use clock::TestClock;
pub use connection::memory::MemoryTransport;
pub use connection::pair::{PairResult, connect_pair};
pub use fault::Fault;
pub use files::TestFiles;
pub use pki::ca::TestCa;
pub use pki::ca_builder::TestCaBuilder;
pub use pki::certificate::serial_of;
pub use pki::credential::TestCredential;
pub use pki::der::tlv;
pub use pki::extension::{ExtendedKeyUsage, Extension, KeyUsage};
pub use pki::key::KeyAlgorithm;
pub use pki::leaf::TestLeaf;
pub use pki::lists::crl::TestCrl;
pub use pki::pem::pem;
pub use pki::validity::Validity;
#[cfg(all(feature = "tokio", any(feature = "aws-lc-rs", feature = "ring")))]
pub use service::{assert_follows_rotation, assert_rejects_all, assert_rejects_revoked_within};
pub use source::TestSource;
