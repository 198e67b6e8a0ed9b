use core::convert::identity;
use std::sync::Arc;
use std::{fmt, io};

use pki_types::UnixTime;

use super::{Sample, samples};
use crate::backend::HandshakeError;
use crate::error::{
    Alert, KeyExportError, NotTls, ReloadFailure, SigningFault, UnreadableTrustAnchor, Withdrawal,
};
use crate::material::SignatureScheme;
use crate::policy::{Rejection, RejectionReason};

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = samples!(
        HandshakeError,
        identity,
        [
            Backend("‹cause›".into()),
            Cancelled,
            Io(io::ErrorKind::ConnectionReset.into()),
            InvalidServerName {
                name: "‹a b›".to_owned()
            },
            NoCommonProtocol,
            NotTls {
                found: NotTls::Http
            },
            Rejected(Rejection::new(RejectionReason::Revoked)),
            RejectedByPeer {
                alert: Alert::UNKNOWN_CA,
                hint: "‹hint›".to_owned()
            },
            SigningKey(Arc::new("‹cause›".into())),
            Timeout,
            UnsupportedVersion { version: "TLS 1.1" },
        ]
    );
    for found in NotTls::ALL {
        let error = HandshakeError::NotTls { found };
        samples.push(Sample::new(
            format!("HandshakeError::NotTls, {found:?}"),
            &error,
        ));
    }
    let error = HandshakeError::non_blocking();
    samples.push(Sample::new(
        "HandshakeError::Io, non-blocking".to_owned(),
        &error,
    ));
    samples.extend(samples!(
        KeyExportError,
        identity,
        [
            Backend("‹cause›".into()),
            Context { bytes: 1, limit: 1 },
            Label { bytes: 1, limit: 1 },
            Length { bytes: 1, limit: 1 },
            NotTls13,
        ]
    ));
    samples.extend(samples!(
        SigningFault,
        identity,
        [
            InvalidSignature {
                scheme: SignatureScheme::EcdsaP256Sha256
            },
            Panicked,
        ]
    ));
    for (name, origin, consecutive) in [
        ("ReloadFailure", None, 1),
        ("ReloadFailure, of its material", Some("‹files›"), 3),
    ] {
        let failure = ReloadFailure {
            occurred_at: UnixTime::now(),
            consecutive,
            origin: origin.map(str::to_owned),
            error: fmt::Error.into(),
        };
        samples.push(Sample::new(name.to_owned(), &failure));
    }
    let withdrawal = Withdrawal::new(fmt::Error);
    samples.push(Sample::new("Withdrawal".to_owned(), &withdrawal));
    let anchor = UnreadableTrustAnchor {
        index: 1,
        subject: "‹CN=Root›".to_owned(),
        source: fmt::Error.into(),
    };
    samples.push(Sample::new("UnreadableTrustAnchor".to_owned(), &anchor));
    samples
}
