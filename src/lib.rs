//! Mutual TLS.
#![forbid(unsafe_code)]

mod error;
mod material;
mod x509;

pub use error::{
    BackendKind, BuildError, MaterialError, MaterialOrigin, MaterialPlace, MaterialProblem,
};
pub use material::{
    CertificateChain, IdentityWarning, KeyType, MtlsIdentity, Passphrase, PrivateKey, TrustAnchors,
};
