//! Client chains with bytes in them that are wrong.

use mtls::RejectionReason as Reason;
use mtls::test_util::Extension;
use pki_types::CertificateDer;

use super::{Case, Presenter};
use crate::common::pki::{Authority, AuthorityBuilder, Credential, Leaf};

pub(super) fn cases() -> Vec<Case> {
    [bytes(), contents(), above()].concat()
}

/// Spoilt after they were signed.
fn bytes() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let branch = root.intermediate("Ivo");
    let spoil = |at: usize, how: &dyn Fn(&mut Vec<u8>)| {
        let mut chain = alice().issued_by(&branch).with(&branch);
        let mut der = chain.chain[at].to_vec();
        how(&mut der);
        chain.chain[at] = der.into();
        chain
    };
    let case = |name, chain, reason| Case::rejected(name, &[&root], chain, reason);
    let undecodable = |name, chain: Credential| {
        case(name, chain, Reason::MalformedCertificate).presenter(Presenter::Rustls)
    };
    let last_bit = |der: &mut Vec<u8>| *der.last_mut().unwrap() ^= 1;
    vec![
        case(
            "signature of the leaf corrupted",
            spoil(0, &last_bit),
            Reason::UnknownIssuer,
        ),
        case(
            "signature of the intermediate corrupted",
            spoil(1, &last_bit),
            Reason::UnknownIssuer,
        ),
        undecodable(
            "the leaf is garbage",
            spoil(0, &|der| *der = b"garbage".to_vec()),
        ),
        undecodable("the leaf is empty", spoil(0, &Vec::clear)),
        undecodable("bytes behind the leaf", spoil(0, &|der| der.push(0))),
        undecodable(
            "the leaf is cut short",
            spoil(0, &|der| der.truncate(der.len() - 20)),
        ),
    ]
}

/// Signed as they are.
fn contents() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let plain = || Leaf::named("alice").client();
    let case = |name, leaf: Leaf, reason| {
        vec![Case::rejected(
            name,
            &[&root],
            leaf.issued_by(&root),
            reason,
        )]
    };
    let form = |name, leaf: Leaf, reason| {
        Case::form(name, &[&root], leaf.issued_by(&root), reason).to_vec()
    };
    let names = |content: &[u8]| Extension::new(SUBJECT_ALT_NAME, content);
    let note = || Extension::new(&[1, 3, 6, 1, 4, 1, 99999, 2], vec![5, 0]);
    [
        form(
            "a DNS name with a blank in it",
            plain().extension(names(b"\x30\x0c\x82\x0aalice test")),
            Reason::MalformedName,
        ),
        form(
            "an IP address of three bytes",
            plain().extension(names(b"\x30\x05\x87\x03\xc0\x00\x02")),
            Reason::MalformedName,
        ),
        case(
            "names that end inside a name",
            plain().extension(names(b"\x30\x08\x82\x0aalice.")),
            Reason::MalformedName,
        ),
        form(
            "an empty list of names",
            plain().extension(names(b"\x30\x00")),
            Reason::MalformedName,
        ),
        case(
            "an extension twice",
            alice().extension(note()).extension(note()),
            Reason::MalformedCertificate,
        ),
        case(
            "a DNS name with a line break in it",
            plain().extension(names(b"\x30\x0c\x82\x0aalice\x0atest")),
            Reason::MalformedName,
        ),
        case(
            "two DNS names in one",
            plain().extension(names(b"\x30\x0d\x82\x0ba.test,b.te")),
            Reason::MalformedName,
        ),
    ]
    .concat()
}

/// In certificates other than the leaf.
fn above() -> Vec<Case> {
    let root = Authority::named("Rhea");
    let branch = root.intermediate("Ivo");
    let note = || Extension::new(&[1, 3, 6, 1, 4, 1, 99999, 2], vec![5, 0]);
    let usage = Extension::new(KEY_USAGE, vec![3, 2, 1, 6]);
    let noted = AuthorityBuilder::named("Note Twice").extension(note());
    let noted = noted.extension(note()).issued_by(&root);
    let used = AuthorityBuilder::named("Usage Twice").extension(usage);
    let used = used.issued_by(&root);
    let behind = |more: CertificateDer<'static>| {
        let mut chain = alice().issued_by(&branch).with(&branch);
        chain.chain.push(more);
        chain
    };
    vec![
        Case::rejected(
            "an intermediate with an unknown extension twice",
            &[&root],
            alice().issued_by(&noted).with(&noted),
            Reason::UnknownIssuer,
        ),
        Case::rejected(
            "an intermediate with its key usage twice",
            &[&root],
            alice().issued_by(&used).with(&used),
            Reason::UnknownIssuer,
        ),
        Case::accepted(
            "an unrelated certificate with an extension twice",
            &[&root],
            behind(noted.certificate()),
        ),
        Case::rejected(
            "garbage behind",
            &[&root],
            behind(b"garbage".to_vec().into()),
            Reason::MalformedCertificate,
        )
        .presenter(Presenter::Rustls),
    ]
}

const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];

fn alice() -> Leaf {
    Leaf::named("alice").dns("alice.test").client()
}
