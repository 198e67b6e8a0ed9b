//! Edits that a fuzzer would not come to by itself: other encodings of the same keys and signatures, and values at the
//! edges of what the algorithms allow. Libraries have differed about each of them.

use super::tree::{Content, Node};

/// Changes a certificate's key; `which` and `how` come from the script.
pub(super) fn change_key(certificate: &mut Node, which: u8, how: u8) {
    let Some(key) = at(certificate, &[0, 6, 1]) else {
        return;
    };
    match key.children() {
        // SEQUENCE { modulus, exponent }
        [_] => {
            let number = usize::from(which & 1);
            if let Some(number) = at(key, &[0, number]) {
                change_number(number, how);
            }
        }
        _ => {
            let Content::Bytes(bytes) = &mut key.content else {
                return;
            };
            match bytes.len() {
                33 => *bytes = [&[0], &EDGES_OF_25519[usize::from(how) % 12][..]].concat(),
                _ => change_point(bytes, which, how),
            }
        }
    }
}

/// Changes a certificate's signature.
pub(super) fn change_signature(certificate: &mut Node, which: u8, how: u8) {
    let Some(signature) = at(certificate, &[2]) else {
        return;
    };
    match &mut signature.content {
        // The two numbers of ECDSA.
        Content::Nodes(_, nodes) => match (&mut nodes[..], which & 7) {
            (
                [
                    Node {
                        content: Content::Nodes(_, rs),
                        ..
                    },
                ],
                0..=5,
            ) if rs.len() == 2 => {
                change_number(&mut rs[usize::from(which & 1)], how);
            }
            (
                [
                    Node {
                        content: Content::Nodes(_, rs),
                        ..
                    },
                ],
                6,
            ) => rs.reverse(),
            _ => nodes.extend(nodes.first().cloned()),
        },
        // Ed25519: R, then S, which is below the order of the group.
        Content::Bytes(bytes) if bytes.len() == 65 => match which & 3 {
            0 => add_order(&mut bytes[33..]),
            1 => bytes[1..33].copy_from_slice(&EDGES_OF_25519[usize::from(how) % 12]),
            2 => bytes[33..].fill(how & 1),
            _ => {
                bytes[1..33].copy_from_slice(&EDGES_OF_25519[usize::from(how) % 12]);
                bytes[33..].fill(0);
            }
        },
        // RSA: as long as the modulus.
        Content::Bytes(bytes) => match which & 3 {
            0 if !bytes.is_empty() => bytes.insert(1, 0),
            1 if bytes.len() > 1 => drop(bytes.remove(1)),
            2 => bytes.push(how),
            _ => bytes.iter_mut().skip(1).for_each(|byte| *byte = how),
        },
    }
}

/// An INTEGER.
fn change_number(number: &mut Node, how: u8) {
    let Content::Bytes(bytes) = &mut number.content else {
        return;
    };
    match how & 0x0f {
        0 => bytes.insert(0, 0),
        1 if bytes.len() > 1 => drop(bytes.remove(0)),
        2 => bytes.insert(0, 0xff),
        3 => bytes.clear(),
        4 => bytes.push(0),
        5 => bytes[..].reverse(),
        6 => bytes.iter_mut().for_each(|byte| *byte = !*byte),
        7 => bytes.iter_mut().skip(1).for_each(|byte| *byte = 0xff),
        small => *bytes = SMALL[usize::from(small & 7)].to_vec(),
    }
}

/// Zero, and exponents around what RSA keys may have.
const SMALL: [&[u8]; 8] = [
    &[0],
    &[1],
    &[2],
    &[3],
    &[1, 0, 1],
    &[1, 0, 0, 0, 1],
    &[2, 0, 0, 0, 1],
    &[4, 0, 0, 0, 1],
];

/// The unused bits, 4, then both coordinates.
fn change_point(bytes: &mut Vec<u8>, which: u8, how: u8) {
    let odd = bytes.last().map_or(0, |last| last & 1);
    let half = bytes.len() / 2;
    match which & 7 {
        // Compressed, hybrid, the point at infinity.
        0 => {
            bytes.truncate(half + 1);
            set(bytes, 1, 2 | odd);
        }
        1 => set(bytes, 1, 6 | odd),
        2 => *bytes = vec![0, 0],
        3 => set(bytes, 1, how & 7),
        // The other point with this x, if only it were reduced; and one that lies on no curve.
        4 => bytes
            .iter_mut()
            .skip(half + 1)
            .for_each(|byte| *byte = !*byte),
        5 => bytes.iter_mut().skip(2).for_each(|byte| *byte = 0xff),
        6 => set(bytes, 0, how & 7),
        _ => bytes.push(how),
    }
}

fn set(bytes: &mut [u8], at: usize, value: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value;
    }
}

fn at<'a>(mut node: &'a mut Node, path: &[usize]) -> Option<&'a mut Node> {
    for index in path {
        let Content::Nodes(_, nodes) = &mut node.content else {
            return None;
        };
        node = nodes.get_mut(*index)?;
    }
    Some(node)
}

/// Adds the order of Ed25519's group, in little endian: the same signature to a verifier that does
/// not check the range of `s`.
fn add_order(s: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in s.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

/// 2^252 + 27742317777372353535851937790883648493 (RFC 8032, section 5.1).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Encodings of the points of small order, those among them that are not reduced, and of no point.
const EDGES_OF_25519: [[u8; 32]; 12] = [
    [0; 32],
    with_ends([0; 32], 0, 0x80),
    with_ends([0; 32], 1, 0),
    with_ends([0; 32], 1, 0x80),
    with_ends([0xff; 32], 0xec, 0x7f),
    with_ends([0xff; 32], 0xec, 0xff),
    with_ends([0xff; 32], 0xed, 0x7f),
    with_ends([0xff; 32], 0xed, 0xff),
    with_ends([0xff; 32], 0xee, 0x7f),
    with_ends([0xff; 32], 0xee, 0xff),
    [0xff; 32],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn with_ends(mut bytes: [u8; 32], first: u8, last: u8) -> [u8; 32] {
    bytes[0] = first;
    bytes[31] = last;
    bytes
}
