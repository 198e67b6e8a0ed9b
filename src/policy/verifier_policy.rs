use core::time::Duration;

use super::limits::MAX_INTERMEDIATES;
use super::matcher::PeerMatcher;
use super::profile::CertificateProfile;
use super::revocation_rules::RevocationRules;
use crate::error::BuildError;
use crate::x509::{MAX_RSA_BITS, MIN_RSA_BITS};

/// Who may connect, and how strictly certificates are judged.
///
/// One value, shared by every backend. It always begins with whom to allow; there is no default.
///
/// ```
/// # fn main() -> Result<(), mtls::BuildError> {
/// use mtls::{PeerMatcher, VerifierPolicy};
/// let policy = VerifierPolicy::allow(PeerMatcher::spiffe_id("spiffe://prod.example/payments")?);
/// # Ok(())
/// # }
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

/// How a client ties the certificate to the server it wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerNameRule {
    /// The certificate lists the name or address that was connected to.
    Check,
    /// The matcher asks for a SPIFFE ID instead.
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

/// What a client's certificates have to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientPurpose {
    ClientAuthMode,
    /// Those of a leaf that lists serverAuth and not clientAuth: serverAuth.
    OrServerAuth,
}

impl VerifierPolicy {
    /// Admits the peers that `matcher` matches, after their chain was proved.
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

    /// Admits every peer that the trust anchors vouch for.
    ///
    /// On a client the server's name is checked all the same.
    pub fn allow_any_authenticated() -> Self {
        Self::allow(PeerMatcher::any_authenticated())
    }

    /// For clients: a server is known by its SPIFFE ID, and not by the name that was connected to.
    ///
    /// The certificate must have exactly one URI name, which is a SPIFFE ID, and `matcher` must
    /// match (SPIFFE X.509-SVID, section 5). Whatever `matcher` admits must have been asked for by
    /// `spiffe_id`, `spiffe_path_prefix`, `trust_domain` or `custom`; building a client with
    /// another is a [`BuildError`]. A server's policy of this kind is a [`BuildError`].
    pub fn server_spiffe(matcher: PeerMatcher) -> Self {
        Self {
            server_name: ServerNameRule::SpiffeId,
            ..Self::allow(matcher)
        }
    }

    /// How closely certificates have to follow RFC 5280 in matters of form. Initially
    /// [`CertificateProfile::Interoperable`]. Others not on native-tls, which shows no more than
    /// the leaf.
    #[must_use]
    pub fn profile(mut self, profile: CertificateProfile) -> Self {
        self.profile = profile;
        self
    }

    /// How many intermediates a path may have between the leaf and its trust anchor. Initially 6,
    /// which is also the most.
    ///
    /// Those that are self-issued do not count, as with a path length constraint (RFC 5280, section
    /// 4.2.1.9). More than 6 is a [`BuildError`]. Not on native-tls.
    #[must_use]
    pub fn max_intermediates(mut self, most: usize) -> Self {
        self.max_intermediates = most;
        self
    }

    /// The smallest RSA key, in bits, that a certificate of the path or its trust anchor may have.
    /// Initially 2048, which is also the least (NIST SP 800-57 part 1); the largest is 8192. A
    /// [`BuildError`] beyond them. Not on native-tls.
    #[must_use]
    pub fn min_rsa_bits(mut self, bits: usize) -> Self {
        self.min_rsa_bits = bits;
        self
    }

    /// How long a leaf may be valid, from its `notBefore` to its `notAfter`, both included.
    /// Initially not limited.
    ///
    /// Short lives stand in for revocation: a certificate that was stolen is of use for so long
    /// only.
    #[must_use]
    pub fn max_leaf_lifetime(mut self, longest: Duration) -> Self {
        self.max_leaf_lifetime = Some(longest);
        self
    }

    /// Asks of certificates that they were not revoked, by the lists that are given beside the
    /// policy.
    ///
    /// Initially nothing is asked. Rules without lists are [`BuildError::MissingRevocationLists`],
    /// lists without rules [`BuildError::MissingRevocationRules`]. Not together with
    /// [`danger_allow_x509_v1_leaf`](Self::danger_allow_x509_v1_leaf), and not on native-tls.
    #[must_use]
    pub fn revocation(mut self, rules: RevocationRules) -> Self {
        self.revocation = Some(rules);
        self
    }

    /// Dangerous: accepts X.509 version 1 leaves, which `openssl x509 -req` makes when it is given
    /// no extensions.
    ///
    /// Such a certificate says nothing about its use: any one that the CA ever issued serves as a
    /// client and as a server. It must be signed by a trust anchor itself, without intermediates.
    /// Not on native-tls.
    #[must_use]
    pub fn danger_allow_x509_v1_leaf(mut self) -> Self {
        self.x509_v1_leaf = X509V1Leaf::Allow;
        self
    }

    /// Dangerous: takes the subject's common name for a DNS name where a leaf has no subject
    /// alternative names.
    ///
    /// RFC 9525, section 2, forbids it: a common name is free text that a CA need not have checked,
    /// and name constraints do not bind it. It must be the only common name, is compared whole,
    /// never as a wildcard and never with an IP address. Not on native-tls.
    #[must_use]
    pub fn danger_allow_common_name_as_dns(mut self) -> Self {
        self.common_name = CommonNameRule::AsDnsName;
        self
    }

    /// Dangerous, for servers: accepts as a client whose leaf's extended key usage lists serverAuth
    /// and not clientAuth.
    ///
    /// Public CAs stop issuing clientAuth ([why and when](crate::guides::client_auth)); this keeps
    /// clients with their certificates until they have one of a private CA. Every path of such a
    /// leaf must be for serverAuth: its intermediates and its trust anchor, where they have an
    /// extended key usage (RFC 5280, section 4.2.1.12). All other leaves are verified as before.
    ///
    /// The operator of a TLS server did not mean to be your client when it asked for its
    /// certificate. So the matcher has to say who is: on every branch there must be an exact
    /// [`dns`](PeerMatcher::dns), [`uri`](PeerMatcher::uri), [`spiffe_id`](PeerMatcher::spiffe_id),
    /// [`ip`](PeerMatcher::ip), [`email`](PeerMatcher::email),
    /// [`spki_sha256`](PeerMatcher::spki_sha256) or
    /// [`certificate_sha256`](PeerMatcher::certificate_sha256). Prefixes, suffixes, networks, trust
    /// domains, common names, organizations and issuers do not count; nor do `not` and `custom` by
    /// themselves. In `all_of` one such pattern is enough, in `any_of` each alternative needs one.
    /// Anything else is [`BuildError::InvalidSetting`], and so is a client's policy with this
    /// opt-in.
    ///
    /// ```
    /// # fn main() -> Result<(), mtls::BuildError> {
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

    /// Whether every limit is one that can be held.
    pub(crate) fn check_limits(&self) -> Result<(), BuildError> {
        let problem = if self.max_intermediates > MAX_INTERMEDIATES {
            format!(
                "`max_intermediates({})`: paths are followed through at most {MAX_INTERMEDIATES}",
                self.max_intermediates
            )
        } else if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&self.min_rsa_bits) {
            format!(
                "`min_rsa_bits({})`: it can be {MIN_RSA_BITS} to {MAX_RSA_BITS}",
                self.min_rsa_bits
            )
        } else if self.profile == CertificateProfile::WebPki
            && self.x509_v1_leaf == X509V1Leaf::Allow
        {
            "`danger_allow_x509_v1_leaf` and `CertificateProfile::WebPki` exclude each other"
                .to_owned()
        } else if self.client_purpose == ClientPurpose::OrServerAuth
            && !self.matcher.asks_for_exact_peer()
        {
            "`danger_allow_server_auth_for_clients`: on every branch the matcher has to ask for an \
             exact `dns`, `uri`, `spiffe_id`, `ip`, `email`, `spki_sha256` or \
             `certificate_sha256`; by anything wider, every server of a public CA would be \
             accepted as a client"
                .to_owned()
        } else if self.client_purpose == ClientPurpose::OrServerAuth
            && self.common_name == CommonNameRule::AsDnsName
        {
            "`danger_allow_server_auth_for_clients` and `danger_allow_common_name_as_dns` exclude each other: a common name \
             is free text, and a public CA's certificate would be accepted by it"
                .to_owned()
        } else if self.max_leaf_lifetime.is_some_and(|d| d.as_secs() == 0) {
            "`max_leaf_lifetime`: no leaf is valid for less than a second".to_owned()
        } else {
            return Ok(());
        };
        Err(BuildError::InvalidSetting {
            setting: "policy",
            problem,
        })
    }

    /// What of the policy cannot be held by one who sees the leaf alone, after a platform has
    /// proved the path by its own rules: opt-ins that relax those, and rules about the certificates
    /// above the leaf.
    pub(crate) fn requires_full_chain(&self) -> Option<&'static str> {
        if self.x509_v1_leaf == X509V1Leaf::Allow || self.common_name == CommonNameRule::AsDnsName {
            Some(
                "X.509 version 1 leaves, or common names as DNS names: the platform verifies the chain by its own rules",
            )
        } else if self.matcher.asks_for_path() {
            Some(
                "matching by issuers' keys or trust anchors: the platform does not show the path that it proves",
            )
        } else if self.profile != CertificateProfile::Interoperable {
            Some(
                "another profile than `Interoperable`: the platform shows no more of the chain than the leaf",
            )
        } else if self.max_intermediates != MAX_INTERMEDIATES {
            Some("a limit to intermediates: the platform shows no more of the chain than the leaf")
        } else if self.min_rsa_bits != MIN_RSA_BITS {
            Some("a minimum of RSA bits: the platform shows no more of the chain than the leaf")
        } else {
            None
        }
    }

    /// A SPIFFE policy without a name to check needs a matcher that asks for something.
    pub(crate) fn check_for_client(&self) -> Result<(), BuildError> {
        if self.client_purpose == ClientPurpose::OrServerAuth {
            return Err(BuildError::InvalidSetting {
                setting: "policy",
                problem:
                    "`danger_allow_server_auth_for_clients` is for a server's policy; leave it \
                          out on a client"
                        .to_owned(),
            });
        }
        match self.server_name == ServerNameRule::SpiffeId && !self.matcher.asks_for_spiffe_id() {
            false => Ok(()),
            true => Err(BuildError::InvalidSetting {
                setting: "policy",
                problem: "`server_spiffe` replaces the check of the server's name, so whatever its matcher admits must \
                          have been asked for by `spiffe_id`, `spiffe_path_prefix`, `trust_domain` or `custom`; anything else would admit \
                          every peer of the anchors as every server"
                    .to_owned(),
            }),
        }
    }

    pub(crate) fn has_revocation_rules(&self) -> bool {
        self.revocation.is_some()
    }

    /// A version 1 leaf proves so little that revocation cannot be asked of it.
    pub(super) fn check_revocation(&self) -> Result<(), BuildError> {
        match self.revocation.is_some() && self.x509_v1_leaf == X509V1Leaf::Allow {
            false => Ok(()),
            true => Err(BuildError::InvalidSetting {
                setting: "policy",
                problem: "`danger_allow_x509_v1_leaf` and `revocation` exclude each other: a version 1 leaf is \
                          judged outside of path validation, which is where revocation is judged; reissue such leaves"
                    .to_owned(),
            }),
        }
    }

    pub(crate) fn check_for_server(&self) -> Result<(), BuildError> {
        match self.server_name {
            ServerNameRule::Check => Ok(()),
            ServerNameRule::SpiffeId => Err(BuildError::InvalidSetting {
                setting: "policy",
                problem:
                    "`server_spiffe` is a client's policy; a server writes `VerifierPolicy::allow`"
                        .to_owned(),
            }),
        }
    }

    pub(crate) fn checks_server_name(&self) -> bool {
        self.server_name == ServerNameRule::Check
    }
}
