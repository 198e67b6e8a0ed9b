//! The names that logs, metrics and settings use: a change of one breaks its users.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use mtls::RejectionReason as Reason;
use mtls::backend::BackendKind;
use mtls::error::{Alert, UnknownName};
use mtls::event::ExpiringItem;
use mtls::policy::{CertificateProfile, RevocationDepth, StepOutcome};

#[track_caller]
fn are<T>(as_str: fn(T) -> &'static str, names: &[(T, &str)])
where
    T: Copy + Debug + Display + FromStr<Err = UnknownName> + PartialEq,
{
    for (value, name) in names {
        assert_eq!(as_str(*value), *name);
        assert_eq!(value.to_string(), *name);
        assert_eq!(name.parse(), Ok(*value));
    }
    let error = "no\nsuch".parse::<T>().unwrap_err();
    assert_eq!(error.name, "no\nsuch");
    let fact = error.to_string();
    assert_eq!(fact, format!(r#"no {} is named "no\nsuch""#, error.kind));
    let all: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
    assert_eq!(error.hint(), format!("use one of {}", all.join(", ")));
}

#[test]
fn rejection_reasons() {
    are(
        Reason::as_str,
        &[
            (Reason::AnchorExpired, "anchor_expired"),
            (Reason::LeafIsCa, "leaf_is_ca"),
            (Reason::Expired, "expired"),
            (Reason::InvalidSerialNumber, "invalid_serial_number"),
            (Reason::IssuerNotCa, "issuer_not_ca"),
            (Reason::LifetimeTooLong, "lifetime_too_long"),
            (Reason::MalformedCertificate, "malformed_certificate"),
            (Reason::MalformedName, "malformed_name"),
            (Reason::ForbiddenExtension, "forbidden_extension"),
            (Reason::MissingKeyIdentifier, "missing_key_identifier"),
            (Reason::NameConstraintViolated, "name_constraint_violated"),
            (Reason::NameMismatch, "name_mismatch"),
            (Reason::NoCertificate, "no_certificate"),
            (Reason::NotAuthorized, "not_authorized"),
            (Reason::InvalidSvid, "invalid_svid"),
            (Reason::NotYetValid, "not_yet_valid"),
            (Reason::NotServing, "not_serving"),
            (Reason::PathLengthExceeded, "path_length_exceeded"),
            (Reason::PathTooLong, "path_too_long"),
            (Reason::VerifierPanicked, "verifier_panicked"),
            (Reason::RevocationListStale, "revocation_list_stale"),
            (Reason::RevocationStatusUnknown, "revocation_status_unknown"),
            (Reason::Revoked, "revoked"),
            (Reason::UnsupportedKey, "unsupported_key"),
            (
                Reason::UnhandledCriticalExtension,
                "unhandled_critical_extension",
            ),
            (Reason::UnknownIssuer, "unknown_issuer"),
            (Reason::UnknownTrustDomain, "unknown_trust_domain"),
            (
                Reason::UnsupportedSignatureAlgorithm,
                "unsupported_signature_algorithm",
            ),
            (Reason::UnsupportedVersion, "unsupported_version"),
            (Reason::WrongCriticality, "wrong_criticality"),
            (Reason::WrongExtendedKeyUsage, "wrong_extended_key_usage"),
            (Reason::WrongKeyUsage, "wrong_key_usage"),
        ],
    );
}

#[test]
fn alerts() {
    let names = [
        (0, "close_notify"),
        (10, "unexpected_message"),
        (20, "bad_record_mac"),
        (22, "record_overflow"),
        (40, "handshake_failure"),
        (42, "bad_certificate"),
        (43, "unsupported_certificate"),
        (44, "certificate_revoked"),
        (45, "certificate_expired"),
        (46, "certificate_unknown"),
        (47, "illegal_parameter"),
        (48, "unknown_ca"),
        (49, "access_denied"),
        (50, "decode_error"),
        (51, "decrypt_error"),
        (70, "protocol_version"),
        (71, "insufficient_security"),
        (80, "internal_error"),
        (86, "inappropriate_fallback"),
        (90, "user_canceled"),
        (109, "missing_extension"),
        (112, "unrecognized_name"),
        (113, "bad_certificate_status_response"),
        (116, "certificate_required"),
        (120, "no_application_protocol"),
    ];
    are(
        Alert::as_str,
        &names.map(|(code, name)| (Alert::from_code(code), name)),
    );
    for code in 0..=u8::MAX {
        let alert = Alert::from_code(code);
        if names.iter().all(|(named, _)| *named != code) {
            assert_eq!(alert.as_str(), "unassigned");
            assert_eq!(alert.to_string(), format!("unassigned ({code})"));
        }
    }
}

#[test]
fn small_enums() {
    are(
        BackendKind::as_str,
        &[
            (BackendKind::NativeTls, "native-tls"),
            (BackendKind::OpenSsl, "openssl"),
            (BackendKind::Rustls, "rustls"),
        ],
    );
    are(
        CertificateProfile::as_str,
        &[
            (CertificateProfile::Interoperable, "interoperable"),
            (CertificateProfile::Rfc5280, "rfc5280"),
            (CertificateProfile::WebPki, "web_pki"),
        ],
    );
    are(
        ExpiringItem::as_str,
        &[
            (ExpiringItem::Identity, "identity"),
            (ExpiringItem::RevocationList, "revocation_list"),
            (ExpiringItem::TrustAnchor, "trust_anchor"),
        ],
    );
    are(
        RevocationDepth::as_str,
        &[
            (RevocationDepth::Chain, "chain"),
            (RevocationDepth::Leaf, "leaf"),
        ],
    );
    are(
        StepOutcome::as_str,
        &[
            (StepOutcome::Failed, "failed"),
            (StepOutcome::NotApplied, "not_applied"),
            (StepOutcome::Passed, "passed"),
        ],
    );
}
