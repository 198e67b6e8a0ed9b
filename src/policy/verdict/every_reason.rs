//! Every reason, for tests that walk them.

use super::reason::RejectionReason;

/// One that is missing here does not compile.
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
    AnchorExpired CaAsLeaf Expired InvalidSerialNumber IssuerNotCa LifetimeTooLong MalformedCertificate MalformedName
    MisplacedExtension MissingKeyIdentifier NameConstraintViolated NameMismatch NoCertificate NotAllowed NotAnSvid
    NotYetValid OutOfService PathLengthExceeded PathTooLong PolicyPanicked RevocationListStale RevocationStatusUnknown Revoked UnacceptableKey UnhandledCriticalExtension UnknownIssuer
    UnknownTrustDomain UnsupportedSignatureAlgorithm UnsupportedVersion WrongCriticality WrongExtendedKeyUsage
    WrongKeyUsage
}
