//! Keys and signatures of every algorithm: which are accepted, by which name the others are
//! rejected, and that the verdict does not depend on the library.

#[path = "../common/mod.rs"]
mod common;

mod forge;
mod keys;
mod matrix;
mod own_keys;
mod post_quantum;
mod session;
mod signatures;

use mtls::{MtlsIdentity, TrustAnchors};
use pki_types::CertificateDer;

use common::pki::Credential;

fn identity(credential: &Credential) -> MtlsIdentity {
    MtlsIdentity::from_der(credential.chain.clone(), credential.key.secret_pkcs8_der()).unwrap()
}

fn anchors(certificates: &[CertificateDer<'static>]) -> TrustAnchors {
    TrustAnchors::from_der(certificates.to_vec()).unwrap()
}
