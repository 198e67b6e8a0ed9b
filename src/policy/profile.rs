use crate::error::unknown_name::stable_names;

/// How strictly certificates must follow the form that RFC 5280, section 4, prescribes.
///
/// Rules that protect trust apply in every profile: signatures, keys, validity, CA flag, key usage,
/// extended key usage, path length, names, name constraints, revocation, unknown critical
/// extensions. A profile selects the remaining rules: obligations of issuers whose violation does
/// not let a wrong peer in. The table shows which rule applies in which profile.
///
/// | rule | `Interoperable` | `Rfc5280` | `WebPki` | source | why trust does not need it |
/// |---|---|---|---|---|---|
/// | serial numbers are positive, of at most 20 octets | | yes | yes | 4.1.2.2 | revocation lists compare their octets |
/// | dates before 2050 are `UTCTime` | | yes | yes | 4.1.2.5 | both types are read to the second |
/// | key identifiers are present and match | | yes | yes | 4.2.1.1, 4.2.1.2 | the signature proves the key |
/// | key identifiers, authorityInfoAccess, subjectInfoAccess, subjectDirectoryAttributes, freshestCRL are not critical | (a) | yes | yes | 4.2.1, 4.2.2, 5.2.6 | see (a) |
/// | a CA's basicConstraints is critical | | yes | yes | 4.2.1.9 | it is always processed |
/// | a CA's nameConstraints is critical | | yes | | 4.2.1.10; BR 7.1.2.10.8 | they are always processed |
/// | name constraints have no leading dot, minimum, maximum or irregular mask | (b) | yes | yes | 4.2.1.10 | see (b) |
/// | policyConstraints and inhibitAnyPolicy are critical | (c) | yes | yes | 4.2.1.11, 4.2.1.14 | certificate policies are not processed |
/// | alternative names beside an empty subject are critical | | yes | yes | 4.1.2.6 | they are always processed |
/// | a leaf has no name constraints | | yes | yes | 4.2.1.10 | a leaf issues nothing |
/// | a leaf without CA flag has no keyCertSign | | yes | yes | 4.2.1.3 | without the flag its signatures do not count |
/// | authorityInfoAccess can be read and is not empty | | yes | yes | 4.2.2.1 | nothing is fetched from it |
/// | every name is legal | (d) | yes | yes | 4.2.1.6 | see (d) |
/// | DNS names have no underscore | | yes | yes | 4.2.1.6 | it is not ambiguous |
/// | a trust anchor satisfies the rules above, and has no unknown critical extension | | yes | yes | 6.1.1 | an anchor is its name, key, validity, CA flag, key usage, path length, name constraints and extended key usage |
/// | a leaf has an extended key usage, which is not critical and has no `anyExtendedKeyUsage` | | | yes | BR 7.1.2.7.6, 7.1.2.7.10 | |
/// | a common name is an alternative name; alternative names are present, and not critical beside a subject | | | yes | BR 7.1.2.7.12, 7.1.4.3 | |
/// | RSA sizes are whole bytes | | | yes | BR 6.1.5 | |
/// | a root has no extended key usage, and no key identifier of another key | | | yes | BR 7.1.2.1 | |
///
/// - (a) One that is critical is rejected in every profile: to path validation it is unknown.
/// - (b) A leading dot has the meaning of RFC 5280's URI constraints: a permitted entry covers the
///   hosts below the name; an excluded one covers these and the name itself. Any other constraint
///   that cannot be read rejects the names of its kind.
/// - (c) One that is critical is rejected in every profile, except in trust anchors: policies are
///   not processed.
/// - (d) A name that cannot be read is kept as unreadable and matches nothing:
///   [`PeerIdentity::unreadable_names`](crate::PeerIdentity::unreadable_names). NUL, control
///   characters and text that reads as two names are rejected in every profile.
///
/// ```
/// use mtls::VerifierPolicy;
/// use mtls::policy::CertificateProfile;
///
/// assert_eq!(CertificateProfile::default(), CertificateProfile::Interoperable);
/// let policy = VerifierPolicy::allow_any_authenticated().profile(CertificateProfile::Rfc5280);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum CertificateProfile {
    /// The rules that protect trust, and nothing else. The default.
    ///
    /// It accepts what common tools produce and other TLS libraries accept, among them the defaults
    /// of easy-rsa, keytool, cfssl, node-forge and Go's `x509` package. Policy extensions that are
    /// not critical are not processed, as in rustls and by default in OpenSSL.
    #[default]
    Interoperable,
    /// Adds the rules of RFC 5280, section 4. Not available on native-tls.
    ///
    /// One duty is not enforced: a leaf without any key identifier, neither its own (subject) nor
    /// its issuer's (authority), is accepted, because `openssl x509 -req` of OpenSSL 3.0 creates
    /// such leaves by default. A leaf with only its own is rejected.
    Rfc5280,
    /// Adds to `Rfc5280` the CA/Browser Forum's baseline requirements (BR, section 7.1).
    ///
    /// They apply to public web servers' CAs. A verifier checks those that need no external lists.
    /// Not available on native-tls.
    WebPki,
}

stable_names!(CertificateProfile, "certificate profile", {
    Interoperable => "interoperable",
    Rfc5280 => "rfc5280",
    WebPki => "web_pki",
});
