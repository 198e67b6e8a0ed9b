use super::matcher::PeerMatcher;
use super::revocation::RevocationRules;
use crate::error::BuildError;

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
#[derive(Clone, Debug)]
pub struct VerifierPolicy {
    pub(crate) matcher: PeerMatcher,
    pub(crate) server_name: ServerNameRule,
    pub(crate) x509_v1_leaf: X509V1Leaf,
    pub(crate) common_name: CommonNameRule,
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
    Refuse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommonNameRule {
    AsDnsName,
    NeverAName,
}

impl VerifierPolicy {
    /// Admits the peers that `matcher` matches, after their chain was proved.
    pub fn allow(matcher: PeerMatcher) -> Self {
        Self {
            matcher,
            server_name: ServerNameRule::Check,
            x509_v1_leaf: X509V1Leaf::Refuse,
            common_name: CommonNameRule::NeverAName,
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
    /// The certificate must have exactly one URI name, which is a SPIFFE ID, and `matcher` must match
    /// (SPIFFE X.509-SVID, section 5). Whatever `matcher` admits must have been asked for by `spiffe_id`,
    /// `trust_domain` or `custom`; building a client with another is a [`BuildError`].
    /// A server's policy of this kind is a [`BuildError`].
    pub fn server_spiffe(matcher: PeerMatcher) -> Self {
        Self {
            server_name: ServerNameRule::SpiffeId,
            ..Self::allow(matcher)
        }
    }

    /// Asks of certificates that they were not revoked, by the lists that are given beside the policy.
    ///
    /// Initially nothing is asked. Rules without lists are [`BuildError::MissingRevocationLists`], lists without rules
    /// [`BuildError::MissingRevocationRules`]. Not together with
    /// [`danger_allow_x509_v1_leaf`](Self::danger_allow_x509_v1_leaf), and not on native-tls.
    #[must_use]
    pub fn with_revocation(mut self, rules: RevocationRules) -> Self {
        self.revocation = Some(rules);
        self
    }

    /// Dangerous: accepts X.509 version 1 leaves, which `openssl x509 -req` makes when it is given no extensions.
    ///
    /// Such a certificate says nothing about its use: any one that the CA ever issued serves as a client and as a
    /// server. It must be signed by a trust anchor itself, without intermediates. Not on native-tls.
    #[must_use]
    pub fn danger_allow_x509_v1_leaf(mut self) -> Self {
        self.x509_v1_leaf = X509V1Leaf::Allow;
        self
    }

    /// Dangerous: takes the subject's common name for a DNS name where a leaf has no subject alternative names.
    ///
    /// RFC 9525, section 2, forbids it: a common name is free text that a CA need not have checked, and name
    /// constraints do not bind it. It must be the only common name, is compared whole, never as a wildcard and never
    /// with an IP address. Not on native-tls.
    #[must_use]
    pub fn danger_allow_common_name_as_dns(mut self) -> Self {
        self.common_name = CommonNameRule::AsDnsName;
        self
    }

    /// A SPIFFE policy without a name to check needs a matcher that asks for something.
    pub(crate) fn check_for_client(&self) -> Result<(), BuildError> {
        match self.server_name == ServerNameRule::SpiffeId && !self.matcher.asks_for_spiffe_id() {
            false => Ok(()),
            true => Err(BuildError::InvalidSetting {
                setting: "policy",
                problem: "`server_spiffe` replaces the check of the server's name, so whatever its matcher admits must \
                          have been asked for by `spiffe_id`, `trust_domain` or `custom`; anything else would admit \
                          every peer of the anchors as every server"
                    .to_owned(),
            }),
        }
    }

    /// A version 1 leaf proves so little that revocation cannot be asked of it.
    pub(super) fn check_revocation(&self) -> Result<(), BuildError> {
        match self.revocation.is_some() && self.x509_v1_leaf == X509V1Leaf::Allow {
            false => Ok(()),
            true => Err(BuildError::InvalidSetting {
                setting: "policy",
                problem: "`danger_allow_x509_v1_leaf` and `with_revocation` exclude each other: a version 1 leaf is \
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

    /// Whether one of the opt-ins is on that a platform verifier cannot honour.
    pub(crate) fn relaxes(&self) -> bool {
        self.x509_v1_leaf == X509V1Leaf::Allow || self.common_name == CommonNameRule::AsDnsName
    }
}
