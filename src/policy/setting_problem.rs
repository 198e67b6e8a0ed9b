//! Values of settings that can never work.

use core::time::Duration;
use std::borrow::Cow;

use crate::error::UnusableTrustAnchor;
use crate::material::KeyType;

/// The fault of a setting in [`BuildError::InvalidSetting`](crate::BuildError::InvalidSetting).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingProblem {
    /// An ALPN protocol name is empty or too long (RFC 7301, section 3.1).
    #[error("an ALPN protocol name has {length} bytes")]
    AlpnNameLength {
        /// The length of the name in bytes.
        length: usize,
    },
    /// The clock panicked during a rotation.
    #[error("it panicked")]
    ClockPanicked,
    /// The tolerance for clocks is above its limit.
    #[error("the tolerance is {} seconds, the limit is {}", .given.as_secs_f64(), .limit.as_secs())]
    ClockSkewTooLong {
        /// The value that was given.
        given: Duration,
        /// The limit: [`PeerVerifier::MAX_CLOCK_SKEW`](crate::PeerVerifier::MAX_CLOCK_SKEW).
        limit: Duration,
    },
    /// Common names as DNS names are combined with server certificates for clients.
    #[error(
        "`danger_allow_server_auth_for_clients` and `danger_allow_common_name_as_dns` cannot be \
         combined"
    )]
    CommonNameWithServerAuth,
    /// No protocol version was given.
    #[error("the list is empty")]
    EmptyVersions,
    /// The name is too long, or has other characters than `[A-Za-z0-9_.-]`.
    #[error("it has {length} bytes, of at most {limit}, or other characters than `[A-Za-z0-9_.-]`")]
    InvalidName {
        /// The length of the name in bytes.
        length: usize,
        /// The most bytes of a name.
        limit: usize,
    },
    /// The key cannot sign a handshake of TLS 1.2, and TLS 1.3 is left out.
    #[error("a key of the type {key} signs in TLS 1.3 only")]
    KeyNeedsTls13 {
        /// The type of our private key.
        key: KeyType,
    },
    /// `max_leaf_lifetime` is shorter than a second.
    #[error("`max_leaf_lifetime` is shorter than a second")]
    LeafLifetimeTooShort,
    /// The longest age of resumed sessions is above its limit.
    #[error("`max_age` is {} seconds, the limit is {}", .max_age.as_secs_f64(), .limit.as_secs())]
    MaxAgeTooLong {
        /// The value that was given.
        max_age: Duration,
        /// The limit: [`Resumption::MAX_AGE`](crate::connection::Resumption::MAX_AGE).
        limit: Duration,
    },
    /// The crypto provider knows no scheme of the signing key.
    #[error("the crypto provider knows no scheme of the signing key ({key})")]
    NoKnownScheme {
        /// The type of the key.
        key: KeyType,
    },
    /// The signing key has no scheme for TLS 1.2.
    #[error("the signing key ({key}) offers no scheme of TLS 1.2")]
    NoSchemeForTls12 {
        /// The type of the key.
        key: KeyType,
    },
    /// The signing key has no scheme for TLS 1.3.
    #[error("the signing key ({key}) offers no scheme of TLS 1.3")]
    NoSchemeForTls13 {
        /// The type of the key.
        key: KeyType,
    },
    /// There is a setting about a source, but no source.
    #[error("there is no source that could be lost")]
    NoSource,
    /// `build` waits for a source, but there is none.
    #[error("there is no source to wait for")]
    NothingToWaitFor,
    /// There is a shadow policy, but no observer.
    #[error("there is no observer")]
    NoObserver,
    /// `OnSourceLost::RejectAfter` is not longer than the poll interval.
    #[error(
        "`RejectAfter` is {} s, not longer than `poll_interval`, {} s",
        .reject_after.as_secs_f64(), .poll_interval.as_secs_f64()
    )]
    RejectAfterTooShort {
        /// The time of `RejectAfter`.
        reject_after: Duration,
        /// The poll interval.
        poll_interval: Duration,
    },
    /// The minimum length of RSA keys is out of range.
    #[error("`min_rsa_bits({bits})` is outside {minimum} to {maximum}")]
    RsaBitsOutOfRange {
        /// The value that was given.
        bits: usize,
        /// The smallest accepted value.
        minimum: usize,
        /// The largest accepted value.
        maximum: usize,
    },
    /// A client's policy accepts server certificates for clients.
    #[error("`danger_allow_server_auth_for_clients` is for a server's policy")]
    ServerAuthOnClient,
    /// A branch of the matcher does not name the client exactly.
    #[error(
        "`danger_allow_server_auth_for_clients` needs an exact name on every branch of its matcher"
    )]
    ServerAuthWithoutExactName,
    /// A server's policy was made by `server_spiffe`.
    #[error("`server_spiffe` is for a client's policy")]
    ServerSpiffeOnServer,
    /// A matcher of `server_spiffe` does not require a SPIFFE ID.
    #[error("the matcher of `server_spiffe` does not require a SPIFFE ID")]
    ServerSpiffeWithoutId,
    /// The limit to intermediates is above what paths can have.
    #[error("`max_intermediates({given})` is above the limit of {limit}")]
    TooManyIntermediates {
        /// The value that was given.
        given: usize,
        /// The largest accepted value.
        limit: usize,
    },
    /// A trust anchor is unusable for servers, and the backend does not show where a path ends.
    #[error("{0}")]
    UnusableTrustAnchor(Box<UnusableTrustAnchor>),
    /// Version 1 leaves are combined with the profile of the Web PKI.
    #[error("`danger_allow_x509_v1_leaf` and `CertificateProfile::WebPki` cannot be combined")]
    X509V1LeafWithWebPki,
    /// Version 1 leaves are combined with revocation.
    #[error("`danger_allow_x509_v1_leaf` and `revocation` cannot be combined")]
    X509V1LeafWithRevocation,
    /// The handshake timeout is zero.
    #[error("the time is zero")]
    ZeroHandshakeTimeout,
    /// The longest age of resumed sessions is zero.
    #[error("`max_age` is zero")]
    ZeroMaxAge,
    /// The poll interval is zero.
    #[error("the time is zero")]
    ZeroPollInterval,
}

impl SettingProblem {
    /// Returns how to fix it.
    pub fn hint(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::AlpnNameLength { .. } => "give names of 1 to 255 bytes (RFC 7301, section 3.1)",
            Self::ClockPanicked => {
                "correct the function given to `.clock(..)` (its panic message stands where this \
                 process writes its panics), and rotate again"
            }
            Self::ClockSkewTooLong { .. } => {
                "give at most `PeerVerifier::MAX_CLOCK_SKEW` (10 minutes), and set clocks that \
                 differ by more"
            }
            Self::CommonNameWithServerAuth => {
                "leave one of the two out: a common name is free text, and a public CA's \
                 certificate would be accepted by it"
            }
            Self::EmptyVersions => {
                "name at least one `ProtocolVersion`, or leave `.protocol_versions(..)` out for \
                 TLS 1.2 and 1.3"
            }
            Self::InvalidName { .. } => {
                "give a short name of ASCII letters, digits, `_`, `.` and `-`, such as `orders-db`"
            }
            Self::KeyNeedsTls13 { .. } => {
                "allow TLS 1.3 as well, or give an identity with an ECDSA, RSA or Ed25519 key"
            }
            Self::LeafLifetimeTooShort => {
                "give a longer `max_leaf_lifetime`: no leaf is valid for less than a second"
            }
            Self::MaxAgeTooLong { .. } => {
                "give at most `Resumption::MAX_AGE` (24 hours): no session is kept longer"
            }
            Self::NoKnownScheme { .. } => {
                "let `SigningKey::schemes` return a scheme that the provider supports, or give \
                 another provider by `Rustls::with_provider`"
            }
            Self::NoSchemeForTls12 { .. } => "allow TLS 1.3 as well",
            Self::NoSchemeForTls13 { .. } => {
                "let the key sign by RSA-PSS, or allow TLS 1.2 only: TLS 1.3 has no RSA PKCS#1 v1.5"
            }
            Self::NoSource => "call `.source(..)`, or leave `.on_source_lost(..)` out",
            Self::NothingToWaitFor => "call `.source(..)`, or leave `.wait_for_first(..)` out",
            Self::NoObserver => {
                "call `.observer(..)`: a shadow policy is evaluated for the observer only"
            }
            Self::RejectAfterTooShort { .. } => {
                "give `RejectAfter` a time longer than `poll_interval`: otherwise every pause \
                 between two polls would count as a loss"
            }
            Self::RsaBitsOutOfRange {
                minimum, maximum, ..
            } => return format!("give `min_rsa_bits` a value of {minimum} to {maximum}").into(),
            Self::ServerAuthOnClient => "leave it out on a client",
            Self::ServerAuthWithoutExactName => {
                "require `dns`, `uri`, `spiffe_id`, `ip`, `email`, `spki_sha256` or \
                 `certificate_sha256`, exact, on every branch of the matcher: by anything wider, \
                 every server of a public CA would be accepted as a client"
            }
            Self::ServerSpiffeOnServer => "write `VerifierPolicy::allow` on a server",
            Self::ServerSpiffeWithoutId => {
                "require `spiffe_id`, `spiffe_path_prefix`, `trust_domain` or `custom` on every \
                 branch of the matcher: `server_spiffe` replaces the check of the server's name, \
                 and anything else would accept every peer of the anchors as every server"
            }
            Self::TooManyIntermediates { limit, .. } => {
                return format!(
                    "give `max_intermediates` at most {limit}: longer paths are never followed"
                )
                .into();
            }
            Self::UnusableTrustAnchor(anchor) => {
                return format!(
                    "{}; this backend does not show in which anchor a path ends, so each must be \
                     usable",
                    anchor.hint()
                )
                .into();
            }
            Self::X509V1LeafWithWebPki => {
                "leave one of the two out: the Web PKI has no version 1 certificates"
            }
            Self::X509V1LeafWithRevocation => {
                "reissue such leaves as version 3, or leave revocation out: a version 1 leaf is \
                 verified outside path validation, which verifies revocation"
            }
            Self::ZeroHandshakeTimeout => {
                "give `.handshake_timeout(..)` a time above zero: every handshake takes some"
            }
            Self::ZeroMaxAge => {
                "give `max_age` a time above zero, or leave `.resumption(..)` out: then no session \
                 is resumed"
            }
            Self::ZeroPollInterval => "give `.poll_interval(..)` a time above zero",
        })
    }
}
