//! Loading as most tests do it.

use mtls::material::{ChainRepair, IdentityWarning};
use mtls::{Loader, MtlsIdentity, Passphrase};

/// A loader with this passphrase, if there is one.
pub fn loader(passphrase: Option<&Passphrase>) -> Loader {
    match passphrase {
        Some(passphrase) => Loader::new().passphrase(passphrase.clone()),
        None => Loader::new(),
    }
}

/// What was done to the chain of an identity.
pub fn repairs(identity: &MtlsIdentity) -> Vec<ChainRepair> {
    let repaired = identity
        .warnings()
        .iter()
        .filter_map(|warning| match warning {
            IdentityWarning::ChainRepaired(repair) => Some(repair.clone()),
            _ => None,
        });
    repaired.collect()
}
