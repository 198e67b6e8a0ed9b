//! Certificate chains, private keys, identities, trust anchors and revocation lists.
//!
//! A value that exists is complete and consistent: its constructor checks it. This module depends
//! on no TLS library and verifies no signatures.

pub(crate) mod anchors;
pub(crate) mod chain;
pub(crate) mod container;
pub(crate) mod describe;
mod distinguished_name;
#[cfg_attr(not(feature = "encrypted-keys"), path = "encryption/absent.rs")]
pub(crate) mod encryption;
pub(crate) mod identity;
mod identity_warning;
pub(crate) mod input;
pub(crate) mod key;
pub(crate) mod loader;
mod pem;
pub(crate) mod revocation;

pub use chain::repair::ChainRepair;
pub use describe::{
    AlternativeName, AnchorsDescription, CertificateDescription, CertificateRequest,
    ChainDescription, IdentityDescription, PublicKeyDescription, RequestDescription,
};
pub use distinguished_name::DistinguishedName;
pub use identity_warning::IdentityWarning;
pub use input::permissions::{InsecurePermissions, KeyPermissions};
pub use key::key_type::KeyType;
pub use key::signature_scheme::SignatureScheme;
pub use key::signing_key::SigningKey;
pub use loader::input::Input;
pub use loader::inspect::{Content, Inspection};
pub use revocation::{RevocationList, RevokedEntry};

// Exported at the root of the crate.
pub(crate) use anchors::TrustAnchors;
pub(crate) use chain::CertificateChain;
pub(crate) use identity::MtlsIdentity;
#[cfg(feature = "watch")]
pub(crate) use input::passphrase::Passphrase;
pub(crate) use key::PrivateKey;
#[cfg(feature = "watch")]
pub(crate) use loader::Loader;
pub(crate) use revocation::RevocationLists;

#[cfg_attr(
    not(feature = "rustls"),
    allow(unused_imports, reason = "one backend alone lets others sign")
)]
pub(crate) use key::signing_key::ExternalKey;
#[cfg(feature = "watch")]
pub(crate) use loader::fingerprint::Fingerprint;
