//! PKCS#12 containers, as other programs make them, and malformed ones.

mod accepted;
mod ber;
mod chosen;
mod forge;
mod form;
mod hostile;
mod java;
mod pbmac1;
mod rejected;
mod workshop;

use mtls::Passphrase;

/// What every container here is made with.
const PASSPHRASE: &str = "correct horse";

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE)
}
