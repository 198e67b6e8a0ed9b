//! Rejecting a stranger whose certificate is large: what is shown of it is bounded, and the work has to be as well.

use mtls::pki_types::UnixTime;
use mtls::{PeerMatcher, PeerVerifier, Rustls, TrustAnchors, VerifierPolicy};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

/// Rejects, and words the rejection of, a client whose subject has that many attributes.
pub(crate) fn rejections(attributes: u64) -> Box<dyn FnMut()> {
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::default();
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for number in 0..attributes {
        // rcgen keeps one attribute of a type.
        let own_type = DnType::CustomDnType(vec![2, 5, 4, 1_000 + number]);
        leaf.distinguished_name
            .push(own_type, format!("unit {number}"));
    }
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &root);
    let chain = [leaf.unwrap().der().clone()];
    let verifier = PeerVerifier::new(
        TrustAnchors::from_der([root.der().clone()]).unwrap(),
        VerifierPolicy::allow(PeerMatcher::dns("alice.test").unwrap()),
        Rustls::default().signature_algorithms().unwrap(),
    )
    .unwrap();
    let now = UnixTime::now();
    Box::new(move || {
        let rejection = verifier.verify_client(&chain, now).unwrap_err();
        assert!(rejection.to_string().len() + rejection.hint().len() < 4_096);
    })
}
