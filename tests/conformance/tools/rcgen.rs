//! rcgen by its defaults: a validity from 1975 to 4096, and one subject where none is given.

use mtls::pki_types::PrivatePkcs8KeyDer;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};

use super::{Made, below_root};
use crate::issued::{CertifiedKey, SERVER_NAME};
use crate::recipes::Side;
use crate::workshop::Workshop;

pub(super) fn make(_: &Workshop) -> Option<Made> {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, "My CA");
    Some(Made {
        issued: vec![
            issue("rcgen, one name for both", DistinguishedName::default()),
            issue("rcgen", named),
        ],
        lists: vec![],
    })
}

/// The CA has this name, unless it is empty.
fn issue(name: &str, ca_name: DistinguishedName) -> super::Issued {
    let mut ca = CertificateParams::default();
    if ca_name != DistinguishedName::default() {
        ca.distinguished_name = ca_name;
    }
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (ca_key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let root = ca.self_signed(&ca_key).unwrap();
    let leaf = CertificateParams::new([SERVER_NAME.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&ca, &ca_key));
    let certified = |certificate: rcgen::Certificate, key: KeyPair| CertifiedKey {
        certificate: certificate.into(),
        key: PrivatePkcs8KeyDer::from(key.serialize_der()),
    };
    let leaf = certified(leaf.unwrap(), leaf_key);
    below_root(name, &certified(root, ca_key), leaf, Side::Both)
}
