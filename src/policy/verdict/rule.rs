use core::fmt;

/// One rule of verification: what it requires, its default, what changes it and its source.
///
/// A step of an [`Explanation`](crate::policy::Explanation) names its rule. The variants stand in
/// the order in which they apply to the leaf; the first broken rule decides. The certificates above
/// the leaf are checked on each path that can be built; a path that breaks a rule is skipped for
/// the next. Every rule holds on rustls and on OpenSSL alike; the capability table in the crate's
/// documentation lists what native-tls leaves to the platform.
///
/// Below, "the profile" is the [`CertificateProfile`](crate::policy::CertificateProfile), "the
/// policy" the [`VerifierPolicy`](crate::VerifierPolicy), and "rejected as" introduces the
/// [`RejectionReason`](crate::RejectionReason)s.
///
/// ```
/// use mtls::policy::Rule;
/// assert_eq!(Rule::ExtendedKeyUsage.to_string(), "extended key usage");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The peer presents 1 to 256 certificates, and the leaf can be read as DER.
    ///
    /// Every other one has at least the shape of a certificate. A certificate above the leaf that
    /// contradicts itself (an extension twice, two signature algorithms) is skipped: it cannot
    /// issue anything.
    ///
    /// Fixed. RFC 5280, sections 4.1 and 4.2; RFC 8446, section 4.4.2. Rejected as `NoCertificate`,
    /// `PathTooLong`, `MalformedCertificate`.
    PresentedChain,
    /// The names of the leaf can be read in only one way.
    ///
    /// None contains NUL or another control character; no DNS name or e-mail address reads as
    /// several. An issuer has a name, and so has the subject of a CA.
    ///
    /// A name may be undecodable, or illegal for its kind (RFC 5280, section 4.2.1.6). The profile
    /// `Interoperable` keeps such a name as [unreadable](crate::PeerIdentity::unreadable_names): it
    /// matches nothing, and matchers over its kind stay undecided. An unreadable URI counts as a
    /// URI for SPIFFE. A name is rejected if a CA above it constrains its kind. The other profiles
    /// reject it, and also an empty list of names and underscores in DNS names. Legal names are:
    /// host names, with a wildcard at most as the whole first label; addresses of 4 or 16 octets;
    /// URIs with a scheme; `local@domain`; a well-formed SPIFFE ID where a URI begins like one; in
    /// the subject, text of its string type.
    ///
    /// RFC 5280, sections 4.1.2.4, 4.1.2.6 and 4.2.1.6; RFC 9525, section 6.3; SPIFFE-ID, section
    /// 2. Rejected as `MalformedName`, `NameConstraintViolated`.
    Names,
    /// The leaf is an X.509-SVID, where the trust or the policy requires one.
    ///
    /// This applies if [`TrustBundles`](crate::TrustBundles) replace trust anchors, or the policy
    /// is [`server_spiffe`](crate::VerifierPolicy::server_spiffe), for which the step
    /// [`ServerName`](Self::ServerName) reports it. The leaf then has one URI name, which is a
    /// SPIFFE ID, is not a CA's, and its key may sign neither certificates nor revocation lists.
    /// Only the bundle of its trust domain counts. Elsewhere this is not required, but a leaf that
    /// is not an X.509-SVID has no SPIFFE ID for a matcher to match.
    ///
    /// SPIFFE X.509-SVID, sections 2 to 5; SPIFFE Trust Domain and Bundle, section 4. Rejected as
    /// `InvalidSvid`, `UnknownTrustDomain`.
    SpiffeSvid,
    /// The leaf is of X.509 version 3.
    ///
    /// [`danger_allow_x509_v1_leaf`](crate::VerifierPolicy::danger_allow_x509_v1_leaf) accepts a
    /// version 1 leaf that a trust anchor signed directly.
    ///
    /// RFC 5280, section 4.1.2.1. Rejected as `UnsupportedVersion`.
    Version,
    /// The time lies within the validity of the leaf, every intermediate and the trust anchor.
    ///
    /// `notBefore` and `notAfter` are both included, to the second. Dates before 2050 are written
    /// as `UTCTime`, unless the profile is `Interoperable`.
    ///
    /// The caller, or the builder's `clock`, provides the time. RFC 5280, sections 4.1.2.5 and
    /// 6.1.3 (a)(2). Rejected as `Expired`, `NotYetValid`, `AnchorExpired`, `MalformedCertificate`.
    Validity,
    /// Serial numbers are positive and have at most 20 octets.
    ///
    /// Not checked in the profile `Interoperable`, nor for trust anchors.
    ///
    /// RFC 5280, section 4.1.2.2. Rejected as `InvalidSerialNumber`.
    SerialNumber,
    /// No critical extension of the leaf or of an intermediate is unknown.
    ///
    /// The known ones are basicConstraints, cRLDistributionPoints, extendedKeyUsage, keyUsage,
    /// nameConstraints and subjectAltName. (So a certificate with a critical policyConstraints or
    /// inhibitAnyPolicy is rejected: policies are not processed.) Name constraints of a CA can be
    /// read and are not empty.
    ///
    /// The profile defines which extensions are critical, and what else they hold: see the table of
    /// [`CertificateProfile`](crate::policy::CertificateProfile). `Interoperable` requires no more
    /// than the above, and of an anchor only that its name constraints can be read.
    ///
    /// RFC 5280, sections 4.2, 4.1.2.6, 6.1.1 and those of each extension. Rejected as
    /// `UnhandledCriticalExtension`, `ForbiddenExtension`, `WrongCriticality`,
    /// `MalformedCertificate`.
    Extensions,
    /// The authority key identifier of a certificate matches its issuer, where both are present.
    ///
    /// A CA's certificate has a subject key identifier. A certificate that has one also has an
    /// authority key identifier with a key identifier in it, except self-signed anchors. Not
    /// checked in the profile `Interoperable`: the signature already proves the key.
    ///
    /// An OpenSSL server skips an intermediate that does not match, and so rejects a chain that is
    /// accepted elsewhere. RFC 5280, sections 4.2.1.1 and 4.2.1.2. Rejected as
    /// `MissingKeyIdentifier`; one that does not match is not an issuer: `UnknownIssuer`.
    KeyIdentifiers,
    /// The leaf is not a CA's certificate; an issuer is one.
    ///
    /// Fixed. RFC 5280, section 4.2.1.9. (RFC 5280 allows a CA's certificate as a leaf. But a CA
    /// can issue any number of others; a peer should not hold its key.) Rejected as `LeafIsCa`,
    /// `IssuerNotCa`.
    BasicConstraints,
    /// Every key of the path, the anchor's included, has a supported kind and size.
    ///
    /// These are ECDSA P-256, P-384 or P-521 on a named curve, ML-DSA, Ed25519, and RSA of 2048 to
    /// 8192 bits without the restriction to RSASSA-PSS. The crypto library must have the algorithm
    /// ([`SignatureAlgorithms`](crate::policy::SignatureAlgorithms)).
    /// [`min_rsa_bits`](crate::VerifierPolicy::min_rsa_bits) raises the lower limit. In the profile
    /// `WebPki` RSA sizes are whole bytes.
    ///
    /// A key must be well formed: its algorithm has the parameters of its specification (RSA: NULL;
    /// Ed25519, ML-DSA: none), its point is on the curve, an RSA modulus is odd, and an RSA public
    /// exponent is an odd number from 3 to 2^33 - 1.
    ///
    /// NIST SP 800-57 part 1, section 5.6; CA/Browser Forum, section 6.1.5; RFC 3279, section 2.3;
    /// RFC 8410, section 3; RFC 9881, section 2. Rejected as `UnsupportedKey`; if no anchor has an
    /// acceptable key, the build returns an error.
    PublicKey,
    /// The leaf's key usage, where present, contains digitalSignature.
    ///
    /// Unless the profile is `Interoperable`, it does not contain keyCertSign. An intermediate's
    /// key usage contains keyCertSign. An anchor that may not sign certificates is unusable.
    ///
    /// RFC 5280, sections 4.2.1.3 and 4.2.1.9; RFC 8446, section 4.4.2.2. Rejected as
    /// `WrongKeyUsage`; an intermediate that may not sign is not an issuer: `UnknownIssuer`.
    KeyUsage,
    /// The leaf's extended key usage, where present, names clientAuth or serverAuth.
    ///
    /// A client needs clientAuth, a server serverAuth; `anyExtendedKeyUsage` alone is not enough.
    /// The same holds for the intermediates, and for the anchor, where `any` is enough. In the
    /// profile `WebPki` the leaf must have an extended key usage, without `any`: see
    /// [`WebPki`](Self::WebPki). With
    /// [`danger_allow_server_auth_for_clients`](crate::VerifierPolicy::danger_allow_server_auth_for_clients)
    /// a client may have serverAuth, along its whole path.
    ///
    /// A leaf without an extended key usage may be used for anything; many private CAs issue such
    /// leaves. Use separate CAs for clients and servers, or require names in the matcher. RFC 5280,
    /// section 4.2.1.12. Rejected as `WrongExtendedKeyUsage`.
    ExtendedKeyUsage,
    /// In the profile `WebPki` only: names and purposes follow the baseline requirements.
    ///
    /// The alternative names are present and include the common name; they are not critical beside
    /// a subject. The leaf has an extended key usage, which is not critical and has no
    /// `anyExtendedKeyUsage`.
    ///
    /// CA/Browser Forum baseline requirements, section 7.1. Rejected as `MalformedName`,
    /// `WrongCriticality`, `WrongExtendedKeyUsage`, `MalformedCertificate`.
    WebPki,
    /// The leaf's lifetime does not exceed the policy's limit.
    ///
    /// [`max_leaf_lifetime`](crate::VerifierPolicy::max_leaf_lifetime) sets the limit, from
    /// `notBefore` to `notAfter`. Unlimited by default.
    ///
    /// Rejected as `LifetimeTooLong`.
    LeafLifetime,
    /// A chain of signatures leads from the leaf to a trust anchor.
    ///
    /// It passes through presented certificates, which may be in any order. Names match byte for
    /// byte. The path has at most 6 intermediates, or fewer by
    /// [`max_intermediates`](crate::VerifierPolicy::max_intermediates), and no more than each CA's
    /// path length allows. Signatures use the
    /// [`SignatureAlgorithms`](crate::policy::SignatureAlgorithms), never SHA-1. Name constraints
    /// apply to DNS names and addresses. A CA that constrains e-mail addresses, URIs or directory
    /// names rejects every leaf that has such a name, or, for directory names, may have one.
    ///
    /// Of several paths the first that satisfies every rule except the matcher counts; several
    /// anchors with one name and key are each tried separately. A chain is rejected if the issuers'
    /// names lead to more than 32 certificates, or to too many paths through them.
    ///
    /// rustls-webpki builds the path, on every backend. RFC 5280, sections 6.1, 4.2.1.9 and
    /// 4.2.1.10. Rejected as `UnknownIssuer`, `UnsupportedSignatureAlgorithm`, `PathTooLong`,
    /// `PathLengthExceeded`, `NameConstraintViolated`.
    Path,
    /// The anchor of a path satisfies the rules of an issuer.
    ///
    /// These are validity, path length, purposes, extensions and key identifiers. Its signature is
    /// never verified, and it need not be self-signed. An anchor that is not a CA's certificate
    /// makes the build return an error; any other defect of an anchor rejects only the paths that
    /// lead to it. In the profile `WebPki` it has no extended key usage, and an authority key
    /// identifier only if it is its own.
    ///
    /// RFC 5280, section 6.1.1 (d), leaves this to the implementation. Rejected as `AnchorExpired`
    /// and the reasons of those rules.
    TrustAnchor,
    /// The checked certificates are known not to be revoked.
    ///
    /// Not checked by default. [`RevocationRules`](crate::RevocationRules) select the leaf, or
    /// every certificate below the anchor.
    ///
    /// RFC 5280, section 6.3. Rejected as `Revoked`, `RevocationStatusUnknown`,
    /// `RevocationListStale`.
    Revocation,
    /// A server's certificate lists the name or address that the client connects to.
    ///
    /// A wildcard stands for one whole label. The common name does not count, unless
    /// [`danger_allow_common_name_as_dns`](crate::VerifierPolicy::danger_allow_common_name_as_dns)
    /// is set. Only [`server_spiffe`](crate::VerifierPolicy::server_spiffe) replaces the name, by a
    /// SPIFFE ID.
    ///
    /// RFC 9525, section 6. Rejected as `NameMismatch`.
    ServerName,
    /// The policy's [`PeerMatcher`](crate::PeerMatcher) matches.
    ///
    /// A server requires a matcher. A client's default accepts every server with the right name.
    ///
    /// Rejected as `NotAuthorized`.
    Matcher,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PresentedChain => "presented certificates",
            Self::Names => "names",
            Self::SpiffeSvid => "SPIFFE X.509-SVID",
            Self::Version => "version",
            Self::Validity => "validity",
            Self::SerialNumber => "serial number",
            Self::Extensions => "extensions",
            Self::KeyIdentifiers => "key identifiers",
            Self::BasicConstraints => "basic constraints",
            Self::PublicKey => "public key",
            Self::KeyUsage => "key usage",
            Self::ExtendedKeyUsage => "extended key usage",
            Self::WebPki => "CA/Browser Forum profile",
            Self::LeafLifetime => "leaf lifetime",
            Self::Path => "path",
            Self::TrustAnchor => "trust anchor",
            Self::Revocation => "revocation",
            Self::ServerName => "server name",
            Self::Matcher => "matcher",
        })
    }
}
