//! Who may connect.

use std::path::{Path, PathBuf};

use super::given::given;
use super::matcher::MatcherConfig;
use super::value::{Depth, Profile, Time};
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;
use crate::policy::VerifierPolicy;
use crate::policy::revocation_rules::RevocationRules;

/// The policy: `allow` or `server_spiffe`, and what else a peer must satisfy.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct PolicyConfig {
    /// The matcher of the peers that are accepted.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    allow: Option<MatcherConfig>,
    /// For clients: the matcher of servers that are identified by their SPIFFE ID, in place of the
    /// name connected to.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    server_spiffe: Option<MatcherConfig>,
    /// How strictly certificates must follow RFC 5280 in form.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    profile: Option<Profile>,
    /// The most intermediates between the leaf and its trust anchor, at most 6.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    max_intermediates: Option<usize>,
    /// The smallest RSA key in bits, from 2048 to 8192.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    min_rsa_bits: Option<usize>,
    /// The longest validity of a leaf.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    max_leaf_lifetime: Option<Time>,
    /// The rules for revocation. They need `revocation_lists`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    revocation: Option<RevocationConfig>,
    /// Dangerous: accepts X.509 version 1 leaves.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_allow_x509_v1_leaf: bool,
    /// Dangerous: uses the common name as a DNS name if a leaf has no alternative names.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_allow_common_name_as_dns: bool,
    /// Dangerous, for servers: accepts client leaves whose extended key usage is serverAuth only.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_allow_server_auth_for_clients: bool,
}

/// The rules for revocation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RevocationConfig {
    /// The certificates that are checked: the whole `chain`, or the `leaf` alone.
    depth: Depth,
    /// Dangerous: accepts a certificate whose revocation status is unknown.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_allow_unknown_status: bool,
    /// Dangerous: accepts a list past its `nextUpdate` as proof that a certificate is good.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_allow_stale_lists: bool,
    /// Dangerous: lists of one distribution point cover certificates that name none.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    danger_cover_certificates_without_distribution_point: bool,
}

impl PolicyConfig {
    /// Creates the policy of a matcher's text alone.
    pub(in crate::integration::config) fn allow(text: String) -> Self {
        Self {
            allow: Some(MatcherConfig::Text(text)),
            ..Self::default()
        }
    }

    /// Returns this policy with these rules for revocation.
    pub(in crate::integration::config) fn with_revocation(mut self, depth: Depth) -> Self {
        self.revocation = Some(RevocationConfig {
            depth,
            danger_allow_unknown_status: false,
            danger_allow_stale_lists: false,
            danger_cover_certificates_without_distribution_point: false,
        });
        self
    }

    pub(in crate::integration::config) fn has_revocation_rules(&self) -> bool {
        self.revocation.is_some()
    }

    /// Adds the files of its matchers.
    pub(in crate::integration::config) fn files(&self, base: &Path, files: &mut Vec<PathBuf>) {
        for matcher in self.allow.iter().chain(&self.server_spiffe) {
            matcher.files(base, files);
        }
    }

    pub(in crate::integration::config) fn policy(
        &self,
        at: &FieldPath,
        base: Option<&Path>,
    ) -> Result<VerifierPolicy, Fault> {
        let mut policy = match (&self.allow, &self.server_spiffe) {
            (Some(matcher), None) => {
                VerifierPolicy::allow(matcher.matcher(&at.clone().key("allow"), base)?)
            }
            (None, Some(matcher)) => {
                let at = at.clone().key("server_spiffe");
                VerifierPolicy::server_spiffe(matcher.matcher(&at, base)?)
            }
            (None, None) => return Err((at.clone().key("allow"), ConfigProblem::Missing)),
            (Some(_), Some(_)) => {
                let problem = ConfigProblem::Conflict {
                    other: "server_spiffe",
                };
                return Err((at.clone().key("allow"), problem));
            }
        };
        if let Some(profile) = self.profile {
            policy = policy.profile(profile.into());
        }
        if let Some(most) = self.max_intermediates {
            policy = policy.max_intermediates(most);
        }
        if let Some(bits) = self.min_rsa_bits {
            policy = policy.min_rsa_bits(bits);
        }
        if let Some(longest) = self.max_leaf_lifetime {
            policy = policy.max_leaf_lifetime(longest.0);
        }
        if let Some(revocation) = &self.revocation {
            policy = policy.revocation(revocation.rules());
        }
        if self.danger_allow_x509_v1_leaf {
            policy = policy.danger_allow_x509_v1_leaf();
        }
        if self.danger_allow_common_name_as_dns {
            policy = policy.danger_allow_common_name_as_dns();
        }
        if self.danger_allow_server_auth_for_clients {
            policy = policy.danger_allow_server_auth_for_clients();
        }
        Ok(policy)
    }
}

impl RevocationConfig {
    fn rules(&self) -> RevocationRules {
        let mut rules = RevocationRules::require(self.depth.into());
        if self.danger_allow_unknown_status {
            rules = rules.danger_allow_unknown_status();
        }
        if self.danger_allow_stale_lists {
            rules = rules.danger_allow_stale_lists();
        }
        if self.danger_cover_certificates_without_distribution_point {
            rules = rules.danger_cover_certificates_without_distribution_point();
        }
        rules
    }
}
