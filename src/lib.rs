// The README links to files, the documentation to items: of two definitions of a link the first counts.
#![doc = "[capabilities]: crate::backend::Capability"]
#![doc = "[guides]: crate::guides"]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
// Here and not in the manifest: tests, examples and benches may stop at the first surprise, the library may not.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod backend;
mod builder;
mod client;
pub mod connection;
pub mod error;
pub mod event;
pub mod formats;
pub mod guides;
mod handshake_loop;
mod integration;
pub mod material;
pub mod peer;
pub mod policy;
mod report;
pub mod rotation;
mod server;
mod side;
mod stream;
mod x509;

pub use pki_types;

pub use backend::event::Event;
pub use backend::handshake_error::HandshakeError;
#[cfg(feature = "native-tls")]
pub use backend::native_tls::NativeTls;
#[cfg(feature = "openssl")]
pub use backend::openssl::OpenSsl;
#[cfg(feature = "rustls")]
pub use backend::rustls::Rustls;
pub use builder::Builder;
pub use client::{ClientBuilder, MtlsClient};
pub use connection::handle::ConnectionHandle;
pub use error::build::BuildError;
pub use error::material::MaterialError;
#[cfg(feature = "spiffe")]
pub use integration::spiffe::SpiffeSource;
#[cfg(feature = "tokio")]
pub use integration::tokio::AsyncMtlsStream;
pub use material::anchors::TrustAnchors;
pub use material::chain::CertificateChain;
pub use material::identity::MtlsIdentity;
pub use material::input::passphrase::Passphrase;
pub use material::key::PrivateKey;
pub use material::loader::Loader;
pub use material::revocation::RevocationLists;
pub use peer::identity::PeerIdentity;
pub use peer::spiffe::SpiffeId;
pub use policy::matcher::PeerMatcher;
pub use policy::revocation_rules::RevocationRules;
pub use policy::trust::TrustBundles;
pub use policy::verdict::reason::RejectionReason;
pub use policy::verdict::rejection::Rejection;
pub use policy::verifier::PeerVerifier;
pub use policy::verifier_policy::VerifierPolicy;
pub use report::Report;
#[cfg(feature = "watch")]
pub use rotation::files::FileSource;
pub use rotation::rotation::Rotation;
pub use rotation::source::Source;
pub use rotation::status::Status;
pub use server::{MtlsServer, ServerBuilder};
pub use stream::MtlsStream;
