use core::fmt;

use crate::error::BackendKind;
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

/// A function that a TLS library supports fully, within limits, or not at all.
///
/// Building a client or server rejects what the library does not support; it never leaves it out
/// silently.
///
/// ```
/// use mtls::backend::{BackendKind, Capability, Support};
/// assert_eq!(Capability::Server.on(BackendKind::Rustls), Support::Full);
/// assert!(matches!(Capability::Server.on(BackendKind::NativeTls), Support::None(_)));
/// ```
///
#[doc = include_str!("capabilities.md")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// A client that presents its certificate.
    Client,
    /// A server that requests a certificate from its clients.
    Server,
    /// Verifying a server by every certificate that it presented.
    ServerChain,
    /// Verifying a client by every certificate that it presented.
    ClientChain,
    /// Rejecting the peer within the handshake, with an alert that names the reason.
    VerifiedInHandshake,
    /// The opt-ins for X.509 v1 leaves and for common names as host names.
    DangerOptIns,
    /// Matchers for the keys and anchors above the leaf.
    PathMatchers,
    /// Revocation rules and lists.
    Revocation,
    /// Policies that require more of the chain above the leaf than the default policy.
    ///
    /// Examples are another profile, fewer intermediates and longer RSA keys.
    ChainRules,
    /// Separate trust anchors for each SPIFFE trust domain.
    TrustBundles,
    /// A client policy that identifies servers by SPIFFE ID.
    SpiffeServers,
    /// Identities with an external key: a [`SigningKey`](crate::material::SigningKey).
    ExternalKeys,
    /// Verifying by the clock that was given.
    Clock,
    /// Tolerance for what begins a little later by our clock.
    ClockSkew,
    /// Resuming sessions with peers that are verified again:
    /// [`Resumption`](crate::connection::Resumption).
    Resumption,
    /// Reporting the negotiated TLS version.
    ProtocolVersion,
    /// Reporting the negotiated cipher suite.
    CipherSuite,
    /// Reporting the group of the key exchange.
    KeyExchangeGroup,
    /// Reporting the scheme of the peer's handshake signature.
    SignatureScheme,
    /// ECDSA with SHA-512, and keys on P-521.
    P521,
    /// ML-DSA keys and signatures: leaves, CAs, our own key, handshakes.
    MlDsa,
    /// The hybrid key exchange X25519MLKEM768, preferred to others in TLS 1.3.
    MlKem,
    /// Reporting whether the configuration is in FIPS mode.
    Fips,
    /// Explaining a rejection by the peer with more than its alert.
    ///
    /// The explanation uses our own certificates and what the server requested.
    RejectionExplained,
    /// Exporting keying material: RFC 8446, section 7.5.
    KeyingMaterial,
    /// The library's own configuration, with our complete verification, for use elsewhere.
    NativeConfig,
}

/// The degree to which a backend supports a [`Capability`].
///
/// ```
/// use mtls::backend::{BackendKind, Capability, Support};
///
/// for capability in Capability::ALL {
///     match capability.on(BackendKind::NativeTls) {
///         Support::Full => println!("{capability}"),
///         Support::Limited(limit) => println!("{capability}, within a limit: {limit}"),
///         Support::None(reason) => println!("no {capability}: {reason}"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Support {
    /// Supported without limits.
    Full,
    /// Supported within the named limit: stricter than elsewhere, or with less reported.
    ///
    /// One limit alone is looser: native-tls' platform authenticates what is above the leaf by its
    /// own rules.
    Limited(&'static str),
    /// Not supported: its use does not compile, or is a [`BuildError`](crate::BuildError).
    None(&'static str),
}

impl Capability {
    /// All of them, in the order of the [table](Self).
    pub const ALL: [Self; 26] = [
        Self::Client,
        Self::Server,
        Self::ServerChain,
        Self::ClientChain,
        Self::VerifiedInHandshake,
        Self::DangerOptIns,
        Self::PathMatchers,
        Self::Revocation,
        Self::ChainRules,
        Self::TrustBundles,
        Self::SpiffeServers,
        Self::ExternalKeys,
        Self::Clock,
        Self::ClockSkew,
        Self::Resumption,
        Self::ProtocolVersion,
        Self::CipherSuite,
        Self::KeyExchangeGroup,
        Self::SignatureScheme,
        Self::P521,
        Self::MlDsa,
        Self::MlKem,
        Self::Fips,
        Self::RejectionExplained,
        Self::KeyingMaterial,
        Self::NativeConfig,
    ];

    /// Returns the backend's level of support for this capability.
    pub fn on(self, backend: BackendKind) -> Support {
        (backend.capabilities().support)(self)
    }
}

/// What is known of a backend without its cargo feature.
pub(super) struct Capabilities {
    pub(super) support: fn(Capability) -> Support,
    /// The alert that the library sends for the error of a reason.
    pub(super) alert_for: fn(RejectionReason) -> Option<Alert>,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::ServerChain => "server verified by all it presented",
            Self::ClientChain => "client verified by all it presented",
            Self::VerifiedInHandshake => "rejected within the handshake, with an alert",
            Self::DangerOptIns => "opt-ins for X.509 v1 leaves and common names",
            Self::PathMatchers => "matchers over issuers' keys and trust anchors",
            Self::Revocation => "revocation lists",
            Self::ChainRules => "rules about the chain above the leaf",
            Self::TrustBundles => "trust anchors for each trust domain",
            Self::SpiffeServers => "servers known by SPIFFE ID",
            Self::ExternalKeys => "private keys that stay in an HSM, TPM or KMS",
            Self::Clock => "verified by the given clock",
            Self::ClockSkew => "tolerance for clocks that are ahead",
            Self::Resumption => "sessions resumed, the peer verified again",
            Self::ProtocolVersion => "negotiated version shown",
            Self::CipherSuite => "negotiated cipher suite shown",
            Self::KeyExchangeGroup => "group of the key exchange shown",
            Self::SignatureScheme => "peer's signature scheme shown",
            Self::P521 => "ECDSA with SHA-512, and on P-521",
            Self::MlDsa => "ML-DSA certificates and keys",
            Self::MlKem => "X25519MLKEM768 preferred",
            Self::Fips => "FIPS mode shown",
            Self::RejectionExplained => "why a peer rejected us",
            Self::KeyingMaterial => "keying material exported",
            Self::NativeConfig => "native configuration, complete",
        })
    }
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("yes"),
            Self::Limited(limit) => write!(f, "limited: {limit}"),
            Self::None(why) => write!(f, "no: {why}"),
        }
    }
}
