//! CAs by the tools themselves, with what these write by default.

mod cfssl;
mod easy_rsa;
mod go;
mod keytool;
mod node_forge;
mod rcgen;
mod sscg;

use std::fmt;
use std::sync::LazyLock;

use mtls::policy::CertificateProfile;
use mtls::{MaterialError, RevocationLists};

use crate::issued::{CertifiedKey, Issued};
use crate::recipes::Side;
use crate::workshop::Workshop;

/// What one tool made.
pub(crate) struct Made {
    pub(crate) issued: Vec<Issued>,
    pub(crate) lists: Vec<List>,
}

/// A revocation list, with a certificate that it revokes and one that it does not.
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) revoked: Issued,
    pub(crate) good: Issued,
    pem: String,
}

impl List {
    pub(crate) fn load(&self) -> Result<RevocationLists, MaterialError> {
        RevocationLists::from_pem(self.pem.as_bytes())
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// By all tools that are here, once for all tests; each missing one is named.
pub(crate) fn all() -> &'static [Made] {
    static MADE: LazyLock<Vec<Made>> = LazyLock::new(make_all);
    &MADE
}

fn make_all() -> Vec<Made> {
    let makers: [fn(&Workshop) -> Option<Made>; 7] = [
        cfssl::make,
        easy_rsa::make,
        go::make,
        keytool::make,
        node_forge::make,
        rcgen::make,
        sscg::make,
    ];
    let made = makers.iter().filter_map(|make| make(&Workshop::open()?));
    made.collect()
}

/// A leaf straight below its root.
fn below_root(name: &str, root: &CertifiedKey, leaf: CertifiedKey, side: Side) -> Issued {
    Issued {
        name: name.to_owned(),
        cas: vec![root.clone()],
        leaf,
        side,
        profile: CertificateProfile::Interoperable,
    }
}

/// What they issued.
pub(crate) fn issued() -> impl Iterator<Item = &'static Issued> {
    all().iter().flat_map(|made| &made.issued)
}
