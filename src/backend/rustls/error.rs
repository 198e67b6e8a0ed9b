//! Conversion of rustls' errors into ours, and of our reasons into rustls' errors.

use core::error::Error as StdError;
use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rustls::{CertificateError, OtherError};

use super::signing::failure::SignFailure;
use crate::backend::HandshakeError;
use crate::error::Alert;
use crate::policy::{Rejection, RejectionReason};

/// Converts a transport's or rustls' error that ended a handshake.
pub(super) fn from_io(error: io::Error) -> HandshakeError {
    match error.downcast::<rustls::Error>() {
        Ok(error) => from_rustls(error),
        Err(error) => HandshakeError::Io(error),
    }
}

fn from_rustls(error: rustls::Error) -> HandshakeError {
    match error {
        rustls::Error::AlertReceived(alert) => {
            HandshakeError::by_peer(Alert::from_code(alert.into()))
        }
        rustls::Error::NoCertificatesPresented => {
            HandshakeError::Rejected(Rejection::new(RejectionReason::NoCertificate))
        }
        rustls::Error::NoApplicationProtocol => HandshakeError::NoCommonProtocol,
        rustls::Error::Other(error) => match error.0.downcast_ref::<SignFailure>() {
            Some(SignFailure(source)) => HandshakeError::SigningKey(Arc::clone(source)),
            None => HandshakeError::backend(rustls::Error::Other(error)),
        },
        other => HandshakeError::backend(other),
    }
}

pub(super) fn alert_in(error: &io::Error) -> Option<Alert> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(Alert::from_code((*alert).into())),
        _ => None,
    }
}

/// Returns the hint of rustls' own error, which libraries return that were given a configuration.
///
/// rustls has no room for our rejection where it has an error of its own: [`to_rustls`].
pub(crate) fn hint_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<Cow<'a, str>> {
    let hint = match error.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Alert::from_code((*alert).into()).hint(),
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(error))) => {
            return error.downcast_ref().map(Rejection::hint);
        }
        rustls::Error::InvalidCertificate(error) => match only_reason_for(error) {
            Some(reason) => reason.hint(),
            None => "look at `Event::PeerVerified`, which has the certificate and its fault",
        },
        rustls::Error::NoCertificatesPresented => RejectionReason::NoCertificate.hint(),
        _ => return None,
    };
    Some(Cow::Borrowed(hint))
}

fn only_reason_for(error: &CertificateError) -> Option<RejectionReason> {
    Some(match error {
        CertificateError::InvalidPurpose => RejectionReason::WrongExtendedKeyUsage,
        CertificateError::NotValidForName => RejectionReason::NameMismatch,
        CertificateError::NotValidYet => RejectionReason::NotYetValid,
        CertificateError::Revoked => RejectionReason::Revoked,
        CertificateError::UnknownIssuer => RejectionReason::UnknownIssuer,
        _ => return None,
    })
}

/// Returns the error for rustls, which chooses the alert.
pub(super) fn to_rustls(rejection: Rejection) -> rustls::Error {
    let error = match rejection.reason() {
        RejectionReason::AnchorExpired | RejectionReason::Expired => CertificateError::Expired,
        RejectionReason::MalformedCertificate
        | RejectionReason::MalformedName
        | RejectionReason::UnsupportedVersion => CertificateError::BadEncoding,
        RejectionReason::NameMismatch => CertificateError::NotValidForName,
        RejectionReason::NotYetValid => CertificateError::NotValidYet,
        RejectionReason::Revoked => CertificateError::Revoked,
        RejectionReason::UnknownIssuer => CertificateError::UnknownIssuer,
        RejectionReason::WrongExtendedKeyUsage => CertificateError::InvalidPurpose,
        _ => CertificateError::Other(OtherError(Arc::new(rejection))),
    };
    error.into()
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;
    use crate::error::BackendKind;
    use crate::policy::verdict::every_reason::EVERY_REASON;

    #[test]
    fn an_error_of_rustls_has_the_hint_of_its_reason() {
        let hint = |rejection| hint_of(&to_rustls(rejection)).map(Cow::into_owned);
        let unclear = hint(Rejection::new(RejectionReason::Expired));
        for reason in EVERY_REASON {
            let hint = hint(Rejection::new(*reason));
            let own = Some(reason.hint().to_owned());
            assert!(hint == own || hint == unclear, "{reason:?}: {hint:?}");
        }
        let unknown = hint(Rejection::new(RejectionReason::UnknownIssuer));
        assert_eq!(
            unknown.as_deref(),
            Some(RejectionReason::UnknownIssuer.hint())
        );
        let whole = Rejection::new(RejectionReason::NotAuthorized).with_hint("ask Rhea");
        assert_eq!(hint(whole).as_deref(), Some("ask Rhea"));
        let alert = rustls::Error::AlertReceived(AlertDescription::UnknownCA);
        assert_eq!(hint_of(&alert).as_deref(), Some(Alert::UNKNOWN_CA.hint()));
    }

    #[test]
    fn every_reason_has_its_alert() {
        for reason in EVERY_REASON {
            // rustls finds a missing certificate itself, without our verifier.
            if *reason == RejectionReason::NoCertificate {
                continue;
            }
            let rustls::Error::InvalidCertificate(error) = to_rustls(Rejection::new(*reason))
            else {
                panic!("{reason:?} is not about a certificate");
            };
            let alert = Alert::from_code(AlertDescription::from(error).into());
            assert_eq!(
                BackendKind::Rustls.alert_for(*reason),
                Some(alert),
                "{reason:?}"
            );
        }
    }
}
