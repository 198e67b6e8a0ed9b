//! What we load: certificate chains, private keys, identities, trust anchors, revocation lists.
//!
//! A value that exists is whole and fits together. Nothing here knows a TLS library, and nothing
//! here verifies a signature.

mod anchors;
mod chain;
pub(crate) mod container;
pub(crate) mod describe;
#[cfg_attr(not(feature = "encrypted-keys"), path = "encryption/absent.rs")]
pub(crate) mod encryption;
mod identity;
mod identity_warning;
pub(crate) mod input;
mod key;
pub(crate) mod loader;
mod pem;
mod revocation;

pub use anchors::TrustAnchors;
pub use chain::CertificateChain;
pub use chain::repair::ChainRepair;
pub use describe::{
    AlternativeName, AnchorsDescription, CertificateDescription, IdentityDescription,
};
pub use identity::MtlsIdentity;
pub use identity_warning::IdentityWarning;
pub use input::passphrase::Passphrase;
pub use input::permissions::KeyExposure;
pub use key::PrivateKey;
pub use key::key_type::KeyType;
pub use key::signature_scheme::SignatureScheme;
#[cfg_attr(
    not(feature = "rustls"),
    allow(unused_imports, reason = "rustls alone lets others sign")
)]
pub(crate) use key::signing_key::ExternalKey;
pub use key::signing_key::SigningKey;
#[cfg(feature = "watch")]
pub(crate) use loader::fingerprint::Fingerprint;
pub use revocation::{RevocationList, RevocationLists, Revoked};
