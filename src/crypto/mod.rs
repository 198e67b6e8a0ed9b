//! SHA-256 and the public halves of keys, by the crypto library of an enabled feature.
//!
//! The floors above call it and know no library. The one in use is in this order: aws-lc-rs, which
//! is in the default features; the Rust crates of the feature `key-match`; none, where a small
//! crate for SHA-256 alone remains.

#[cfg_attr(
    all(not(feature = "aws-lc-rs"), feature = "key-match"),
    path = "rust_crypto.rs"
)]
#[cfg_attr(
    not(any(feature = "aws-lc-rs", feature = "key-match")),
    path = "absent.rs"
)]
mod aws_lc_rs;

pub(crate) use aws_lc_rs::{
    DERIVES_PUBLIC_KEYS, Sha256, ec_public_key, ed25519_public_key, sha256,
};

/// A curve whose public keys are derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EcCurve {
    P256,
    P384,
}

/// The result of deriving a public key from a private one.
#[derive(Debug, PartialEq, Eq)]
#[allow(
    dead_code,
    reason = "with a library there is no Underived, without one nothing else"
)]
pub(crate) enum PublicPart {
    /// The public key: an uncompressed point (SEC 1, section 2.3.3), or 32 octets of Ed25519.
    Derived(Vec<u8>),
    /// The private key is none: zero, too large, or of the wrong length.
    Invalid,
    /// No enabled feature brings a library that derives it.
    Underived,
}

/// The Rust crates beside aws-lc-rs, to compare them.
#[cfg(all(test, feature = "aws-lc-rs", feature = "key-match"))]
#[path = "rust_crypto.rs"]
#[allow(dead_code, reason = "its constant is the other's")]
mod rust_crypto;

/// What is left without a library, to compare it too.
#[cfg(all(test, feature = "aws-lc-rs", feature = "key-match"))]
#[allow(dead_code, reason = "it derives nothing")]
mod absent;

#[cfg(all(test, feature = "aws-lc-rs", feature = "key-match"))]
mod tests {
    use super::*;

    /// The orders of both curves (SEC 2, sections 2.4.2 and 2.5.1), in hexadecimal.
    const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const P384_ORDER: &str = concat!(
        "ffffffffffffffffffffffffffffffffffffffffffffffff",
        "c7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    );

    fn same(curve: EcCurve, scalar: &[u8]) -> PublicPart {
        let derived = ec_public_key(curve, scalar);
        assert_eq!(
            derived,
            rust_crypto::ec_public_key(curve, scalar),
            "{scalar:02x?}"
        );
        derived
    }

    #[test]
    fn both_libraries_derive_the_same_from_a_scalar() {
        for (curve, order) in [(EcCurve::P256, P256_ORDER), (EcCurve::P384, P384_ORDER)] {
            let order = base16ct::lower::decode(order, &mut [0; 48])
                .unwrap()
                .to_vec();
            let length = order.len();
            let with_last = |base: &[u8], last: u8| [&base[..length - 1], &[last]].concat();
            let last = order[length - 1];
            for valid in [
                with_last(&vec![0; length], 1),
                with_last(&vec![0; length], 2),
                with_last(&vec![0x55; length], 0),
                with_last(&order, last - 1),
            ] {
                assert!(matches!(same(curve, &valid), PublicPart::Derived(_)));
            }
            let too_long = [&[1], &order[1..], &[1]].concat();
            for invalid in [
                vec![0; length],
                order.clone(),
                with_last(&order, last + 1),
                vec![0xff; length],
                too_long,
                Vec::new(),
            ] {
                assert_eq!(same(curve, &invalid), PublicPart::Invalid);
            }
        }
    }

    #[test]
    fn both_libraries_derive_the_same_from_a_seed() {
        for octet in 0..=u8::MAX {
            let seed = [octet; 32];
            let derived = ed25519_public_key(&seed);
            assert_eq!(derived, rust_crypto::ed25519_public_key(&seed));
            assert!(matches!(derived, PublicPart::Derived(_)));
        }
        for length in [0, 31, 33] {
            let seed = vec![1; length];
            assert_eq!(ed25519_public_key(&seed), PublicPart::Invalid);
            assert_eq!(rust_crypto::ed25519_public_key(&seed), PublicPart::Invalid);
        }
    }

    #[test]
    fn every_library_has_the_same_digests() {
        // FIPS 180-4's example of one block.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let expected = base16ct::lower::decode(abc, &mut [0; 32]).unwrap().to_vec();
        assert_eq!(sha256(b"abc"), *expected);
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
        for length in 0..bytes.len() {
            let (first, second) = bytes[..length].split_at(length / 3);
            let whole = sha256(&bytes[..length]);
            assert_eq!(whole, rust_crypto::sha256(&bytes[..length]));
            assert_eq!(whole, absent::sha256(&bytes[..length]));
            let mut pieces = Sha256::new();
            let mut of_rust = rust_crypto::Sha256::new();
            let mut of_absent = absent::Sha256::new();
            for piece in [first, second] {
                pieces.update(piece);
                of_rust.update(piece);
                of_absent.update(piece);
            }
            assert_eq!(pieces.finish(), whole);
            assert_eq!(of_rust.finish(), whole);
            assert_eq!(of_absent.finish(), whole);
        }
    }
}
