/// The fault of a key of a known kind: libraries reject it, disagree about it, or fail late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("an even modulus")]
    EvenModulus,
    #[error("a public exponent that is not an odd number from 3 to 2^33 - 1")]
    Exponent,
    #[error("a public key of the wrong length")]
    Length,
    #[error("a point that is not on the curve")]
    NotOnCurve,
    #[error("other parameters of the algorithm than its specification has")]
    Parameters,
    #[error("a point that is not in uncompressed form")]
    PointForm,
    #[error("a point of small order, or one that is not reduced")]
    WeakPoint,
}
