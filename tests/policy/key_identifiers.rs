//! What an authority key identifier says of the issuer's certificate (RFC 5280, section 4.2.1.1).

use der::asn1::Ia5String;
use der::{Decode, Encode};
use mtls::pki_types::{CertificateDer, UnixTime};
use mtls::policy::CertificateProfile;
use mtls::test_util::Extension;
use mtls::{PeerVerifier, RejectionReason as Reason, Rustls, VerifierPolicy};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::serial_number::SerialNumber;

use super::common::pki::{Authority, AuthorityBuilder, Leaf};
use super::{anchors, client, reason};

#[test]
fn the_issuer_s_own_issuer_has_to_be_the_one_that_is_named() {
    let root = Authority::named("Root");
    let branch = root.intermediate("Branch");
    let other = directory_name(&Authority::named("Other"));
    let dns = GeneralName::DnsName(Ia5String::new("ca.example").unwrap());
    let (root_name, branch_name) = (directory_name(&root), directory_name(&branch));
    for (names, expected) in [
        (vec![root_name.clone()], None),
        (vec![other.clone(), root_name.clone()], None),
        // A name of another kind is not compared.
        (vec![dns], None),
        (vec![other.clone()], Some(Reason::UnknownIssuer)),
        // The name of the issuer, where that of its issuer belongs.
        (vec![branch_name], Some(Reason::UnknownIssuer)),
    ] {
        let leaf = alice().extension(identifier(&branch, &names, serial(&branch)));
        let chain = leaf.issued_by(&branch).with(&branch).chain;
        assert_eq!(verify(&root, &chain), expected, "{names:?}");
    }
    // The same between an intermediate and the anchor.
    for (names, expected) in [
        (vec![root_name], None),
        (vec![other], Some(Reason::UnknownIssuer)),
    ] {
        let branch = AuthorityBuilder::named("Branch").without_key_identifier();
        let branch = branch.extension(identifier(&root, &names, serial(&root)));
        let branch = branch.issued_by(&root);
        let chain = Leaf::named("alice").client().issued_by(&branch);
        assert_eq!(
            verify(&root, &chain.with(&branch).chain),
            expected,
            "{names:?}"
        );
    }
}

#[test]
fn the_serial_number_has_to_be_the_issuer_s() {
    let root = Authority::named("Root");
    let renewed = root.again().self_signed();
    let name = [directory_name(&root)];
    let issued = |serial| {
        alice()
            .extension(identifier(&root, &name, serial))
            .issued_by(&root)
    };
    assert_eq!(verify(&root, &issued(serial(&root)).chain), None);
    assert_eq!(
        verify(&root, &issued(serial(&renewed)).chain),
        Some(Reason::UnknownIssuer)
    );
}

#[test]
fn an_anchor_that_another_ca_issued_names_its_issuer_s_key() {
    let root = Authority::named("Root");
    let bare = || AuthorityBuilder::named("Branch").without_key_identifier();
    let empty = Extension::new(&[2, 5, 29, 35], b"\x30\x00".to_vec());
    for (branch, expected) in [
        (root.intermediate("Branch"), None),
        (bare().issued_by(&root), Some(Reason::MissingKeyIdentifier)),
        (
            bare().extension(empty).issued_by(&root),
            Some(Reason::MissingKeyIdentifier),
        ),
        // A self-signed one may leave it out.
        (bare().self_signed(), None),
    ] {
        let policy = VerifierPolicy::allow_any_authenticated();
        let verifier = PeerVerifier::new(
            anchors(&[&branch, &root]),
            policy.profile(CertificateProfile::Rfc5280),
            Rustls::default().signature_algorithms().unwrap(),
        );
        let leaf = Leaf::named("alice").dns("alice.example").client();
        let chain = leaf.issued_by(&branch).chain;
        let verdict = verifier.unwrap().verify_client(&chain, UnixTime::now());
        assert_eq!(reason(verdict), expected);
    }
}

/// By the profile that asks for it.
fn verify(root: &Authority, chain: &[CertificateDer<'_>]) -> Option<Reason> {
    let policy = VerifierPolicy::allow_any_authenticated();
    let policy = policy.profile(CertificateProfile::Rfc5280);
    reason(client(root, policy, chain))
}

fn alice() -> Leaf {
    let alice = Leaf::named("alice").dns("alice.example").client();
    alice.without_key_identifier()
}

/// As by `keyid,issuer:always`: the key of `issuer`, `names` and a serial number.
fn identifier(issuer: &Authority, names: &[GeneralName], serial: SerialNumber) -> Extension {
    let certificate = certificate(issuer);
    let (_, key) = certificate
        .tbs_certificate()
        .get_extension::<SubjectKeyIdentifier>()
        .unwrap()
        .unwrap();
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(key.0),
        authority_cert_issuer: Some(names.to_vec()),
        authority_cert_serial_number: Some(serial),
    };
    Extension::new(&[2, 5, 29, 35], identifier.to_der().unwrap())
}

fn directory_name(authority: &Authority) -> GeneralName {
    GeneralName::DirectoryName(certificate(authority).tbs_certificate().subject().clone())
}

fn serial(authority: &Authority) -> SerialNumber {
    let certificate = certificate(authority);
    certificate.tbs_certificate().serial_number().clone()
}

fn certificate(authority: &Authority) -> Certificate {
    Certificate::from_der(&authority.certificate()).unwrap()
}
