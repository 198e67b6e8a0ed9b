//! Each type beside its namesake of `x509-cert`, on values of every kind and on what is near them.

use core::fmt::Debug;
use core::str::FromStr;

use der::{Decode, Encode};
use x509_cert::ext::pkix as theirs;

use super::*;
use crate::x509::pkix::identifiers::SerialNumber;

/// Distribution points, and the types that need no names of every kind.
mod points;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let header = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [&header, content].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// Names of every kind, some of them wrong.
fn names() -> Vec<Vec<u8>> {
    let oid = tlv(6, &[0x55, 4, 3]);
    let attribute = |value: &[u8]| sequence(&[&oid, &tlv(0x0c, value)]);
    let sorted = tlv(0x31, &[attribute(b"a"), attribute(b"b")].concat());
    let unsorted = tlv(0x31, &[attribute(b"b"), attribute(b"a")].concat());
    let twice = tlv(0x31, &[attribute(b"a"), attribute(b"a")].concat());
    let mut names = vec![
        tlv(0xa0, &[oid.clone(), tlv(0xa0, &tlv(0x0c, b"upn"))].concat()),
        tlv(0xa0, &oid),
        tlv(0x81, b"a@b.test"),
        tlv(0x82, b"a.test"),
        tlv(0x82, b"\xe4.test"),
        tlv(0x82, b""),
        tlv(0xa3, b""),
        tlv(0xa5, &tlv(0xa1, &tlv(0x0c, b"party"))),
        tlv(
            0xa5,
            &[tlv(0xa0, &tlv(0x13, b"a")), tlv(0xa1, &tlv(0x1e, b"\0b"))].concat(),
        ),
        tlv(0xa5, &tlv(0xa1, &tlv(0x1c, b"\0\0\0b"))),
        tlv(0xa5, &tlv(0xa0, &tlv(0x14, b"b"))),
        tlv(0x86, b"https://a.test"),
        tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0]),
        tlv(0x88, &[0x55, 4, 3]),
        tlv(0x89, b""),
        tlv(0x04, b""),
    ];
    for sets in [
        &[][..],
        &[&sorted],
        &[&sorted, &sorted],
        &[&unsorted],
        &[&twice],
        &[&oid],
    ] {
        let sets: Vec<u8> = sets.iter().flat_map(|set| set.iter().copied()).collect();
        names.push(tlv(0xa4, &tlv(0x30, &sets)));
        names.push(tlv(0xa4, &sets));
    }
    names.push(tlv(0xa4, &sequence(&[&tlv(0x31, &[])])));
    names
}

fn bits() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for unused in 0..=8 {
        for octets in [
            &[][..],
            &[0],
            &[0x80],
            &[0xa0],
            &[0xff],
            &[6, 0x80],
            &[0, 0xff],
            &[1, 2, 4],
        ] {
            all.push([&[unused][..], octets].concat());
        }
    }
    all
}

/// The value, each value with one octet changed, and each beginning of it.
fn near(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![value.to_vec(), [value, &[0]].concat()];
    for at in 0..value.len() {
        all.push(value[..at].to_vec());
        for change in [1, 2, 0x20, 0x80, 0xff] {
            let mut changed = value.to_vec();
            changed[at] ^= change;
            all.push(changed);
        }
    }
    all
}

/// Compares all readings, by their text; returns how many values were read.
fn same<O, T>(
    values: &[Vec<u8>],
    text: impl Fn(&O) -> String,
    of_theirs: impl Fn(&T) -> String,
) -> usize
where
    O: for<'a> Decode<'a, Error = der::Error>,
    T: for<'a> Decode<'a, Error = der::Error>,
{
    let mut read = 0;
    for value in values.iter().flat_map(|value| near(value)) {
        let our = O::from_der(&value).map(|value| text(&value)).ok();
        let their = T::from_der(&value).map(|value| of_theirs(&value)).ok();
        assert_eq!(our, their, "{value:02x?}");
        read += usize::from(our.is_some());
    }
    read
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn our_name(name: &GeneralName) -> String {
    match name {
        GeneralName::DirectoryName(name) => shown(&name.to_der().unwrap()),
        GeneralName::OtherName(name) => shown(name),
        GeneralName::EdiPartyName(_) => "EdiPartyName".to_owned(),
        other => shown(other),
    }
}

fn their_name(name: &theirs::name::GeneralName) -> String {
    use theirs::name::GeneralName as Theirs;
    match name {
        Theirs::DirectoryName(name) => shown(&name.to_der().unwrap()),
        Theirs::OtherName(name) => shown(name),
        Theirs::EdiPartyName(_) => "EdiPartyName".to_owned(),
        other => shown(other),
    }
}

fn our_names(names: &[GeneralName]) -> String {
    shown(&names.iter().map(our_name).collect::<Vec<_>>())
}

fn their_names(names: &[theirs::name::GeneralName]) -> String {
    shown(&names.iter().map(their_name).collect::<Vec<_>>())
}

#[test]
fn general_names() {
    let read = same(&names(), our_name, their_name);
    assert!(read > 100, "{read}");
}

#[test]
fn usages() {
    let values: Vec<_> = bits().iter().map(|bits| tlv(3, bits)).collect();
    let read = same::<KeyUsage, theirs::KeyUsage>(
        &values,
        |usage| shown(&usage.0.bits()),
        |usage| shown(&usage.0.bits()),
    );
    assert!(read > 100, "{read}");
    // What is read without the decoder is read the same.
    for unused in 0..=9 {
        for octet in 0..=255 {
            let value = tlv(3, &[unused, octet]);
            let usual = NamedBits::usual(&value).map(KeyUsage);
            assert_eq!(usual, KeyUsage::from_der(&value).ok(), "{value:02x?}");
        }
    }
    for value in &values {
        let usual = NamedBits::usual(value).map(KeyUsage);
        assert!(usual.is_none() || usual == KeyUsage::from_der(value).ok());
    }
    let oid = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 3, 1]);
    let values = [sequence(&[]), sequence(&[&oid]), sequence(&[&oid, &oid])];
    same::<ExtendedKeyUsage, theirs::ExtendedKeyUsage>(&values, shown, shown);
}

#[test]
fn constraints() {
    let (yes, no, length) = (tlv(1, &[0xff]), tlv(1, &[0]), tlv(2, &[3]));
    let mut values = vec![sequence(&[])];
    for ca in [&yes, &no] {
        values.extend([
            sequence(&[ca]),
            sequence(&[ca, &length]),
            sequence(&[&length, ca]),
        ]);
    }
    values.extend([sequence(&[&length]), sequence(&[&yes, &tlv(2, &[1, 0])])]);
    let read = same::<BasicConstraints, theirs::BasicConstraints>(&values, shown, shown);
    assert!(read > 10, "{read}");

    let mut values = Vec::new();
    for name in names() {
        let trees = [
            sequence(&[&name]),
            sequence(&[&name, &tlv(0x80, &[0])]),
            sequence(&[&name, &tlv(0x80, &[1]), &tlv(0x81, &[2])]),
        ];
        let [plain, ..] = &trees;
        values.push(sequence(&[&tlv(0xa0, &trees.concat())]));
        values.push(sequence(&[&tlv(0xa0, plain), &tlv(0xa1, plain)]));
        values.push(sequence(&[&tlv(0xa1, plain), &tlv(0xa0, plain)]));
    }
    let read = same::<NameConstraints, theirs::NameConstraints>(
        &values,
        |constraints| {
            let trees = |trees: &Option<Vec<GeneralSubtree>>| {
                let tree = |t: &GeneralSubtree| (our_name(&t.base), t.minimum, t.maximum);
                shown(
                    &trees
                        .as_ref()
                        .map(|trees| trees.iter().map(tree).collect::<Vec<_>>()),
                )
            };
            trees(&constraints.permitted_subtrees) + &trees(&constraints.excluded_subtrees)
        },
        |constraints| {
            type Trees = theirs::constraints::name::GeneralSubtrees;
            let trees = |trees: &Option<Trees>| {
                let tree = |t: &theirs::constraints::name::GeneralSubtree| {
                    (their_name(&t.base), t.minimum, t.maximum)
                };
                shown(
                    &trees
                        .as_ref()
                        .map(|trees| trees.iter().map(tree).collect::<Vec<_>>()),
                )
            };
            trees(&constraints.permitted_subtrees) + &trees(&constraints.excluded_subtrees)
        },
    );
    assert!(read > 100, "{read}");
}

#[test]
fn identifiers() {
    let mut values = vec![sequence(&[]), sequence(&[&tlv(0x80, &[1, 2])])];
    for length in [1, 20, 21, 22] {
        let serial = tlv(0x82, &vec![1; length]);
        values.push(sequence(&[&tlv(0x80, &[1]), &serial]));
        values.push(sequence(&[&tlv(
            0x82,
            &[&[0], &vec![0x80; length - 1][..]].concat(),
        )]));
        for name in names() {
            values.push(sequence(&[&tlv(0xa1, &name), &serial]));
        }
    }
    let read = same::<AuthorityKeyIdentifier, theirs::AuthorityKeyIdentifier>(
        &values,
        |id| {
            let serial = id
                .authority_cert_serial_number
                .as_ref()
                .map(SerialNumber::as_bytes);
            let names = id
                .authority_cert_issuer
                .as_ref()
                .map(|names| our_names(names));
            shown(&(&id.key_identifier, names, serial))
        },
        |id| {
            let serial = id
                .authority_cert_serial_number
                .as_ref()
                .map(x509_cert::serial_number::SerialNumber::as_bytes);
            let names = id
                .authority_cert_issuer
                .as_ref()
                .map(|names| their_names(names));
            shown(&(&id.key_identifier, names, serial))
        },
    );
    assert!(read > 100, "{read}");
    let values = [tlv(4, b""), tlv(4, b"key"), tlv(3, b"key")];
    same::<SubjectKeyIdentifier, theirs::SubjectKeyIdentifier>(&values, shown, shown);

    let method = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 48, 2]);
    let one = |name: &Vec<u8>| sequence(&[&sequence(&[&method, name])]);
    let values: Vec<_> = names().iter().map(one).collect();
    let read = same::<AuthorityInfoAccessSyntax, theirs::AuthorityInfoAccessSyntax>(
        &values,
        |all| {
            let one = |d: &identifiers::AccessDescription| {
                (d.access_method, our_name(&d.access_location))
            };
            shown(&all.0.iter().map(one).collect::<Vec<_>>())
        },
        |all| {
            let one =
                |d: &theirs::AccessDescription| (d.access_method, their_name(&d.access_location));
            shown(&all.0.iter().map(one).collect::<Vec<_>>())
        },
    );
    assert!(read > 100, "{read}");
}
