//! Which settings cannot be combined, and which sides and backends a policy suits.

use super::build_error::BuildError;
use super::limits::MAX_INTERMEDIATES;
use super::profile::CertificateProfile;
use super::revocation_rules::{StaleLists, UnknownStatus, UnnamedPoint};
use super::setting_problem::SettingProblem;
use super::verifier_policy::{
    ClientPurpose, CommonNameRule, ServerNameRule, VerifierPolicy, X509V1Leaf,
};
use crate::x509::{MAX_RSA_BITS, MIN_RSA_BITS};

impl VerifierPolicy {
    /// Verifies that every limit is in range and that no two settings exclude each other.
    pub(crate) fn check_limits(&self) -> Result<(), BuildError> {
        let problem = if self.max_intermediates > MAX_INTERMEDIATES {
            SettingProblem::TooManyIntermediates {
                given: self.max_intermediates,
                limit: MAX_INTERMEDIATES,
            }
        } else if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&self.min_rsa_bits) {
            SettingProblem::RsaBitsOutOfRange {
                bits: self.min_rsa_bits,
                minimum: MIN_RSA_BITS,
                maximum: MAX_RSA_BITS,
            }
        } else if self.profile == CertificateProfile::WebPki
            && self.x509_v1_leaf == X509V1Leaf::Allow
        {
            SettingProblem::X509V1LeafWithWebPki
        } else if self.client_purpose == ClientPurpose::OrServerAuth
            && !self.matcher.asks_for_exact_peer()
        {
            SettingProblem::ServerAuthWithoutExactName
        } else if self.client_purpose == ClientPurpose::OrServerAuth
            && self.common_name == CommonNameRule::AsDnsName
        {
            SettingProblem::CommonNameWithServerAuth
        } else if self.max_leaf_lifetime.is_some_and(|d| d.as_secs() == 0) {
            SettingProblem::LeafLifetimeTooShort
        } else {
            return Ok(());
        };
        Err(invalid(problem))
    }

    /// Returns a requirement that cannot be verified from the leaf alone.
    ///
    /// Where a platform verifies the path by its own rules and exposes only the leaf, the policy
    /// cannot relax those rules or restrict the certificates above the leaf.
    pub(crate) fn requires_full_chain(&self) -> Option<FullChainRule> {
        const LEAF_ONLY: &str = "the platform shows no more of the chain than the leaf";
        let rule = if self.x509_v1_leaf == X509V1Leaf::Allow
            || self.common_name == CommonNameRule::AsDnsName
        {
            (
                "X.509 version 1 leaves, or common names as DNS names",
                "the platform verifies the chain by its own rules",
            )
        } else if self.matcher.asks_for_path() {
            (
                "matching by issuers' keys or trust anchors",
                "the platform does not show the path that it proves",
            )
        } else if self.profile != CertificateProfile::Interoperable {
            ("another profile than `Interoperable`", LEAF_ONLY)
        } else if self.max_intermediates != MAX_INTERMEDIATES {
            ("a limit to intermediates", LEAF_ONLY)
        } else if self.min_rsa_bits != MIN_RSA_BITS {
            ("a minimum of RSA bits", LEAF_ONLY)
        } else {
            return None;
        };
        Some(rule)
    }

    /// Verifies the settings for a client; a SPIFFE policy needs a matcher that requires a SPIFFE
    /// ID.
    pub(crate) fn check_for_client(&self) -> Result<(), BuildError> {
        if self.client_purpose == ClientPurpose::OrServerAuth {
            return Err(invalid(SettingProblem::ServerAuthOnClient));
        }
        if self.server_name == ServerNameRule::SpiffeId && !self.matcher.asks_for_spiffe_id() {
            Err(invalid(SettingProblem::ServerSpiffeWithoutId))
        } else {
            Ok(())
        }
    }

    /// Returns the `danger_` settings that it has.
    pub(crate) fn relaxed_rules(&self) -> impl Iterator<Item = &'static str> {
        let rules = self.revocation.as_ref();
        let settings = [
            (
                "danger_allow_x509_v1_leaf",
                self.x509_v1_leaf == X509V1Leaf::Allow,
            ),
            (
                "danger_allow_common_name_as_dns",
                self.common_name == CommonNameRule::AsDnsName,
            ),
            (
                "danger_allow_server_auth_for_clients",
                self.client_purpose == ClientPurpose::OrServerAuth,
            ),
            (
                "danger_allow_unknown_status",
                rules.is_some_and(|rules| rules.unknown == UnknownStatus::Allow),
            ),
            (
                "danger_allow_stale_lists",
                rules.is_some_and(|rules| rules.stale == StaleLists::Allow),
            ),
            (
                "danger_cover_certificates_without_distribution_point",
                rules.is_some_and(|rules| rules.unnamed == UnnamedPoint::All),
            ),
        ];
        let given = settings.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(setting, _)| setting)
    }

    pub(crate) fn has_revocation_rules(&self) -> bool {
        self.revocation.is_some()
    }

    /// Verifies that revocation is not combined with version 1 leaves, which bypass path
    /// validation.
    pub(super) fn check_revocation(&self) -> Result<(), BuildError> {
        if self.revocation.is_some() && self.x509_v1_leaf == X509V1Leaf::Allow {
            Err(invalid(SettingProblem::X509V1LeafWithRevocation))
        } else {
            Ok(())
        }
    }

    pub(crate) fn check_for_server(&self) -> Result<(), BuildError> {
        match self.server_name {
            ServerNameRule::Check => Ok(()),
            ServerNameRule::SpiffeId => Err(invalid(SettingProblem::ServerSpiffeOnServer)),
        }
    }

    pub(crate) fn checks_server_name(&self) -> bool {
        self.server_name == ServerNameRule::Check
    }
}

/// A rule that needs the whole chain, and why a backend that shows the leaf only cannot enforce it.
pub(crate) type FullChainRule = (&'static str, &'static str);

fn invalid(problem: SettingProblem) -> BuildError {
    BuildError::InvalidSetting {
        setting: "policy",
        problem,
    }
}
