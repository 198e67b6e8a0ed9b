use std::io;
use std::path::PathBuf;

use super::{Sample, samples};
use crate::error::{
    MaterialError, MaterialOrigin, MaterialProblem, PassphraseFlaw, PassphraseOrigin,
    RevocationListFault, SigningKeyFault,
};

pub(super) fn samples() -> Vec<Sample> {
    let mut all = problems();
    all.extend(origins());
    all.extend(causes());
    all.extend(passphrases());
    all.extend(revocation_lists());
    all.extend(signing_keys());
    all
}

fn value() -> String {
    "‹value›".to_owned()
}

fn path() -> PathBuf {
    "‹file›".into()
}

fn cause() -> Box<dyn std::error::Error + Send + Sync> {
    "the cause".into()
}

fn problems() -> Vec<Sample> {
    let same = |problem| problem;
    samples!(
        named MaterialProblem,
        same,
        [
            Base64,
            Ber,
            ByteOrderMark,
            CaKey {
                index: 1,
                subject: value()
            },
            CaLeaf { subject: value() },
            Certificate { source: cause() },
            CertificateInsteadOfKey,
            CertificateInsteadOfRevocationList,
            ChangedWhileRead,
            DamagedMarker,
            DeltaRevocationList,
            DerInsteadOfPem {
                found: "‹content›",
                command: "`‹command›`"
            },
            DuplicateCertificate {
                first: 0,
                second: 1,
                subject: value()
            },
            Empty,
            EndAndBeginShareLine,
            EndLabelMismatch {
                begin: value(),
                end: value()
            },
            EncryptionUnsupported {
                algorithm: value(),
                advice: "‹advice›"
            },
            EncryptedKey,
            IdentityInsteadOfAnchors,
            IndentedMarker,
            IndirectRevocationList,
            InsecurePermissions {
                path: path(),
                mode: 0o620
            },
            Io {
                source: io::ErrorKind::Other.into()
            },
            IssuerKeyMismatch {
                index: 0,
                subject: value(),
                authority_key: value(),
                next_subject: value(),
                subject_key: value(),
            },
            IssuerNameMismatch {
                index: 0,
                subject: value(),
                issuer: value(),
                next_subject: value(),
                is_alike: true,
            },
            KeepsChanging {
                waited: core::time::Duration::from_secs(1)
            },
            KeyMismatch {
                subject: value(),
                key: value(),
                key_sha256: value(),
                leaf_key: value(),
                leaf_sha256: value(),
            },
            KeyInconsistent {
                what: "one of its private numbers is longer than its modulus"
            },
            KeyInsteadOfCertificate,
            KeyMalformed,
            KeyUnsupported { found: value() },
            KeyWithoutCurve,
            KeyWithoutCurveName,
            LeafNotFirst {
                index: 1,
                subject: value()
            },
            LeafUnclear {
                candidates: vec![value(), value()]
            },
            LiteralLineBreaks,
            MissingEnd { label: value() },
            MissingIntermediate {
                index: 0,
                subject: value(),
                issuer: value(),
                address: None
            },
            NoCertificate,
            NoCertificateInDirectory,
            NoKey,
            NoLeaf {
                key: value(),
                found: value()
            },
            NoPem,
            NoRevocationList,
            NoSuchIdentity {
                name: value(),
                found: value()
            },
            NotAFile {
                found: "a FIFO, a socket or a device",
                advice: "‹advice›"
            },
            Passphrase {
                from: PassphraseOrigin::Variable("‹name›".into()),
                source: cause()
            },
            PassphraseMissing,
            PemInsteadOfDer,
            Pkcs12,
            Pkcs12Malformed,
            Pkcs12Unsupported {
                found: "a part with another passphrase, or a damaged one".to_owned(),
                advice: "‹advice›",
            },
            Pkcs12PassphraseWithoutMac,
            Pkcs12WithoutMac,
            RevocationList { source: cause() },
            RevocationListUnfit {
                fault: RevocationListFault::NoNextUpdate
            },
            RevocationListVersion1,
            SecondKey { first: 0 },
            SeveralIdentities { found: value() },
            SigningKeyUnfit {
                fault: SigningKeyFault::PublicKey
            },
            TooCostly {
                cost: 6_000_000,
                unit: "rounds of PBKDF2",
                spent: 6_000_000,
                limit: 10_000_000,
            },
            TooMany {
                limit: 20,
                what: "certificates in the chain"
            },
            UnexpectedContent {
                found: value(),
                expected: "‹content›",
                advice: "‹advice›"
            },
            UnexpectedSection {
                label: value(),
                expected: "‹label›",
                advice: "‹advice›"
            },
            UnexpectedEnd { label: value() },
            Utf16,
            InvalidCredentialName,
            NoCredentialsDirectory,
            VariableNotSet,
            WrongPassphrase {
                from: PassphraseOrigin::Variable("‹name›".into()),
                flaw: None,
            },
        ]
    )
}

/// The origins: paths with a missing file, which adds the most to the hint; the others with a text
/// that is not PEM.
fn origins() -> Vec<Sample> {
    let error = |origin| {
        let problem = match origin {
            MaterialOrigin::DirectoryEntry(_) | MaterialOrigin::File(_) => MaterialProblem::Io {
                source: io::ErrorKind::NotFound.into(),
            },
            _ => MaterialProblem::NoPem,
        };
        MaterialError::from(problem).with_origin(origin)
    };
    samples!(
        MaterialOrigin,
        error,
        [
            Bytes,
            Credential("‹name›".into()),
            DirectoryEntry(path()),
            File(path()),
            Pair {
                chain: path(),
                key: path()
            },
            Variable("‹name›".into()),
        ]
    )
}

fn causes() -> Vec<Sample> {
    let of = |kind: io::ErrorKind| MaterialProblem::Io {
        source: kind.into(),
    };
    [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied]
        .map(|kind| Sample::new(format!("MaterialProblem::Io, {kind:?}"), &of(kind)))
        .into()
}

fn passphrases() -> Vec<Sample> {
    let unavailable = |from| MaterialProblem::Passphrase {
        from,
        source: cause(),
    };
    let wrong = |flaw| MaterialProblem::WrongPassphrase {
        from: PassphraseOrigin::Value,
        flaw: Some(flaw),
    };
    let mut all = samples!(
        PassphraseOrigin,
        unavailable,
        [File(path()), Function, Value, Variable("‹name›".into())]
    );
    all.extend(samples!(PassphraseFlaw, wrong, [Empty, TrailingWhitespace]));
    all
}

fn revocation_lists() -> Vec<Sample> {
    let unfit = |fault| MaterialProblem::RevocationListUnfit { fault };
    samples!(
        RevocationListFault,
        unfit,
        [
            AttributeCertificates,
            CriticalNumber,
            EmptyIssuer,
            NoNextUpdate,
            NumberTooLong,
            SignatureAlgorithmMismatch,
            TooLong,
            UnknownCriticalExtension { oid: value() },
            UnknownVersion,
        ]
    )
}

fn signing_keys() -> Vec<Sample> {
    let unfit = |fault| MaterialProblem::SigningKeyUnfit { fault };
    samples!(
        SigningKeyFault,
        unfit,
        [PublicKey, Schemes { key: value() }]
    )
}
