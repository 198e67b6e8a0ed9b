use pki_types::CertificateDer;

use super::Fault;
use crate::test_util::pki::ca::TestCa;
use crate::test_util::pki::ca_builder::TestCaBuilder;
use crate::test_util::pki::credential::TestCredential;
use crate::test_util::pki::der::tlv;
use crate::test_util::pki::extension::{ExtendedKeyUsage, Extension, KeyUsage};
use crate::test_util::pki::leaf::TestLeaf;
use crate::test_util::pki::lists::branches;
use crate::test_util::pki::validity::Validity;

/// A private extension without a meaning.
const NOTE: &[u64] = &[2, 25, 0x6d74_6c73, 1];
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
/// A name for the fault that is about it; RFC 2606 reserves its end.
const OUTSIDE: &str = "outside.invalid";

/// Issues a leaf with one fault, by `ca` or by another CA where that is the fault.
pub(super) fn faulty(leaf: TestLeaf, ca: &TestCa, fault: Fault) -> TestCredential {
    let branch = || branches::branch(ca);
    // By an odd intermediate below the CA.
    let below = |leaf: TestLeaf, odd: TestCaBuilder| chain(leaf, &odd.issued_by(ca));
    match fault {
        Fault::CorruptSignature => {
            let mut credential = chain(leaf, ca);
            credential.chain[0] = corrupt(credential.leaf());
            credential
        }
        Fault::DuplicateExtension => {
            let note = || Extension::new(NOTE, [5, 0]);
            chain(leaf.extension(note()).extension(note()), ca)
        }
        Fault::Expired => chain(leaf.validity(Validity::expired()), ca),
        Fault::ExpiredIntermediate => below(leaf, branch().validity(Validity::expired())),
        Fault::IssuerNotCa => below(leaf, branch().not_a_ca(true)),
        Fault::LeafIsCa => chain(leaf.marked_as_ca(), ca),
        Fault::MalformedName => {
            let names = tlv(0x30, &[&tlv(0x82, &[b"a.invalid,b.invalid"])]);
            let names = Extension::new(SUBJECT_ALT_NAME, names);
            chain(leaf.without_names().extension(names), ca)
        }
        Fault::MissingIntermediate => {
            let mut credential = below(leaf, branch());
            credential.chain.remove(1);
            credential
        }
        Fault::NameConstraintViolated => below(leaf.dns(OUTSIDE), branch().excludes_dns(OUTSIDE)),
        Fault::Namesake => leaf.issued_by(&ca.namesake()),
        Fault::NoCertificate => chain(leaf, ca).without_chain(),
        Fault::NotYetValid => chain(leaf.validity(Validity::not_yet()), ca),
        Fault::PathLengthExceeded => {
            let closed = branch().path_length(0).issued_by(ca);
            chain(leaf, &branches::twig(ca).issued_by(&closed))
        }
        Fault::PathTooLong => {
            let lowest =
                branches::too_many(ca).fold(ca.clone(), |above, branch| branch.issued_by(&above));
            chain(leaf, &lowest)
        }
        Fault::Revoked => chain(leaf.serial_number(ca.lists.reserved()), ca),
        Fault::SelfSigned => leaf.self_signed(),
        Fault::UnknownCriticalExtension => {
            chain(leaf.extension(Extension::critical(NOTE, [5, 0])), ca)
        }
        Fault::UnknownIssuer => leaf.issued_by(&TestCa::new("Not Trusted")),
        Fault::WrongExtendedKeyUsage => {
            let leaf = leaf.without_extended_key_usages();
            chain(leaf.extended_key_usage(ExtendedKeyUsage::CodeSigning), ca)
        }
        Fault::WrongKeyUsage => chain(leaf.key_usages(&[KeyUsage::KeyEncipherment]), ca),
        Fault::WrongName => chain(leaf.without_names().dns(OUTSIDE), ca),
        // Neither the version nor the extensions, which are the first and the last field.
        Fault::X509V1 => chain(
            leaf.rewrite(|fields| {
                fields.remove(0);
                fields.pop();
            }),
            ca,
        ),
    }
}

/// The leaf, and all intermediates up to the root.
pub(super) fn chain(leaf: TestLeaf, ca: &TestCa) -> TestCredential {
    let credential = leaf.issued_by(ca);
    ca.intermediates().fold(credential, TestCredential::with)
}

/// The last byte belongs to the signature.
fn corrupt(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut der = certificate.to_vec();
    if let Some(last) = der.last_mut() {
        *last ^= 1;
    }
    der.into()
}
