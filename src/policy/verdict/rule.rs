use core::fmt;

/// A rule of the judgement: what is asked, what it asks initially, what changes that, and where it
/// comes from.
///
/// A step of an [`Explanation`](crate::policy::Explanation) names its rule. The rules stand here in the
/// order in which the leaf is asked; the first that is broken decides. The certificates above it
/// are asked for each path that can be built, and a path that breaks a rule is left for the next.
/// Each holds on rustls and on OpenSSL alike; the capability table in the crate's documentation
/// says what native-tls leaves to the platform.
///
/// [`CertificateProfile`](crate::policy::CertificateProfile) is called the profile below,
/// [`VerifierPolicy`](crate::VerifierPolicy) the policy, and a
/// [`RejectionReason`](crate::RejectionReason) stands after "refused as".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// There are 1 to 256 certificates, the leaf can be read as DER, and so has everything else at
    /// least the shape of a certificate. Another certificate that contradicts itself (an extension
    /// twice, two signature algorithms) is passed over: it can issue nothing.
    ///
    /// Fixed. RFC 5280, sections 4.1 and 4.2; RFC 8446, section 4.4.2. Refused as `NoCertificate`,
    /// `PathTooLong`, `MalformedCertificate`.
    PresentedChain,
    /// The names of the leaf can be read in one way only: none holds NUL or another control
    /// character, no DNS name or e-mail address reads as several. An issuer has a name, and so has
    /// the subject of a CA.
    ///
    /// A name that cannot be decoded, or is no legal name of its kind (RFC 5280, section 4.2.1.6),
    /// is kept as [unreadable](crate::PeerIdentity::unreadable_names) in the profile
    /// `Interoperable`: it matches nothing, leaves matchers over its kind undecided, counts as a
    /// URI for SPIFFE where it is one, and is rejected where a CA above limits its kind. In the
    /// other profiles it rejects, as do an empty list of names and underscores in DNS names. Legal
    /// are host names, with a wildcard at most as the whole first label; addresses of 4 or 16
    /// octets; URIs with a scheme; `local@domain`; a SPIFFE ID where one begins like it; in the
    /// subject, text of its string type.
    ///
    /// RFC 5280, sections 4.1.2.4, 4.1.2.6 and 4.2.1.6; RFC 9525, section 6.3; SPIFFE-ID, section
    /// 2. Rejected as `MalformedName`, `NameConstraintViolated`.
    Names,
    /// Where [`TrustBundles`](crate::TrustBundles) are given in place of trust anchors, or the
    /// policy is one of [`server_spiffe`](crate::VerifierPolicy::server_spiffe), the leaf is an
    /// X.509-SVID: it has one URI name, that is a SPIFFE ID, it is no CA's, and its key may sign
    /// neither certificates nor revocation lists. Of the bundles the one of its trust domain
    /// counts, and no other. Elsewhere this is no condition; but a leaf that is no X.509-SVID has
    /// no SPIFFE ID that a matcher could match.
    ///
    /// SPIFFE X.509-SVID, sections 2 to 5; SPIFFE Trust Domain and Bundle, section 4. Refused as
    /// `InvalidSvid`, `UnknownTrustDomain`.
    SpiffeSvid,
    /// The leaf is of X.509 version 3. A version 1 leaf can be let in by
    /// [`danger_allow_x509_v1_leaf`](crate::VerifierPolicy::danger_allow_x509_v1_leaf), when a
    /// trust anchor itself signed it.
    ///
    /// RFC 5280, section 4.1.2.1. Refused as `UnsupportedVersion`.
    Version,
    /// Now lies between `notBefore` and `notAfter`, both included to the second, of the leaf, every
    /// intermediate and the trust anchor. Dates before 2050 are written as `UTCTime`, unless the
    /// profile is `Interoperable`.
    ///
    /// The moment is the caller's, or the builder's `clock`. RFC 5280, sections 4.1.2.5 and 6.1.3
    /// (a)(2). Refused as `Expired`, `NotYetValid`, `AnchorExpired`, `MalformedCertificate`.
    Validity,
    /// Serial numbers are positive, of at most 20 octets, unless the profile is `Interoperable`. An
    /// anchor's is not looked at.
    ///
    /// RFC 5280, section 4.1.2.2. Refused as `InvalidSerialNumber`.
    SerialNumber,
    /// No critical extension of the leaf or of an intermediate is unknown: known are
    /// basicConstraints, cRLDistributionPoints, extendedKeyUsage, keyUsage, nameConstraints and
    /// subjectAltName. (So a certificate with a critical policyConstraints or inhibitAnyPolicy is
    /// rejected: policies are not processed.) Name constraints of a CA can be read and say
    /// something.
    ///
    /// Which extensions are critical, and what else they hold, is the profile's: see the table of
    /// [`CertificateProfile`](crate::policy::CertificateProfile). In `Interoperable` no more than the above
    /// is asked, and of an anchor only that its name constraints can be read.
    ///
    /// RFC 5280, sections 4.2, 4.1.2.6, 6.1.1 and those of each extension. Rejected as
    /// `UnhandledCriticalExtension`, `ForbiddenExtension`, `WrongCriticality`,
    /// `MalformedCertificate`.
    Extensions,
    /// The authority key identifier of a certificate fits its issuer, where both say; a CA's
    /// certificate has a subject key identifier; a certificate that has one has an authority key
    /// identifier with a key identifier in it, but for self-signed anchors. Not asked in the
    /// profile `Interoperable`: the signature tells which key signed.
    ///
    /// An OpenSSL server passes over an intermediate that does not fit, and so rejects what is
    /// accepted elsewhere. RFC 5280, sections 4.2.1.1 and 4.2.1.2. Rejected as
    /// `MissingKeyIdentifier`; one that does not fit is no issuer: `UnknownIssuer`.
    KeyIdentifiers,
    /// The leaf is no CA's certificate; an issuer is one.
    ///
    /// Fixed. RFC 5280, section 4.2.1.9. (RFC 5280 lets a CA's certificate stand as a leaf. That of
    /// a CA can make as many others as it likes; it is not what a peer should hold.) Refused as
    /// `LeafIsCa`, `IssuerNotCa`.
    BasicConstraints,
    /// Every key of the path, the anchor's included, is ECDSA P-256, P-384 or P-521 on a named
    /// curve, ML-DSA, Ed25519, or RSA of 2048 to 8192 bits, without the restriction to RSASSA-PSS,
    /// and of an algorithm that the crypto library has
    /// ([`SignatureAlgorithms`](crate::policy::SignatureAlgorithms)).
    /// [`min_rsa_bits`](crate::VerifierPolicy::min_rsa_bits) raises the lower
    /// limit. In the profile `WebPki` RSA sizes are whole bytes.
    ///
    /// A key is sound: its algorithm has the parameters of its specification (RSA: NULL; Ed25519,
    /// ML-DSA: none), its point is on the curve, the modulus of RSA is odd, and the public exponent
    /// of RSA an odd number from 3 to 2^33 - 1.
    ///
    /// NIST SP 800-57 part 1, section 5.6; CA/Browser Forum, section 6.1.5; RFC 3279, section 2.3;
    /// RFC 8410, section 3; RFC 9881, section 2. Refused as `UnsupportedKey`; anchors of which
    /// none has an acceptable key fail the build.
    PublicKey,
    /// The leaf's key usage, where it has one, holds digitalSignature and, unless the profile is
    /// `Interoperable`, not keyCertSign; that of an intermediate holds keyCertSign. An anchor that
    /// may not sign certificates is unusable.
    ///
    /// RFC 5280, sections 4.2.1.3 and 4.2.1.9; RFC 8446, section 4.4.2.2. Refused as
    /// `WrongKeyUsage`; an intermediate that may not sign is no issuer: `UnknownIssuer`.
    KeyUsage,
    /// The leaf's extended key usage, where it has one, names clientAuth for a client and
    /// serverAuth for a server; `anyExtendedKeyUsage` alone is not enough. The same goes for the
    /// intermediates, and for the anchor, where `any` is enough. In the profile `WebPki` the leaf
    /// has to have one, without `any`. By
    /// [`danger_allow_server_auth_for_clients`](crate::VerifierPolicy::danger_allow_server_auth_for_clients)
    /// a client's may name serverAuth, all along its path.
    ///
    /// A leaf without it may be used for anything, which is what many private CAs issue: keep CAs
    /// for clients and for servers apart, or let the matcher ask for more. RFC 5280, section
    /// 4.2.1.12. Refused as `WrongExtendedKeyUsage`.
    ExtendedKeyUsage,
    /// In the profile `WebPki` alone: a common name is one of the alternative names, those are
    /// there and not critical beside a subject.
    ///
    /// CA/Browser Forum baseline requirements, section 7.1. Refused as `MalformedName`,
    /// `WrongCriticality`, `WrongExtendedKeyUsage`, `MalformedCertificate`.
    WebPki,
    /// The leaf's life, `notBefore` to `notAfter`, is no longer than
    /// [`max_leaf_lifetime`](crate::VerifierPolicy::max_leaf_lifetime) says.
    /// Initially not limited.
    ///
    /// Refused as `LifetimeTooLong`.
    LeafLifetime,
    /// A chain of signatures leads from the leaf through presented certificates, in whatever order,
    /// to a trust anchor. Names match byte for byte. At most 6 intermediates, or fewer by
    /// [`max_intermediates`](crate::VerifierPolicy::max_intermediates), and no more than
    /// each CA's path length allows. Signatures are those of
    /// [`SignatureAlgorithms`](crate::policy::SignatureAlgorithms): nothing with SHA-1. Name constraints
    /// hold for DNS names and addresses; a CA with constraints on e-mail addresses, URIs or
    /// directory names refuses every leaf that has, or in the case of directory names may have,
    /// such a name.
    ///
    /// Of several paths the first that keeps every rule counts, matchers aside, and of several
    /// anchors of one name and key each by itself. More than 32 certificates that the issuers'
    /// names lead to, or too many ways through them, are not followed.
    ///
    /// rustls-webpki builds the path, on every backend. RFC 5280, sections 6.1, 4.2.1.9 and
    /// 4.2.1.10. Refused as `UnknownIssuer`, `UnsupportedSignatureAlgorithm`, `PathTooLong`,
    /// `PathLengthExceeded`, `NameConstraintViolated`.
    Path,
    /// The anchor at the end of a path keeps the rules about validity, path length, purposes,
    /// extensions and key identifiers as well. Its signature is never judged, nor has it to be
    /// self-signed. An anchor that is no CA's certificate fails the build; anything else that is
    /// wrong with one refuses the paths that end in it, and no others. In the profile `WebPki` it
    /// has no extended key usage, and an authority key identifier only if it is its own.
    ///
    /// RFC 5280, section 6.1.1 (d), leaves it to us. Refused as `AnchorExpired` and the reasons of
    /// those rules.
    TrustAnchor,
    /// Nothing is asked initially. With [`RevocationRules`](crate::RevocationRules) the leaf, or
    /// every certificate below the anchor, has to be known not to be revoked.
    ///
    /// RFC 5280, section 6.3. Refused as `Revoked`, `RevocationStatusUnknown`,
    /// `RevocationListStale`.
    Revocation,
    /// A server's certificate lists the name, or the address, that was connected to; a wildcard
    /// stands for one whole label. The common name counts for nothing, unless
    /// [`danger_allow_common_name_as_dns`](crate::VerifierPolicy::danger_allow_common_name_as_dns)
    /// is on. [`server_spiffe`](crate::VerifierPolicy::server_spiffe) puts a SPIFFE ID in the
    /// name's place; nothing else does.
    ///
    /// RFC 9525, section 6. Refused as `NameMismatch`.
    ServerName,
    /// The policy's [`PeerMatcher`](crate::PeerMatcher) matches. A server has to be given one; a
    /// client's admits every server with the right name, unless it is given another.
    ///
    /// Refused as `NotAuthorized`.
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
