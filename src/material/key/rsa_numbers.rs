//! Consistency checks of the numbers in an RSA private key (RFC 8017, section 3.2).
//!
//! Not every TLS library checks them: OpenSSL accepts any numbers, and then fails at each handshake
//! or computes with numbers of any length. Primality is not checked.

use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero};
use der::asn1::UintRef;
use zeroize::Zeroizing;

use super::encoding::structures::RsaPrivateKey;
use crate::error::MaterialProblem;

/// The longest public exponent that every TLS library accepts.
const MAX_EXPONENT_BYTES: usize = 8;

type Number = Zeroizing<BoxedUint>;

/// Checks a key whose modulus has `bits` bits.
///
/// The length of the modulus was checked before; it bounds the cost of this function.
pub(crate) fn check(key: &RsaPrivateKey<'_>, bits: usize) -> Result<(), MaterialProblem> {
    let exponent = key.public_exponent.as_bytes();
    if exponent.len() > MAX_EXPONENT_BYTES || !is_odd(exponent) || exponent == [1] {
        return Err(contradiction(
            "its public exponent is even, below 3 or above 64 bits",
        ));
    }
    let too_long = || contradiction("one of its private numbers is longer than its modulus");
    let bits = u32::try_from(bits).map_err(|_| too_long())?;
    let read = |number: &UintRef<'_>| {
        BoxedUint::from_be_slice(number.as_bytes(), bits)
            .map(Zeroizing::new)
            .map_err(|_| too_long())
    };
    let (n, e) = (read(&key.modulus)?, read(&key.public_exponent)?);
    let d = read(&key.private_exponent)?;
    let (p, q) = (read(&key.prime1)?, read(&key.prime2)?);
    let (dp, dq) = (read(&key.exponent1)?, read(&key.exponent2)?);
    let inverse = read(&key.coefficient)?;
    let are_odd = is_odd(key.prime1.as_bytes()) && is_odd(key.prime2.as_bytes());
    if !are_odd || *product(&p, &q) != *n {
        return Err(contradiction(
            "its modulus is not the product of its two primes",
        ));
    }
    for (prime, exponent) in [(&p, &dp), (&q, &dq)] {
        let less = Zeroizing::new(prime.wrapping_sub(BoxedUint::one()));
        let fits = is_one(remainder(&product(&e, exponent), &less))
            && remainder(&d, &less).is_some_and(|rest| *rest == **exponent);
        if !fits {
            return Err(contradiction("its exponents do not belong to its primes"));
        }
    }
    if !is_one(remainder(&product(&inverse, &q), &p)) {
        return Err(contradiction(
            "its CRT coefficient does not belong to its primes",
        ));
    }
    Ok(())
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|byte| byte & 1 == 1)
}

fn is_one(number: Option<Number>) -> bool {
    number.is_some_and(|number| *number == BoxedUint::one())
}

fn product(a: &BoxedUint, b: &BoxedUint) -> Number {
    Zeroizing::new(a.concatenating_mul(b))
}

/// Returns the remainder; `None` for a division by zero.
///
/// Wipes the quotient too, because it holds parts of the key.
fn remainder(number: &BoxedUint, modulus: &BoxedUint) -> Option<Number> {
    let modulus = NonZero::new(modulus.clone()).into_option()?;
    let (quotient, rest) = number.div_rem(&modulus);
    drop((Zeroizing::new(quotient), Zeroizing::new(modulus.get())));
    Some(Zeroizing::new(rest))
}

fn contradiction(what: &'static str) -> MaterialProblem {
    MaterialProblem::KeyInconsistent { what }
}
