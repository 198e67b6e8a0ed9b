//! Every rejection reason, for tests that iterate over them.

use super::reason::RejectionReason;

/// A missing variant is a compile error.
macro_rules! every {
    ($($reason:ident)*) => {
        pub(crate) const EVERY_REASON: &[RejectionReason] = &[$(RejectionReason::$reason),*];

        pub(crate) fn name(reason: RejectionReason) -> &'static str {
            match reason {
                $(RejectionReason::$reason => stringify!($reason)),*
            }
        }
    };
}

every! {
    AnchorExpired LeafIsCa Expired InvalidSerialNumber IssuerNotCa LifetimeTooLong MalformedCertificate MalformedName
    ForbiddenExtension MissingKeyIdentifier NameConstraintViolated NameMismatch NoCertificate NotAuthorized InvalidSvid
    NotYetValid NotServing PathLengthExceeded PathTooLong VerifierPanicked RevocationListStale RevocationStatusUnknown Revoked UnsupportedKey UnhandledCriticalExtension UnknownIssuer
    UnknownTrustDomain UnsupportedSignatureAlgorithm UnsupportedVersion WrongCriticality WrongExtendedKeyUsage
    WrongKeyUsage
}
