//! No certificate of the kit can be taken for one of production.

use mtls::test_util::{Extension, TestCa, TestCaBuilder, TestLeaf};

#[test]
fn every_certificate_has_the_marker() {
    let ca = TestCa::new("Example CA");
    let branch = ca.intermediate("Example Branch");
    let identity = branch.leaf("payments").issue();
    let described = identity.describe();
    assert!(described.certificates.iter().all(|c| c.is_test));
    assert_eq!(described.certificates.len(), 2);
    let anchor = &ca.anchors().describe().certificates[0];
    assert!(anchor.is_test);
    assert!(anchor.subject.contains("O=mtls test kit"), "{anchor}");
    assert!(anchor.to_string().contains("made for tests"), "{anchor}");
    let crossed = ca.cross_signed_by(&TestCaBuilder::new("Other").self_signed());
    assert!(crossed.anchors().describe().certificates[0].is_test);
    assert!(TestLeaf::named("alone").issue().describe().certificates[0].is_test);
}

#[test]
fn a_certificate_that_is_not_from_the_kit_has_none() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["db.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let chain = mtls::CertificateChain::from_der([certificate.der().clone()]).unwrap();
    let described = chain.describe();
    assert!(!described.certificates[0].is_test);
    assert!(!described.to_string().contains("made for tests"));
}

#[test]
fn debug_shows_no_key() {
    let ca = TestCa::new("Example CA");
    let credential = ca.leaf("a").credential();
    let key = credential.key.secret_pkcs8_der();
    let leaf = ca.leaf("b").foreign_key(b"spki", key);
    let ca_key = ca.key_der();
    let shown = format!("{ca:?} {credential:?} {leaf:?} {ca:#?} {leaf:#?}");
    for key in [key, ca_key.secret_pkcs8_der()] {
        // The private scalar, behind the header of PKCS#8.
        let scalar = &key[36..68];
        let list = format!("{scalar:?}");
        let list = list.trim_matches(['[', ']']);
        let hex: String = scalar.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!shown.contains(list) && !shown.contains(&hex));
        assert!(!shown.contains(&list.replace(", ", ",\n")));
    }
}

/// Another extension below the same arc is not the marker.
#[test]
fn the_marker_is_the_whole_identifier() {
    let mut leaf = TestCa::new("Example CA").leaf("a");
    leaf = leaf.extension(Extension::new(&[2, 25, 0x6d74_6c73, 2], [5, 0]));
    let with = leaf.issue().chain().leaf().to_vec();
    let marker = b"\x06\x06\x69\x86\xeb\xd1\xd8\x73";
    let place = with.windows(8).position(|w| w == marker).unwrap();
    let mut without = with.clone();
    // Another arc; the signature is not verified by a description.
    without[place + 7] = 0x74;
    let chain = mtls::CertificateChain::from_der([without.into()]).unwrap();
    assert!(!chain.describe().certificates[0].is_test);
}
