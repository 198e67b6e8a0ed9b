//! What we load: certificate chains, private keys, identities, trust anchors, revocation lists.
//!
//! A value that exists is whole and fits together. Nothing here knows a TLS library, and nothing
//! here verifies a signature.

mod anchors;
mod certificates;
mod chain;
#[cfg(feature = "encrypted-keys")]
mod encrypted;
mod file;
mod identity;
mod key;
mod key_encoding;
mod key_type;
mod label;
mod links;
mod marker;
mod passphrase;
mod pem;
mod revocation;
mod shape;

pub use anchors::TrustAnchors;
pub use chain::CertificateChain;
pub use identity::{IdentityWarning, MtlsIdentity};
pub use key::PrivateKey;
pub use key_type::KeyType;
pub use passphrase::Passphrase;
pub use revocation::{RevocationList, RevocationLists, Revoked};
