//! Validation of public keys on their curve.
//!
//! For the NIST curves it is SEC 1, section 3.2.2.1; for Ed25519, RFC 8032, section 5.1.3. All
//! numbers are public, so the time that they take may depend on them.

use crypto_bigint::modular::{ConstMontyForm as Element, ConstMontyParams};
use crypto_bigint::{JacobiSymbol, U256, U384, U576, Uint, const_monty_params};

use super::fault::KeyFault;

/// The size of a coordinate in octets.
pub(crate) const P256_BYTES: usize = 32;
pub(crate) const P384_BYTES: usize = 48;
pub(crate) const P521_BYTES: usize = 66;
const ED25519_BYTES: usize = 32;

/// Returns whether a point is the octet 4 and two coordinates (SEC 1, section 2.3.3).
pub(crate) fn is_uncompressed(point: &[u8], coordinate: usize) -> bool {
    point.len() == coordinate.saturating_mul(2).saturating_add(1) && point.first() == Some(&4)
}

pub(crate) fn fault_on_p256(point: &[u8]) -> Option<KeyFault> {
    fault::<P256, _>(point, P256_BYTES, &P256_B)
}

pub(crate) fn fault_on_p384(point: &[u8]) -> Option<KeyFault> {
    fault::<P384, _>(point, P384_BYTES, &P384_B)
}

pub(crate) fn fault_on_p521(point: &[u8]) -> Option<KeyFault> {
    fault::<P521, _>(point, P521_BYTES, &P521_B)
}

/// Returns the fault of an Ed25519 key: no point, a point of small order, or one not reduced.
pub(crate) fn fault_on_ed25519(point: &[u8]) -> Option<KeyFault> {
    (!is_strong_ed25519(point).unwrap_or(false)).then_some(KeyFault::WeakPoint)
}

// SEC 2, sections 2.4.2, 2.5.1 and 2.6.1.
const_monty_params!(
    P256,
    U256,
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
);
const P256_B: Element<P256, { U256::LIMBS }> = Element::new(&U256::from_be_hex(
    "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
));
const_monty_params!(
    P384,
    U384,
    concat!(
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
        "ffffffff0000000000000000ffffffff"
    )
);
const P384_B: Element<P384, { U384::LIMBS }> = Element::new(&U384::from_be_hex(concat!(
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a",
    "c656398d8a2ed19d2a85c8edd3ec2aef"
)));
const_monty_params!(
    P521,
    U576,
    concat!(
        "00000000000001ff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    )
);
const P521_B: Element<P521, { U576::LIMBS }> = Element::new(&U576::from_be_hex(concat!(
    "000000000000",
    "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1",
    "09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b50",
    "3f00",
)));

// RFC 8032, section 5.1.
const_monty_params!(
    Ed25519,
    U256,
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
);
const ED25519_D: Element<Ed25519, { U256::LIMBS }> = Element::new(&U256::from_be_hex(
    "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3",
));
/// The y coordinates of the eight points whose order divides 8.
const ED25519_SMALL_ORDER: [U256; 5] = [
    U256::ZERO,
    U256::ONE,
    U256::from_be_hex("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826"),
    U256::from_be_hex("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"),
    U256::from_be_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
];

fn fault<P: ConstMontyParams<LIMBS>, const LIMBS: usize>(
    point: &[u8],
    coordinate: usize,
    b: &Element<P, LIMBS>,
) -> Option<KeyFault> {
    if !is_uncompressed(point, coordinate) {
        return Some(KeyFault::PointForm);
    }
    let is_on_curve = is_on_curve::<P, LIMBS>(point, coordinate, b).unwrap_or(false);
    (!is_on_curve).then_some(KeyFault::NotOnCurve)
}

/// Evaluates y^2 = x^3 - 3x + b; `None` if a coordinate is not reduced.
fn is_on_curve<P: ConstMontyParams<LIMBS>, const LIMBS: usize>(
    point: &[u8],
    coordinate: usize,
    b: &Element<P, LIMBS>,
) -> Option<bool> {
    let (x, y) = point.get(1..)?.split_at_checked(coordinate)?;
    let (x, y) = (element::<P, LIMBS>(x)?, element::<P, LIMBS>(y)?);
    let three = const { Element::new(&Uint::from_u8(3)) };
    let right = x.square().sub(&three).mul(&x).add(b);
    Some(y.square() == right)
}

/// Returns whether y is reduced, of a point on the curve, and of none with a small order.
///
/// The sign of x, the highest bit, needs no check: x is zero on points of small order alone.
fn is_strong_ed25519(point: &[u8]) -> Option<bool> {
    let mut octets = <[u8; ED25519_BYTES]>::try_from(point).ok()?;
    octets.reverse();
    if let Some(first) = octets.first_mut() {
        *first &= 0x7f;
    }
    let y = element::<Ed25519, _>(&octets)?;
    if ED25519_SMALL_ORDER.contains(&y.retrieve()) {
        return Some(false);
    }
    // x^2 = (y^2 - 1) / (d y^2 + 1); a quotient is a square where the product is.
    let square = y.square();
    let one = Element::ONE;
    let divisor = square.mul(&ED25519_D).add(&one);
    let symbol = square.sub(&one).mul(&divisor).jacobi_symbol_vartime();
    Some(symbol == JacobiSymbol::One)
}

/// Reads a big-endian number below the prime.
fn element<P: ConstMontyParams<LIMBS>, const LIMBS: usize>(
    octets: &[u8],
) -> Option<Element<P, LIMBS>> {
    let mut number = Uint::<LIMBS>::ZERO;
    for (limb, octets) in number.as_mut_words().iter_mut().zip(octets.rchunks(WORD)) {
        let mut word = [0; WORD];
        word.get_mut(WORD.checked_sub(octets.len())?..)?
            .copy_from_slice(octets);
        *limb = crypto_bigint::Word::from_be_bytes(word);
    }
    (number < *P::PARAMS.modulus().as_ref()).then(|| Element::new(&number))
}

const WORD: usize = size_of::<crypto_bigint::Word>();

#[cfg(all(test, feature = "key-match"))]
mod tests;
