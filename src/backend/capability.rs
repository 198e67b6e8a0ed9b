use core::fmt;

use crate::error::BackendKind;

/// Something that a TLS library can do for us, fully, within limits, or not at all.
///
/// What it cannot is refused when a client or server is built, never left out in silence.
///
/// ```
/// use mtls::backend::{BackendKind, Capability, Support};
/// assert_eq!(Capability::Server.on(BackendKind::Rustls), Support::Full);
/// assert!(matches!(Capability::Server.on(BackendKind::NativeTls), Support::None(_)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// Being a client that presents its certificate.
    Client,
    /// Being a server that asks clients for theirs.
    Server,
    /// Judging a server by everything that it presented.
    ServerChain,
    /// Judging a client by everything that it presented.
    ClientChain,
    /// Refusing the peer within the handshake, with an alert that tells why.
    VerifiedInHandshake,
    /// The opt-ins for X.509 v1 leaves and for common names as host names.
    DangerOptIns,
    /// Matchers that ask for the keys and anchors above the leaf.
    PathMatchers,
    /// Revocation rules and lists.
    Revocation,
    /// Policies that ask for more of the chain above the leaf than is asked initially: another
    /// profile, fewer intermediates, longer RSA keys.
    ChainRules,
    /// Trust anchors for each SPIFFE trust domain.
    TrustBundles,
    /// A client's policy that knows servers by SPIFFE ID.
    SpiffeServers,
    /// Identities whose key is elsewhere and signs there: a [`SigningKey`](crate::material::SigningKey).
    ExternalKeys,
    /// Judging by the clock that was given.
    Clock,
    /// Resuming sessions with peers that are judged again: [`Resumption`](crate::connection::Resumption).
    Resumption,
    /// Telling which TLS version was negotiated.
    ProtocolVersion,
    /// Telling which cipher suite was negotiated.
    CipherSuite,
    /// Telling which group the keys were exchanged by.
    KeyExchangeGroup,
    /// Telling by which scheme the peer signed the handshake.
    SignatureScheme,
    /// ECDSA with SHA-512, and keys on P-521.
    P521,
    /// ML-DSA keys and signatures: leaves, CAs, our own key, handshakes.
    MlDsa,
    /// The hybrid key exchange X25519MLKEM768, preferred to others in TLS 1.3.
    MlKem,
    /// Telling whether the configuration is in FIPS mode.
    Fips,
    /// Saying why a peer refused us by more than its alert: by our own certificates and by what the
    /// server asked for.
    RejectionExplained,
    /// The library's own configuration, complete with our judgement, to plug in elsewhere.
    NativeConfig,
}

/// How far a backend has a [`Capability`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// Without limits.
    Full,
    /// With the limit that is named: stricter than elsewhere, or less told. Looser is one alone:
    /// what native-tls' platform proves above the leaf, it proves by its own rules.
    Limited(&'static str),
    /// Not: asking for it does not compile, or is a [`BuildError`](crate::BuildError).
    None(&'static str),
}

impl Capability {
    /// All of them, in the order of the table in the README.
    pub const ALL: [Self; 24] = [
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
        Self::NativeConfig,
    ];

    /// How far a backend has it.
    pub fn on(self, backend: BackendKind) -> Support {
        backend.support(self)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::ServerChain => "server judged by all it presented",
            Self::ClientChain => "client judged by all it presented",
            Self::VerifiedInHandshake => "refused within the handshake, with an alert",
            Self::DangerOptIns => "opt-ins for X.509 v1 leaves and common names",
            Self::PathMatchers => "matchers over issuers' keys and trust anchors",
            Self::Revocation => "revocation lists",
            Self::ChainRules => "rules about the chain above the leaf",
            Self::TrustBundles => "trust anchors for each trust domain",
            Self::SpiffeServers => "servers known by SPIFFE ID",
            Self::ExternalKeys => "private keys that stay in an HSM, TPM or KMS",
            Self::Clock => "judged by the given clock",
            Self::Resumption => "sessions resumed, the peer judged again",
            Self::ProtocolVersion => "negotiated version told",
            Self::CipherSuite => "negotiated cipher suite told",
            Self::KeyExchangeGroup => "group of the key exchange told",
            Self::SignatureScheme => "peer's signature scheme told",
            Self::P521 => "ECDSA with SHA-512, and on P-521",
            Self::MlDsa => "ML-DSA certificates and keys",
            Self::MlKem => "X25519MLKEM768 preferred",
            Self::Fips => "FIPS mode told",
            Self::RejectionExplained => "why a peer refused us",
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
