//! What we load: certificate chains, private keys, identities, trust anchors, revocation lists.
//!
//! A value that exists is whole and fits together. Nothing here knows a TLS library, and nothing
//! here verifies a signature.

mod anchors;
mod arrange;
mod certificates;
mod chain;
#[cfg(feature = "encrypted-keys")]
mod encrypted;
#[cfg(not(feature = "encrypted-keys"))]
#[path = "encrypted/absent.rs"]
#[allow(dead_code)]
mod encrypted;
mod exposure;
mod file;
mod identity;
mod key;
mod key_encoding;
mod key_type;
mod label;
mod links;
mod marker;
#[cfg_attr(
    not(feature = "encrypted-keys"),
    allow(dead_code, reason = "asked for by what is encrypted alone")
)]
mod passphrase;
mod pem;
#[cfg_attr(not(feature = "pkcs12"), path = "pkcs12/absent.rs")]
#[cfg_attr(feature = "pkcs12", path = "pkcs12/absent.rs")]
#[allow(dead_code)]
mod pkcs12;
mod repair;
mod revocation;
mod shape;

pub use anchors::TrustAnchors;
pub use chain::CertificateChain;
pub use exposure::KeyExposure;
pub use identity::{IdentityWarning, MtlsIdentity};
pub use key::PrivateKey;
pub use key_type::KeyType;
pub use passphrase::Passphrase;
pub use repair::ChainRepair;
pub use revocation::{RevocationList, RevocationLists, Revoked};
