//! Public keys of every encoding in a leaf, and what has to become of each.

use mtls::RejectionReason as Reason;
use openssl::bn::{BigNum, MsbOption};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use crate::forge::{MlDsa, algorithm, ec, null, oid, rsa, sequence, spki, tlv};

/// One key as it stands in a leaf.
pub(crate) struct LeafKey {
    pub(crate) name: String,
    pub(crate) spki: Vec<u8>,
    /// The private half, where there is one that a peer can sign with.
    pub(crate) key: Option<PKey<Private>>,
    pub(crate) expected: Result<(), Reason>,
}

const UNACCEPTABLE: Result<(), Reason> = Err(Reason::UnsupportedKey);
const MALFORMED: Result<(), Reason> = Err(Reason::MalformedCertificate);

/// Keys that are accepted wherever the library has the algorithm.
pub(crate) fn sound(ml_dsa_too: bool) -> Vec<LeafKey> {
    let mut keys = vec![
        ("P-256", ec(Nid::X9_62_PRIME256V1)),
        ("P-384", ec(Nid::SECP384R1)),
        ("P-521", ec(Nid::SECP521R1)),
        ("Ed25519", PKey::generate_ed25519().unwrap()),
        ("RSA 2048", rsa(2048)),
        ("RSA 3072", rsa(3072)),
    ];
    if ml_dsa_too {
        keys.extend([
            ("ML-DSA-44", MlDsa::M44.key()),
            ("ML-DSA-65", MlDsa::M65.key()),
            ("ML-DSA-87", MlDsa::M87.key()),
        ]);
    }
    keys.into_iter()
        .map(|(name, key)| held(name, key))
        .collect()
}

fn held(name: &str, key: PKey<Private>) -> LeafKey {
    LeafKey {
        name: name.to_owned(),
        spki: key.public_key_to_der().unwrap(),
        key: Some(key),
        expected: Ok(()),
    }
}

fn bare(name: &str, spki: Vec<u8>, expected: Result<(), Reason>) -> LeafKey {
    LeafKey {
        name: name.to_owned(),
        spki,
        key: None,
        expected,
    }
}

/// Keys of unusual forms.
pub(crate) fn unusual() -> Vec<LeafKey> {
    [
        rsa_numbers(),
        rsa_forms(),
        points(),
        edwards(),
        of_ml_dsa(),
        of_others(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn rsa_with_exponent(exponent: &str) -> LeafKey {
    let e = BigNum::from_dec_str(exponent).unwrap();
    let key = PKey::from_rsa(Rsa::generate_with_e(2048, &e).unwrap()).unwrap();
    held(&format!("RSA with the exponent {exponent}"), key)
}

/// An INTEGER of these octets, as they are.
fn integer(octets: &[u8]) -> Vec<u8> {
    tlv(2, octets)
}

/// A positive INTEGER.
fn number(octets: &[u8]) -> Vec<u8> {
    match octets.first() {
        Some(first) if first & 0x80 != 0 => integer(&[&[0], octets].concat()),
        Some(_) => integer(octets),
        None => integer(&[0]),
    }
}

fn modulus(bits: i32) -> Vec<u8> {
    let mut modulus = BigNum::new().unwrap();
    modulus.rand(bits, MsbOption::ONE, true).unwrap();
    modulus.to_vec()
}

fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[modulus, exponent]);
    spki(&algorithm("1.2.840.113549.1.1.1", &null()), &key)
}

fn rsa_numbers() -> Vec<LeafKey> {
    let n = number(&modulus(2048));
    let e = integer(&[1, 0, 1]);
    let mut keys: Vec<LeafKey> = ["3", "17", "65537", "4294967297", "8589934591"]
        .map(rsa_with_exponent)
        .into();
    for (name, exponent) in [
        ("0", integer(&[0])),
        ("1", integer(&[1])),
        ("2", integer(&[2])),
        ("65536", integer(&[1, 0, 0])),
        ("2^33 + 1", integer(&[2, 0, 0, 0, 1])),
        ("2^64 + 1", integer(&[1, 0, 0, 0, 0, 0, 0, 0, 1])),
        ("-3", integer(&[0xfd])),
        ("3 with a zero before it", integer(&[0, 3])),
        ("nothing", integer(&[])),
    ] {
        let name = format!("RSA with the exponent {name}");
        keys.push(bare(&name, rsa_spki(&n, &exponent), UNACCEPTABLE));
    }
    for bits in [512, 1024, 2040, 2047, 8193, 16384] {
        let name = format!("RSA {bits}");
        keys.push(bare(
            &name,
            rsa_spki(&number(&modulus(bits)), &e),
            UNACCEPTABLE,
        ));
    }
    keys.push(held("RSA 2049", rsa(2049)));
    keys.push(held("RSA 4096", rsa(4096)));
    let mut even = modulus(2048);
    *even.last_mut().unwrap() &= 0xfe;
    keys.push(bare(
        "RSA with an even modulus",
        rsa_spki(&number(&even), &e),
        UNACCEPTABLE,
    ));
    let negative = integer(&modulus(2048));
    keys.push(bare(
        "RSA with a negative modulus",
        rsa_spki(&negative, &e),
        UNACCEPTABLE,
    ));
    keys
}

fn rsa_forms() -> Vec<LeafKey> {
    let rsa_key = rsa(2048).rsa().unwrap().public_key_to_der_pkcs1().unwrap();
    let under = |name: &str, parameters: &[u8], key: &[u8]| {
        let identifier = algorithm("1.2.840.113549.1.1.1", parameters);
        bare(name, spki(&identifier, key), UNACCEPTABLE)
    };
    let two = algorithm("1.2.840.113549.1.1.1", &[5, 0, 5, 0]);
    vec![
        bare("RSA with two NULLs", spki(&two, &rsa_key), MALFORMED),
        under("RSA without parameters", &[], &rsa_key),
        under(
            "RSA with an OCTET STRING as parameters",
            &tlv(4, &[]),
            &rsa_key,
        ),
        under(
            "RSA with octets behind it",
            &null(),
            &[&rsa_key[..], &[0]].concat(),
        ),
        under("RSA with an empty key", &null(), &[]),
        under("RSA of one number", &null(), &sequence(&[&[2, 1, 3]])),
        bare(
            "RSA bound to RSASSA-PSS",
            spki(&algorithm("1.2.840.113549.1.1.10", &[]), &rsa_key),
            UNACCEPTABLE,
        ),
    ]
}

fn points() -> Vec<LeafKey> {
    let mut keys = Vec::new();
    for (name, curve, oid_text) in [
        ("P-256", Nid::X9_62_PRIME256V1, "1.2.840.10045.3.1.7"),
        ("P-384", Nid::SECP384R1, "1.3.132.0.34"),
        ("P-521", Nid::SECP521R1, "1.3.132.0.35"),
    ] {
        let key = ec(curve);
        let spki_der = key.public_key_to_der().unwrap();
        let coordinate = curve_bits(name).div_ceil(8);
        let point = &spki_der[spki_der.len() - 2 * coordinate - 1..];
        let named = tlv(6, &oid(oid_text));
        let of = |parameters: &[u8], point: &[u8]| {
            spki(&algorithm("1.2.840.10045.2.1", parameters), point)
        };
        let mut off = point.to_vec();
        *off.last_mut().unwrap() ^= 1;
        let beyond = [&[4], vec![0xff; 2 * coordinate].as_slice()].concat();
        let zero = [&[4], vec![0; 2 * coordinate].as_slice()].concat();
        let tagged = |tag: u8, point: &[u8]| [&[tag], point].concat();
        let compressed = tagged(2 + (point[2 * coordinate] & 1), &point[1..=coordinate]);
        let hybrid = tagged(6 + (point[2 * coordinate] & 1), &point[1..]);
        for (form, spki, expected) in [
            ("off the curve", of(&named, &off), UNACCEPTABLE),
            (
                "with coordinates beyond the field",
                of(&named, &beyond),
                UNACCEPTABLE,
            ),
            ("at the origin", of(&named, &zero), UNACCEPTABLE),
            (
                "with a coordinate that is not reduced",
                of(&named, &unreduced(name, point)),
                UNACCEPTABLE,
            ),
            ("compressed", of(&named, &compressed), MALFORMED),
            ("hybrid", of(&named, &hybrid), MALFORMED),
            ("at infinity", of(&named, &[0]), MALFORMED),
            ("empty", of(&named, &[]), MALFORMED),
            ("too short", of(&named, &point[..2 * coordinate]), MALFORMED),
            ("too long", of(&named, &[point, &[0]].concat()), MALFORMED),
            (
                "with a NULL behind its curve",
                of(&[&named[..], &[5, 0]].concat(), point),
                MALFORMED,
            ),
        ] {
            keys.push(bare(&format!("{name} {form}"), spki, expected));
        }
    }
    keys
}

/// A coordinate of P-521 with the prime added to it, for which its octets have room; that of
/// another curve as large as they allow.
fn unreduced(name: &str, point: &[u8]) -> Vec<u8> {
    let mut point = point.to_vec();
    if name != "P-521" {
        point[1..5].fill(0xff);
        return point;
    }
    let one = BigNum::from_u32(1).unwrap();
    let mut prime = BigNum::new().unwrap();
    prime.lshift(&one, 521).unwrap();
    prime.sub_word(1).unwrap();
    let mut y = BigNum::from_slice(&point[67..]).unwrap();
    let mut sum = BigNum::new().unwrap();
    sum.checked_add(&y, &prime).unwrap();
    std::mem::swap(&mut y, &mut sum);
    point[67..].copy_from_slice(&y.to_vec_padded(66).unwrap());
    point
}

fn curve_bits(name: &str) -> usize {
    match name {
        "P-256" => 256,
        "P-384" => 384,
        _ => 521,
    }
}

fn edwards() -> Vec<LeafKey> {
    let key = PKey::generate_ed25519().unwrap().raw_public_key().unwrap();
    let of = |parameters: &[u8], key: &[u8]| spki(&algorithm("1.3.101.112", parameters), key);
    let mut identity = [0; 32];
    identity[0] = 1;
    vec![
        bare("Ed25519 with NULL", of(&null(), &key), UNACCEPTABLE),
        bare("Ed25519 of small order", of(&[], &identity), MALFORMED),
        bare("Ed25519 of zeros", of(&[], &[0; 32]), MALFORMED),
        bare(
            "Ed25519 that is not reduced",
            of(&[], &[0xff; 32]),
            MALFORMED,
        ),
        bare("Ed25519 too short", of(&[], &key[1..]), MALFORMED),
        bare(
            "Ed25519 too long",
            of(&[], &[&key[..], &[0]].concat()),
            MALFORMED,
        ),
    ]
}

fn of_ml_dsa() -> Vec<LeafKey> {
    let mut keys = Vec::new();
    for (name, arc, bytes) in [("44", "17", 1312), ("65", "18", 1952), ("87", "19", 2592)] {
        let of = |parameters: &[u8], bytes: usize| {
            let identifier = algorithm(&format!("2.16.840.1.101.3.4.3.{arc}"), parameters);
            spki(&identifier, &vec![7; bytes])
        };
        for (form, spki) in [
            ("too short", of(&[], bytes - 1)),
            ("too long", of(&[], bytes + 1)),
            ("empty", of(&[], 0)),
            ("with NULL", of(&null(), bytes)),
        ] {
            keys.push(bare(&format!("ML-DSA-{name} {form}"), spki, UNACCEPTABLE));
        }
    }
    keys
}

/// What is on no list.
fn of_others() -> Vec<LeafKey> {
    let point = [&[4], [7; 64].as_slice()].concat();
    let mut keys = Vec::new();
    for (name, parameters) in [
        ("P-192", tlv(6, &oid("1.2.840.10045.3.1.1"))),
        ("P-224", tlv(6, &oid("1.3.132.0.33"))),
        ("secp256k1", tlv(6, &oid("1.3.132.0.10"))),
        ("brainpoolP256r1", tlv(6, &oid("1.3.36.3.3.2.8.1.1.7"))),
        ("brainpoolP384r1", tlv(6, &oid("1.3.36.3.3.2.8.1.1.11"))),
        ("brainpoolP512r1", tlv(6, &oid("1.3.36.3.3.2.8.1.1.13"))),
        ("SM2", tlv(6, &oid("1.2.156.10197.1.301"))),
        ("an unknown curve", tlv(6, &oid("1.2.3.4"))),
        ("no curve", vec![]),
        ("NULL for a curve", null()),
        ("a curve that is spelt out", sequence(&[&[2, 1, 1]])),
    ] {
        let identifier = algorithm("1.2.840.10045.2.1", &parameters);
        keys.push(bare(
            &format!("EC: {name}"),
            spki(&identifier, &point),
            UNACCEPTABLE,
        ));
    }
    for (name, oid_text) in [
        ("Ed448", "1.3.101.113"),
        ("X25519", "1.3.101.110"),
        ("DSA", "1.2.840.10040.4.1"),
        ("SLH-DSA-SHA2-128s", "2.16.840.1.101.3.4.3.20"),
        ("ML-KEM-768", "2.16.840.1.101.3.4.4.2"),
        ("an unknown algorithm", "1.2.3.4"),
    ] {
        keys.push(bare(
            name,
            spki(&algorithm(oid_text, &[]), &[7; 57]),
            UNACCEPTABLE,
        ));
    }
    keys
}
