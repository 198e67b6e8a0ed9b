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

#[cfg_attr(
    not(all(feature = "rustls", feature = "native-tls", feature = "tokio")),
    allow(
        dead_code,
        reason = "the adapters share what not each of them asks for"
    )
)]
pub mod backend;
mod builder;
mod client;
#[cfg_attr(
    not(feature = "tokio"),
    allow(
        dead_code,
        unused_imports,
        reason = "what wakes the tasks of asynchronous streams"
    )
)]
mod connection;
mod error;
pub mod formats;
pub mod guides;
mod handshake_loop;
mod integration;
mod material;
mod peer;
pub mod policy;
mod rotation;
mod server;
mod side;
mod stream;
mod x509;

pub use pki_types;

#[cfg(feature = "native-tls")]
pub use crate::backend::NativeTls;
#[cfg(feature = "rustls")]
pub use crate::backend::Rustls;
pub use crate::backend::{
    Capability, ClientBackend, Event, Expiring, HandshakeError, MAX_RESUMPTION_AGE,
    ProtocolVersion, Resumption, ServerBackend, SessionInfo, Support,
};
#[cfg(feature = "openssl")]
pub use crate::backend::{OpenSsl, OpenSslClientConfig, OpenSslServerConfig};
pub use crate::builder::{Builder, KeyPermissions};
pub use crate::client::{ClientBuilder, ClientEnd, MtlsClient};
pub use crate::connection::transport::{Transport, Untimed};
pub use crate::connection::{LiveConnection, LiveConnections};
pub use crate::error::{
    BackendKind, BuildError, MaterialError, MaterialOrigin, MaterialPlace, MaterialProblem,
    ReloadFailure, UnusableTrustAnchor,
};
#[cfg(feature = "spiffe")]
pub use crate::integration::spiffe::{SpiffeError, SpiffeSource};
#[cfg(feature = "tokio")]
pub use crate::integration::tokio::AsyncMtlsStream;
pub use crate::material::{
    AlternativeName, AnchorsDescription, CertificateChain, CertificateDescription, ChainRepair,
    IdentityDescription, IdentityWarning, KeyExposure, KeyType, MtlsIdentity, Passphrase,
    PrivateKey, RevocationList, RevocationLists, Revoked, SignatureScheme, SigningKey,
    TrustAnchors,
};
pub use crate::peer::{NameKind, PeerIdentity, SpiffeId, SpiffeIdError, UnreadableName};
pub use crate::policy::{
    Alert, CertificateProfile, Explanation, MatcherTextError, MatcherTextProblem, Outcome,
    PeerMatcher, PeerVerifier, Rejection, RejectionReason, RevocationDepth, RevocationRules, Rule,
    SignatureAlgorithms, Step, TrustBundles, VerifierPolicy,
};
#[cfg(feature = "watch")]
pub use crate::rotation::FileSource;
pub use crate::rotation::{
    OnExpiry, OnSourceLost, Reload, Rotation, SelfTrust, Source, SourceError, Status, StatusWatch,
};
pub use crate::server::{
    ClientAuthentication, MAX_CA_NAMES_BYTES, MtlsServer, Optional, Required, ServerBuilder,
    ServerEnd,
};
pub use crate::stream::MtlsStream;
