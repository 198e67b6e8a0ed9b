use std::io;
use std::time::Duration;

use pki_types::UnixTime;

use super::{Sample, samples};
use crate::error::{
    BackendKind, ConfigField, ListReplacementProblem, RevocationListRegression, RotationError,
    SettingProblem, SpiffeIdError, TrustAnchorProblem, TrustBundlesError, UnusableTrustAnchor,
};
use crate::material::{IdentityWarning, KeyType};
use crate::policy::{BuildError, Rejection, RejectionReason};

const VALUE: &str = "‹value›";

fn value() -> String {
    VALUE.to_owned()
}

fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn cause() -> Box<dyn std::error::Error + Send + Sync> {
    "the cause".into()
}

fn anchor(problem: TrustAnchorProblem) -> UnusableTrustAnchor {
    UnusableTrustAnchor {
        index: 0,
        trust_domain: None,
        subject: value(),
        problem,
    }
}

pub(super) fn samples() -> Vec<Sample> {
    [
        builds(),
        settings(),
        anchors(),
        rotations(),
        lists(),
        bundles(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn builds() -> Vec<Sample> {
    samples!(
        named BuildError,
        core::convert::identity,
        [
            Backend {
                backend: BackendKind::OpenSsl,
                what: VALUE,
                advice: VALUE,
                source: cause(),
            },
            Configured {
                field: ConfigField::new("‹tls.identity›".to_owned()),
                error: Box::new(BuildError::MissingIdentity),
            },
            IdentityChain {
                index: 0,
                subject: value(),
                issuer: value(),
                source: cause(),
            },
            IdentityNotValid(IdentityWarning::OutsideValidity {
                index: 0,
                subject: value(),
                not_before: time(0),
                not_after: time(1),
                at: time(2),
            }),
            InsecureKeyFile {
                path: VALUE.into(),
                mode: 0o644,
            },
            InsecurePassphraseFile {
                path: VALUE.into(),
                mode: 0o660,
            },
            InvalidSetting {
                setting: "alpn",
                problem: SettingProblem::AlpnNameLength { length: 0 },
            },
            KeyMismatch {
                subject: value(),
                key: value(),
            },
            MissingIdentity,
            MissingPolicy,
            MissingRevocationLists,
            MissingRevocationRules,
            MissingTrustAnchors,
            NoCryptoProvider,
            OwnChainRejected(Rejection::new(RejectionReason::UnknownIssuer)),
            SigningKeyFailed {
                scheme: value(),
                source: cause(),
            },
            SigningKeyMismatch {
                scheme: value(),
                subject: value(),
            },
            Source(cause()),
            SourceTaken,
            Thread(io::Error::other("the cause")),
            TrustAnchorsExpired {
                at: time(0),
                anchors: vec![anchor(TrustAnchorProblem::OutsideValidity {
                        not_before: time(1),
                        not_after: time(2),
                        at: time(0),
                    })],
            },
            Unsupported {
                setting: "resumption",
                backend: BackendKind::NativeTls,
                what: VALUE,
                reason: VALUE,
            },
            UnusableTrustAnchors(vec![anchor(TrustAnchorProblem::MissingKeyCertSign)])
        ]
    )
}

fn settings() -> Vec<Sample> {
    let key = KeyType::MlDsa65;
    let wrap = |problem| BuildError::InvalidSetting {
        setting: "setting",
        problem,
    };
    samples!(
        SettingProblem,
        wrap,
        [
            AlpnNameLength { length: 256 },
            ClockPanicked,
            ClockSkewTooLong {
                given: Duration::from_secs(601),
                limit: Duration::from_secs(600),
            },
            CommonNameWithServerAuth,
            EmptyVersions,
            InvalidName {
                length: 65,
                limit: 64,
            },
            KeyNeedsTls13 { key },
            LeafLifetimeTooShort,
            MaxAgeTooLong {
                max_age: Duration::from_secs(2),
                limit: Duration::from_secs(1),
            },
            NoKnownScheme { key },
            NoObserver,
            NoSchemeForTls12 { key },
            NoSchemeForTls13 {
                key: KeyType::Rsa { bits: 2048 },
            },
            NoSource,
            NothingToWaitFor,
            RejectAfterTooShort {
                reject_after: Duration::from_secs(1),
                poll_interval: Duration::from_secs(2),
            },
            RsaBitsOutOfRange {
                bits: 1024,
                minimum: 2048,
                maximum: 8192,
            },
            ServerAuthOnClient,
            ServerAuthWithoutExactName,
            ServerSpiffeOnServer,
            ServerSpiffeWithoutId,
            TooManyIntermediates { given: 7, limit: 6 },
            UnusableTrustAnchor(Box::new(anchor(TrustAnchorProblem::EndEntity {
                is_self_issued: false,
            }))),
            X509V1LeafWithRevocation,
            X509V1LeafWithWebPki,
            ZeroHandshakeTimeout,
            ZeroMaxAge,
            ZeroPollInterval
        ]
    )
}

fn anchors() -> Vec<Sample> {
    samples!(
        named TrustAnchorProblem,
        anchor,
        [
            BrokenRule {
                expected: value(),
                found: value(),
                advice: VALUE,
            },
            EndEntity {
                is_self_issued: true,
            },
            Malformed {
                fault: value(),
                advice: VALUE,
            },
            MissingKeyCertSign,
            OldVersion { version: 1 },
            OutsideValidity {
                not_before: time(0),
                not_after: time(1),
                at: time(2),
            }
        ]
    )
}

fn rotations() -> Vec<Sample> {
    samples!(
        RotationError,
        core::convert::identity,
        [
            Build(BuildError::MissingRevocationLists),
            IdentityNotValid {
                index: 0,
                subject: value(),
                not_before: time(0),
                not_after: time(1),
                at: time(2),
            },
            RevocationListRegression(RevocationListRegression {
                issuer: value(),
                problem: ListReplacementProblem::Missing,
            })
        ]
    )
}

fn lists() -> Vec<Sample> {
    let wrap = |problem| RevocationListRegression {
        issuer: value(),
        problem,
    };
    samples!(
        ListReplacementProblem,
        wrap,
        [
            Missing,
            NotCurrent {
                this_update: time(0),
                next_update: time(1),
            },
            NotSigned,
            NumberMissing,
            Older {
                number: Some(vec![1]),
                this_update: time(0),
                previous_number: Some(vec![2]),
                previous_this_update: time(1),
            },
            OtherScope
        ]
    )
}

fn bundles() -> Vec<Sample> {
    samples!(
        TrustBundlesError,
        core::convert::identity,
        [
            DuplicateTrustDomain {
                trust_domain: value(),
            },
            Empty,
            InvalidTrustDomain {
                trust_domain: value(),
                source: SpiffeIdError::EmptyTrustDomain,
            }
        ]
    )
}
