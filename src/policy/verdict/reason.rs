use crate::error::unknown_name::stable_names;

/// The reason for a [`Rejection`](crate::Rejection), the same on every backend.
///
/// ```
/// use mtls::RejectionReason;
///
/// assert_eq!(RejectionReason::UnknownIssuer.as_str(), "unknown_issuer");
/// assert_eq!("unknown_issuer".parse(), Ok(RejectionReason::UnknownIssuer));
///
/// fn advice(reason: RejectionReason) -> &'static str {
///     match reason {
///         RejectionReason::Expired | RejectionReason::NotYetValid => "check the clocks",
///         RejectionReason::NotAuthorized => "a valid peer that the policy does not name",
///         _ => "see the hint",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionReason {
    /// The trust anchor at the end of the path is outside its validity (RFC 5280, section 6.1.3).
    AnchorExpired,
    /// The leaf is a CA's certificate (RFC 5280, section 4.2.1.9).
    LeafIsCa,
    /// A certificate of the path is past its `notAfter` (RFC 5280, section 4.1.2.5).
    Expired,
    /// A serial number is not positive, or has more than 20 octets (RFC 5280, section 4.1.2.2).
    InvalidSerialNumber,
    /// A certificate that signed another is not a CA's (RFC 5280, section 4.2.1.9).
    IssuerNotCa,
    /// The leaf's lifetime is longer than the policy allows.
    LifetimeTooLong,
    /// A presented certificate cannot be read, or contradicts itself (RFC 5280, section 4.1).
    MalformedCertificate,
    /// A name in the leaf is not well formed (RFC 5280, section 4.2.1.6).
    MalformedName,
    /// A certificate has an extension that it must not have (RFC 5280, section 4.2.1.10).
    ForbiddenExtension,
    /// A certificate lacks its issuer's key identifier, or a CA's its own (RFC 5280, sections
    /// 4.2.1.1 and 4.2.1.2).
    MissingKeyIdentifier,
    /// A name lies outside the name constraints of a CA above it (RFC 5280, section 4.2.1.10).
    NameConstraintViolated,
    /// The server's certificate is for another name (RFC 9525, section 6).
    NameMismatch,
    /// The peer presented no certificate.
    NoCertificate,
    /// The peer is authenticated, but the policy does not accept it.
    NotAuthorized,
    /// The policy requires a SPIFFE ID, and the certificate is not an X.509-SVID (SPIFFE
    /// X.509-SVID, sections 2 to 5).
    InvalidSvid,
    /// A certificate of the path is before its `notBefore` (RFC 5280, section 4.1.2.5).
    NotYetValid,
    /// We accept no connections: our own certificate has expired, or the source of our material has
    /// withdrawn it or is lost.
    ///
    /// Each applies only where the configuration says to reject then, which is the default for what
    /// was withdrawn.
    NotServing,
    /// A CA's path length constraint is exceeded (RFC 5280, section 4.2.1.9).
    PathLengthExceeded,
    /// The chain is longer, or has more alternatives, than the verifier follows.
    PathTooLong,
    /// A custom matcher, or the clock, panicked.
    VerifierPanicked,
    /// The lists that could prove a certificate good are not current (RFC 5280, section 6.3.3).
    RevocationListStale,
    /// No list proves the status of a certificate of the path (RFC 5280, section 6.3.3).
    RevocationStatusUnknown,
    /// A certificate of the path is on its issuer's revocation list (RFC 5280, section 5.3).
    Revoked,
    /// The key of the leaf or of an issuer has an unsupported kind or size.
    UnsupportedKey,
    /// A critical extension is unknown (RFC 5280, section 4.2).
    UnhandledCriticalExtension,
    /// No path leads to a trust anchor: the CA is another one, or an intermediate is missing.
    UnknownIssuer,
    /// No anchors are configured for the trust domain of the peer's SPIFFE ID (SPIFFE Trust Domain
    /// and Bundle, section 4).
    UnknownTrustDomain,
    /// A certificate's signature uses an unsupported algorithm.
    UnsupportedSignatureAlgorithm,
    /// The certificate's version is older than X.509 v3 (RFC 5280, section 4.1.2.1).
    UnsupportedVersion,
    /// An extension is critical where it must not be, or the reverse (RFC 5280, section 4.2).
    WrongCriticality,
    /// The extended key usage does not allow this side of a connection (RFC 5280, section
    /// 4.2.1.12).
    WrongExtendedKeyUsage,
    /// The leaf's key may not sign handshakes, or may sign certificates (RFC 5280, section
    /// 4.2.1.3).
    WrongKeyUsage,
}

stable_names!(RejectionReason, "rejection reason", {
    AnchorExpired => "anchor_expired",
    LeafIsCa => "leaf_is_ca",
    Expired => "expired",
    InvalidSerialNumber => "invalid_serial_number",
    IssuerNotCa => "issuer_not_ca",
    LifetimeTooLong => "lifetime_too_long",
    MalformedCertificate => "malformed_certificate",
    MalformedName => "malformed_name",
    ForbiddenExtension => "forbidden_extension",
    MissingKeyIdentifier => "missing_key_identifier",
    NameConstraintViolated => "name_constraint_violated",
    NameMismatch => "name_mismatch",
    NoCertificate => "no_certificate",
    NotAuthorized => "not_authorized",
    InvalidSvid => "invalid_svid",
    NotYetValid => "not_yet_valid",
    NotServing => "not_serving",
    PathLengthExceeded => "path_length_exceeded",
    PathTooLong => "path_too_long",
    VerifierPanicked => "verifier_panicked",
    RevocationListStale => "revocation_list_stale",
    RevocationStatusUnknown => "revocation_status_unknown",
    Revoked => "revoked",
    UnsupportedKey => "unsupported_key",
    UnhandledCriticalExtension => "unhandled_critical_extension",
    UnknownIssuer => "unknown_issuer",
    UnknownTrustDomain => "unknown_trust_domain",
    UnsupportedSignatureAlgorithm => "unsupported_signature_algorithm",
    UnsupportedVersion => "unsupported_version",
    WrongCriticality => "wrong_criticality",
    WrongExtendedKeyUsage => "wrong_extended_key_usage",
    WrongKeyUsage => "wrong_key_usage",
});

impl RejectionReason {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::AnchorExpired => "the trust anchor is outside its validity",
            Self::LeafIsCa => "the peer presented a CA's certificate as its own",
            Self::Expired => "a certificate has expired",
            Self::InvalidSerialNumber => "a certificate's serial number is not allowed",
            Self::IssuerNotCa => "the issuer's certificate is not a CA certificate",
            Self::LifetimeTooLong => "the certificate is valid for too long",
            Self::MalformedCertificate => "a certificate is malformed",
            Self::MalformedName => "a name in the certificate is not accepted",
            Self::ForbiddenExtension => "a certificate has an extension that it must not have",
            Self::MissingKeyIdentifier => "a certificate lacks a key identifier",
            Self::NameConstraintViolated => "a name lies outside its CA's name constraints",
            Self::NameMismatch => "the certificate is for another name",
            Self::NoCertificate => "the peer presented no certificate",
            Self::NotAuthorized => "the policy does not accept this peer",
            Self::InvalidSvid => "the certificate is not an X.509-SVID",
            Self::NotYetValid => "a certificate is not valid yet",
            Self::NotServing => "this side currently accepts no peer",
            Self::PathLengthExceeded => "a CA's path length constraint is exceeded",
            Self::PathTooLong => "the chain is longer than the verifier follows",
            Self::VerifierPanicked => "the policy panicked",
            Self::RevocationListStale => "the revocation lists for a certificate are not current",
            Self::RevocationStatusUnknown => "no revocation list shows the status of a certificate",
            Self::Revoked => "a certificate was revoked",
            Self::UnsupportedKey => "a certificate's key is not supported",
            Self::UnhandledCriticalExtension => {
                "a certificate carries an unknown critical extension"
            }
            Self::UnknownTrustDomain => "the peer's trust domain is not known",
            Self::UnknownIssuer => "no path leads to a trust anchor",
            Self::UnsupportedSignatureAlgorithm => {
                "a certificate is signed with an unsupported algorithm"
            }
            Self::UnsupportedVersion => "the certificate is not of X.509 version 3",
            Self::WrongCriticality => "an extension's criticality is wrong",
            Self::WrongKeyUsage => "the certificate's key usage does not allow this side",
            Self::WrongExtendedKeyUsage => {
                "the certificate's extended key usage does not allow this side"
            }
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::AnchorExpired => "replace the expired CA certificate among the trust anchors",
            Self::LeafIsCa => {
                "present a leaf in its place: if this is meant to be one, reissue it with basicConstraints CA:FALSE (`openssl \
                 req -x509` makes CAs by default); if it is the CA, issue a leaf with it, and give this \
                 certificate to the other end as trust anchor"
            }
            Self::Expired => {
                "renew the certificate; when it looks valid, compare the clocks of both ends"
            }
            Self::InvalidSerialNumber => {
                "reissue the certificate with a serial number of 1 to 20 octets, preferably a random one; or allow it by \
                 the profile `interoperable` (in code: `CertificateProfile::Interoperable`)"
            }
            Self::IssuerNotCa => {
                "reissue the intermediate with basicConstraints CA:TRUE and keyUsage keyCertSign"
            }
            Self::LifetimeTooLong => {
                "have the CA issue leaves for a shorter time, or raise `max_leaf_lifetime`"
            }
            Self::MalformedCertificate => {
                "look at it with `openssl x509 -text`, and reissue it: it breaks RFC 5280"
            }
            Self::MalformedName => {
                "reissue the certificate with well-formed subject alternative names"
            }
            Self::ForbiddenExtension => "reissue the certificate without the extension",
            Self::MissingKeyIdentifier => {
                "reissue it with `subjectKeyIdentifier = hash` (a CA) and `authorityKeyIdentifier = keyid` (all but a \
                 self-signed root); or allow it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)"
            }
            Self::NameConstraintViolated => {
                "issue the leaf under a CA whose name constraints permit its names; constraints on e-mail, URI and \
                 directory names are not supported and reject every leaf"
            }
            Self::NameMismatch => {
                "connect by a name that the certificate lists, or reissue it with a subject alternative name for this one"
            }
            Self::NoCertificate => {
                "configure the client with a certificate and key; some clients silently send none if theirs does not fit the \
                 server's list of CA names or signature schemes"
            }
            Self::NotAuthorized => {
                "give the peer a certificate with a name that the policy's matcher matches, or, if the peer is right, let the \
                 matcher match one of its names: `mtls explain` with its chain shows which part of it does not (in code: \
                 `PeerVerifier::explain_client`, `explain_server`)"
            }
            Self::InvalidSvid => {
                "issue the peer a certificate with one URI name, spiffe://TRUST-DOMAIN/PATH, and without keyUsage cRLSign"
            }
            Self::NotYetValid => {
                "compare the clocks of both ends; the certificate's notBefore lies in the future"
            }
            Self::NotServing => {
                "the cause is on this side: renew our own certificate, or repair the source of our material; the status shows more (in code: `status()`)"
            }
            Self::PathLengthExceeded => {
                "issue the leaf directly under the constrained CA, or reissue that CA with a larger pathlen"
            }
            Self::PathTooLong => {
                "present only the certificates between the leaf and its root; at most 6 intermediates count"
            }
            Self::VerifierPanicked => {
                "fix the custom matcher or the clock, whose panic is in this process's log; until then its peers are rejected"
            }
            Self::RevocationListStale => {
                "give the issuer's newest list; when it looks current, compare the clocks"
            }
            Self::RevocationStatusUnknown => {
                "give a complete, current revocation list that this certificate's issuer signed"
            }
            Self::Revoked => "have a new certificate issued for a new key",
            Self::UnsupportedKey => {
                "reissue the certificate with a key of ECDSA P-256 or P-384, Ed25519 or RSA \
                 (2048 to 8192 bits), which every crypto library has"
            }
            Self::UnhandledCriticalExtension => {
                "reissue the certificate without the extension, or not critical"
            }
            Self::UnknownTrustDomain => {
                "add the trust domain with its bundle to the trust bundles, if it is to be federated (in code: `TrustBundles`)"
            }
            Self::UnknownIssuer => "give the CA that issued the peer's certificate as trust anchor",
            Self::UnsupportedSignatureAlgorithm => {
                "reissue the certificate signed with SHA-256 or SHA-384 by a key of ECDSA P-256 or \
                 P-384, RSA or Ed25519, which every crypto library has"
            }
            Self::UnsupportedVersion => {
                "reissue it with extensions, which makes it version 3: `openssl x509 -req -extfile ..` with a \
                 subjectAltName; or, knowing that any certificate of that CA then serves as client and as server, \
                 allow it by `danger_allow_x509_v1_leaf`"
            }
            Self::WrongCriticality => {
                "reissue the certificate with the extension's criticality as RFC 5280 has it (basicConstraints and \
                 nameConstraints of a CA: critical; key identifiers: not); or allow it by the profile `interoperable` (in code: `CertificateProfile::Interoperable`)"
            }
            Self::WrongKeyUsage => {
                "reissue the leaf with keyUsage digitalSignature (and keyEncipherment for RSA), without keyCertSign"
            }
            Self::WrongExtendedKeyUsage => {
                "reissue the certificate with extendedKeyUsage clientAuth for a client, serverAuth for a server, or both"
            }
        }
    }
}
