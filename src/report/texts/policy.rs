use super::{Sample, samples};
use crate::policy::{Rejection, RejectionReason};

pub(super) fn samples() -> Vec<Sample> {
    samples!(
        RejectionReason,
        Rejection::new,
        [
            AnchorExpired,
            LeafIsCa,
            Expired,
            InvalidSerialNumber,
            IssuerNotCa,
            LifetimeTooLong,
            MalformedCertificate,
            MalformedName,
            ForbiddenExtension,
            MissingKeyIdentifier,
            NameConstraintViolated,
            NameMismatch,
            NoCertificate,
            NotAuthorized,
            InvalidSvid,
            NotYetValid,
            NotServing,
            PathLengthExceeded,
            PathTooLong,
            VerifierPanicked,
            RevocationListStale,
            RevocationStatusUnknown,
            Revoked,
            UnsupportedKey,
            UnhandledCriticalExtension,
            UnknownIssuer,
            UnknownTrustDomain,
            UnsupportedSignatureAlgorithm,
            UnsupportedVersion,
            WrongCriticality,
            WrongExtendedKeyUsage,
            WrongKeyUsage
        ]
    )
}
