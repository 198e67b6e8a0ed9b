//! What we load: certificate chains, private keys, identities, trust anchors, revocation lists.
//!
//! A value that exists is whole and fits together. Nothing here knows a TLS library, and nothing
//! here verifies a signature.

mod anchors;
mod any;
mod arrange;
mod ber;
mod certificates;
mod chain;
mod description;
mod directory;
#[cfg_attr(not(feature = "encrypted-keys"), path = "encrypted/absent.rs")]
mod encrypted;
mod exposure;
mod file;
#[cfg(feature = "watch")]
mod fingerprint;
mod identity;
mod key;
mod key_encoding;
mod key_type;
mod label;
mod links;
mod marker;
#[cfg_attr(
    not(all(feature = "encrypted-keys", feature = "watch")),
    allow(
        dead_code,
        reason = "asked for by what is encrypted, and by files that are watched"
    )
)]
mod passphrase;
#[cfg(any(feature = "legacy-keys", feature = "pkcs12"))]
mod pbe;
#[cfg(feature = "encrypted-keys")]
#[cfg_attr(not(feature = "legacy-keys"), path = "pbes1/absent.rs")]
mod pbes1;
mod pem;
#[cfg_attr(not(feature = "pkcs12"), path = "pkcs12/absent.rs")]
mod pkcs12;
mod pkcs7;
mod public_half;
mod refusal;
mod repair;
mod revocation;
mod rsa_numbers;
mod shape;
mod signature_scheme;
#[cfg_attr(
    not(feature = "rustls"),
    allow(dead_code, reason = "rustls alone lets others sign")
)]
mod signing_key;
mod sniff;
#[cfg(feature = "encrypted-keys")]
mod stack;

pub use anchors::TrustAnchors;
pub use chain::CertificateChain;
pub use description::{
    AlternativeName, AnchorsDescription, CertificateDescription, IdentityDescription,
};
pub use exposure::KeyExposure;
#[cfg(feature = "watch")]
pub(crate) use fingerprint::Fingerprint;
pub use identity::{IdentityWarning, MtlsIdentity};
pub use key::PrivateKey;
pub use key_type::KeyType;
pub use passphrase::Passphrase;
pub use repair::ChainRepair;
pub use revocation::{RevocationList, RevocationLists, Revoked};
pub use signature_scheme::SignatureScheme;
#[cfg_attr(
    not(feature = "rustls"),
    allow(unused_imports, reason = "rustls alone lets others sign")
)]
pub(crate) use signing_key::ExternalKey;
pub use signing_key::SigningKey;
