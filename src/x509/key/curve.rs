//! Validation of uncompressed public keys on their curve (SEC 1, section 3.2.2.1).

use crypto_bigint::{NonZero, U576};

use super::fault::KeyFault;

/// The size of a coordinate in octets.
pub(crate) const P256_BYTES: usize = 32;
pub(crate) const P384_BYTES: usize = 48;
pub(crate) const P521_BYTES: usize = 66;

/// Returns whether a point is the octet 4 and two coordinates (SEC 1, section 2.3.3).
pub(crate) fn is_uncompressed(point: &[u8], coordinate: usize) -> bool {
    point.len() == coordinate.saturating_mul(2).saturating_add(1) && point.first() == Some(&4)
}

pub(crate) fn fault_on_p256(point: &[u8]) -> Option<KeyFault> {
    fault(point, P256_BYTES, |point| {
        p256::PublicKey::from_sec1_bytes(point).is_ok()
    })
}

pub(crate) fn fault_on_p384(point: &[u8]) -> Option<KeyFault> {
    fault(point, P384_BYTES, |point| {
        p384::PublicKey::from_sec1_bytes(point).is_ok()
    })
}

pub(crate) fn fault_on_p521(point: &[u8]) -> Option<KeyFault> {
    fault(point, P521_BYTES, is_on_p521)
}

fn fault(point: &[u8], coordinate: usize, is_on_curve: impl Fn(&[u8]) -> bool) -> Option<KeyFault> {
    if !is_uncompressed(point, coordinate) {
        return Some(KeyFault::PointForm);
    }
    (!is_on_curve(point)).then_some(KeyFault::NotOnCurve)
}

/// The prime 2^521 - 1 (SEC 2, section 2.6.1).
const P521_PRIME: U576 = U576::ONE.shl_vartime(521).wrapping_sub(&U576::ONE);
const P521_B: U576 = U576::from_be_hex(concat!(
    "000000000000",
    "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1",
    "09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b50",
    "3f00",
));

/// Evaluates the equation of the curve over public numbers; no library for P-521 is available in
/// this module.
fn is_on_p521(point: &[u8]) -> bool {
    let Some((x, y)) = point.get(1..).and_then(|c| c.split_at_checked(P521_BYTES)) else {
        return false;
    };
    let (Some(x), Some(y)) = (number(x), number(y)) else {
        return false;
    };
    let Some(p) = NonZero::new(P521_PRIME).into_option() else {
        return false;
    };
    if x >= P521_PRIME || y >= P521_PRIME {
        return false;
    }
    // y^2 = x^3 - 3x + b
    let three = U576::from_u8(3);
    let cube = x.mul_mod(&x, &p).mul_mod(&x, &p);
    let right = cube
        .sub_mod(&x.mul_mod(&three, &p), &p)
        .add_mod(&P521_B, &p);
    y.mul_mod(&y, &p) == right
}

fn number(bytes: &[u8]) -> Option<U576> {
    let mut padded = [0; U576::BYTES];
    let zeros = padded.len().checked_sub(bytes.len())?;
    padded.get_mut(zeros..)?.copy_from_slice(bytes);
    Some(U576::from_be_slice(&padded))
}
