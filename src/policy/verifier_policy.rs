use core::time::Duration;

use super::limits::MAX_INTERMEDIATES;
use super::matcher::PeerMatcher;
use super::profile::CertificateProfile;
use super::revocation_rules::RevocationRules;
use crate::x509::MIN_RSA_BITS;

/// The conditions that a peer must satisfy to be accepted.
///
/// Every backend uses the same type. A policy always starts from a matcher; it has no default.
///
/// ```
/// use mtls::policy::CertificateProfile;
/// use mtls::{PeerMatcher, VerifierPolicy};
///
/// let by_id = PeerMatcher::spiffe_id("spiffe://prod.example/payments")?;
/// let policy = VerifierPolicy::allow(by_id.clone()).profile(CertificateProfile::Rfc5280);
/// let short_lived = policy.max_leaf_lifetime(std::time::Duration::from_secs(24 * 3600));
/// let plain = short_lived.max_intermediates(2).min_rsa_bits(3072);
/// let for_clients = VerifierPolicy::server_spiffe(by_id);
/// assert_ne!(plain, VerifierPolicy::allow_any_authenticated());
/// # Ok::<(), mtls::error::MatcherError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierPolicy {
    pub(crate) matcher: PeerMatcher,
    pub(crate) server_name: ServerNameRule,
    pub(crate) x509_v1_leaf: X509V1Leaf,
    pub(crate) common_name: CommonNameRule,
    pub(crate) client_purpose: ClientPurpose,
    pub(crate) profile: CertificateProfile,
    pub(crate) max_intermediates: usize,
    pub(crate) min_rsa_bits: usize,
    pub(crate) max_leaf_lifetime: Option<Duration>,
    pub(crate) revocation: Option<RevocationRules>,
}

/// How a client binds the certificate to the intended server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerNameRule {
    /// The certificate lists the name or address of the connection.
    Check,
    /// The matcher requires a SPIFFE ID instead.
    SpiffeId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum X509V1Leaf {
    Allow,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommonNameRule {
    AsDnsName,
    NeverAName,
}

/// The purpose that a client's certificates must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientPurpose {
    ClientAuthMode,
    /// As `ClientAuthMode`; a leaf that lists serverAuth but not clientAuth needs serverAuth
    /// instead.
    OrServerAuth,
}

impl VerifierPolicy {
    /// Accepts the peers that `matcher` matches, after their chain is authenticated.
    pub fn allow(matcher: PeerMatcher) -> Self {
        Self {
            matcher,
            server_name: ServerNameRule::Check,
            x509_v1_leaf: X509V1Leaf::Reject,
            common_name: CommonNameRule::NeverAName,
            client_purpose: ClientPurpose::ClientAuthMode,
            profile: CertificateProfile::default(),
            max_intermediates: MAX_INTERMEDIATES,
            min_rsa_bits: MIN_RSA_BITS,
            max_leaf_lifetime: None,
            revocation: None,
        }
    }

    /// Accepts every peer whose chain leads to a trust anchor.
    ///
    /// A client still checks the server's name.
    pub fn allow_any_authenticated() -> Self {
        Self::allow(PeerMatcher::any_authenticated())
    }

    /// For clients: identifies a server by its SPIFFE ID instead of the name connected to.
    ///
    /// The certificate must have exactly one URI name, which is a SPIFFE ID, and `matcher` must
    /// match (SPIFFE X.509-SVID, section 5). Every branch of `matcher` that accepts must require
    /// `spiffe_id`, `spiffe_path_prefix`, `trust_domain` or `custom`; building a client with
    /// another matcher returns a [`BuildError`](crate::BuildError). Building a server with this
    /// policy returns a [`BuildError`](crate::BuildError).
    pub fn server_spiffe(matcher: PeerMatcher) -> Self {
        Self {
            server_name: ServerNameRule::SpiffeId,
            ..Self::allow(matcher)
        }
    }

    /// Sets how strictly certificates must follow RFC 5280 in form.
    ///
    /// The default is [`CertificateProfile::Interoperable`]. Other profiles are not available on
    /// native-tls, which exposes only the leaf.
    #[must_use]
    pub fn profile(mut self, profile: CertificateProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the most intermediates between the leaf and its trust anchor.
    ///
    /// The default and the maximum is 6. Self-issued intermediates do not count, as in a path
    /// length constraint (RFC 5280, section 4.2.1.9). A larger value is a
    /// [`BuildError`](crate::BuildError). Not available on native-tls.
    #[must_use]
    pub fn max_intermediates(mut self, most: usize) -> Self {
        self.max_intermediates = most;
        self
    }

    /// Sets the smallest RSA key, in bits, of a path's certificates and its trust anchor.
    ///
    /// The default and the minimum is 2048 (NIST SP 800-57 part 1); the maximum is 8192. A value
    /// outside this range is a [`BuildError`](crate::BuildError). Not available on native-tls.
    #[must_use]
    pub fn min_rsa_bits(mut self, bits: usize) -> Self {
        self.min_rsa_bits = bits;
        self
    }

    /// Sets the longest validity of a leaf, from `notBefore` to `notAfter`, both included.
    ///
    /// Unlimited by default. A short lifetime can replace revocation: a stolen certificate stays
    /// usable only until it expires.
    #[must_use]
    pub fn max_leaf_lifetime(mut self, longest: Duration) -> Self {
        self.max_leaf_lifetime = Some(longest);
        self
    }

    /// Requires that certificates are not revoked, by the lists passed beside the policy.
    ///
    /// By default revocation is not checked. Rules without lists return
    /// [`BuildError::MissingRevocationLists`](crate::BuildError::MissingRevocationLists), lists
    /// without rules return
    /// [`BuildError::MissingRevocationRules`](crate::BuildError::MissingRevocationRules). Cannot be
    /// combined with [`danger_allow_x509_v1_leaf`](Self::danger_allow_x509_v1_leaf). Not available
    /// on native-tls.
    ///
    /// ```
    /// use mtls::{RevocationRules, policy::RevocationDepth};
    ///
    /// let rules = RevocationRules::require(RevocationDepth::Chain);
    /// let policy = mtls::VerifierPolicy::allow_any_authenticated().revocation(rules);
    /// ```
    #[must_use]
    pub fn revocation(mut self, rules: RevocationRules) -> Self {
        self.revocation = Some(rules);
        self
    }

    /// Dangerous: accepts X.509 version 1 leaves.
    ///
    /// `openssl x509 -req` creates them when no extensions are given. Such a certificate does not
    /// restrict its use: any that the CA ever issued serves as a client and as a server. A trust
    /// anchor must have signed it directly, without intermediates. Not available on native-tls.
    ///
    /// ```
    /// let digest = [0x5a; 32]; // openssl x509 -outform DER | sha256sum
    /// let meter = mtls::PeerMatcher::certificate_sha256(digest);
    /// let policy = mtls::VerifierPolicy::allow(meter).danger_allow_x509_v1_leaf();
    /// ```
    #[must_use]
    pub fn danger_allow_x509_v1_leaf(mut self) -> Self {
        self.x509_v1_leaf = X509V1Leaf::Allow;
        self
    }

    /// Dangerous: uses the common name as a DNS name if a leaf has no subject alternative names.
    ///
    /// RFC 9525, section 2, forbids this: a common name is free text that a CA need not have
    /// checked, and name constraints do not apply to it. It must be the only common name. It is
    /// compared as a whole, never as a wildcard and never with an IP address. Not available on
    /// native-tls.
    ///
    /// ```
    /// use mtls::VerifierPolicy;
    /// let policy = VerifierPolicy::allow_any_authenticated().danger_allow_common_name_as_dns();
    /// ```
    #[must_use]
    pub fn danger_allow_common_name_as_dns(mut self) -> Self {
        self.common_name = CommonNameRule::AsDnsName;
        self
    }

    /// Dangerous, for servers: accepts client leaves whose extended key usage is serverAuth only.
    ///
    /// Public CAs are ending clientAuth ([why and when](crate::guides::client_auth)). This setting
    /// keeps existing clients working until they have a certificate of a private CA. On every path
    /// of such a leaf, the extended key usages of the intermediates and the trust anchor, where
    /// present, must allow serverAuth (RFC 5280, section 4.2.1.12). All other leaves are verified
    /// as before.
    ///
    /// The operator of a TLS server did not request its certificate to become your client. So the
    /// matcher must name the clients: every branch needs an exact [`dns`](PeerMatcher::dns),
    /// [`uri`](PeerMatcher::uri), [`spiffe_id`](PeerMatcher::spiffe_id), [`ip`](PeerMatcher::ip),
    /// [`email`](PeerMatcher::email), [`spki_sha256`](PeerMatcher::spki_sha256) or
    /// [`certificate_sha256`](PeerMatcher::certificate_sha256). Prefixes, suffixes, networks, trust
    /// domains, common names, organizations and issuers do not count; nor do `not` and `custom` by
    /// themselves. In `all_of` one such pattern is enough; in `any_of` each alternative needs one.
    /// Any other matcher returns [`BuildError::InvalidSetting`](crate::BuildError::InvalidSetting),
    /// and so does a client's policy with this setting.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::error::MatcherError> {
    /// use mtls::{PeerMatcher, VerifierPolicy};
    /// let policy = VerifierPolicy::allow(PeerMatcher::any_of([
    ///     PeerMatcher::dns("partner.example")?,
    ///     PeerMatcher::dns("other-partner.example")?,
    /// ])?)
    /// .danger_allow_server_auth_for_clients();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn danger_allow_server_auth_for_clients(mut self) -> Self {
        self.client_purpose = ClientPurpose::OrServerAuth;
        self
    }
}
