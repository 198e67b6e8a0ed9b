//! The fields of clients and servers.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::given::{given, list, table, text, texts};
use super::identity::IdentityConfig;
use super::input::Inputs;
use super::listener::ListenerConfig;
use super::policy::PolicyConfig;
use super::value::{ExpiryChoice, Live, OwnTrust, Permissions, Time, Validity, Version};
use crate::integration::config::origin::Origin;

/// The fields that clients and servers share.
pub(in crate::integration::config) struct Shared<'a> {
    pub(in crate::integration::config) origin: &'a Origin,
    pub(in crate::integration::config) identity: &'a IdentityConfig,
    pub(in crate::integration::config) trust_anchors: Option<&'a Inputs>,
    pub(in crate::integration::config) trust_bundles: Option<&'a BTreeMap<String, Inputs>>,
    pub(in crate::integration::config) revocation_lists: Option<&'a Inputs>,
    pub(in crate::integration::config) policy: Option<&'a PolicyConfig>,
    pub(in crate::integration::config) shadow_policy: Option<&'a PolicyConfig>,
    pub(in crate::integration::config) protocol_versions: Option<&'a [Version]>,
    pub(in crate::integration::config) alpn: Option<&'a [String]>,
    pub(in crate::integration::config) resumption: Option<&'a ResumptionConfig>,
    pub(in crate::integration::config) signature_memo: Option<usize>,
    pub(in crate::integration::config) handshake_timeout: Option<Time>,
    pub(in crate::integration::config) live_connections: Option<Live>,
    pub(in crate::integration::config) retire_connections: Option<Time>,
    pub(in crate::integration::config) on_expiry: Option<ExpiryChoice>,
    pub(in crate::integration::config) on_source_lost: Option<&'a SourceLostConfig>,
    pub(in crate::integration::config) self_trust: Option<OwnTrust>,
    pub(in crate::integration::config) key_permissions: Option<Permissions>,
    pub(in crate::integration::config) warn_before_expiry: Option<&'a [Time]>,
    pub(in crate::integration::config) poll_interval: Option<Time>,
    pub(in crate::integration::config) wait_for_first: Option<Time>,
    pub(in crate::integration::config) clock_skew: Option<Time>,
    pub(in crate::integration::config) self_validity: Option<Validity>,
    pub(in crate::integration::config) name: Option<&'a str>,
}

/// The configuration of a client or of a server.
pub(in crate::integration::config) trait Config:
    DeserializeOwned + Send + 'static
{
    fn shared(&self) -> Shared<'_>;

    fn origin_mut(&mut self) -> &mut Origin;

    /// Returns the first field that differs and cannot change while the service runs.
    fn fixed_field_that_differs(&self, other: &Self) -> Option<&'static str>;
}

/// Sessions are resumed within one revision.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct ResumptionConfig {
    /// The time after a full handshake in which a session may be resumed, at most a day.
    pub(in crate::integration::config) max_age: Time,
}

/// What happens when files cannot be read any more.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct SourceLostConfig {
    /// Every peer is rejected when the files could not be read for this time.
    pub(in crate::integration::config) reject_after: Time,
}

/// Writes a struct with the shared fields and its own ones, since `flatten` would hide unknown
/// fields.
///
/// The fields of the first group change while the service runs.
macro_rules! config {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $(#[$of_policy:meta])*
            policy: $policy:ty,
            $($(#[$attribute:meta])* $field:ident: $type:ty,)*
        }
        shared policy: $to_option:expr
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields, expecting = "a table")]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub struct $name {
            #[serde(skip)]
            pub(in crate::integration::config) origin: Origin,
            /// Our own identity.
            pub(in crate::integration::config) identity: IdentityConfig,
            /// The trust anchors: files, directories or other places.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) trust_anchors: Option<Inputs>,
            /// The trust anchors of each SPIFFE trust domain, in place of `trust_anchors`.
            #[serde(default, deserialize_with = "table", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) trust_bundles: Option<BTreeMap<String, Inputs>>,
            /// The revocation lists that the rules of `policy.revocation` use.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) revocation_lists: Option<Inputs>,
            /// Who may connect.
            $(#[$of_policy])*
            pub(in crate::integration::config) policy: $policy,
            /// A second policy that is evaluated and not enforced. It needs an observer.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) shadow_policy: Option<PolicyConfig>,
            /// The TLS versions: `tls1.2`, `tls1.3`.
            #[serde(default, deserialize_with = "list", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) protocol_versions: Option<Vec<Version>>,
            /// The application protocols, the preferred one first.
            #[serde(default, deserialize_with = "texts", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) alpn: Option<Vec<String>>,
            /// Turns resumption of sessions on.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) resumption: Option<ResumptionConfig>,
            /// The most bytes in which verified signatures are remembered; 0 turns the memo off.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) signature_memo: Option<usize>,
            /// How long a whole handshake may take; 10 seconds by default.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) handshake_timeout: Option<Time>,
            /// What happens to open connections whose peer would now be rejected.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) live_connections: Option<Live>,
            /// Ends connections from before a change of identity or trust within this time.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) retire_connections: Option<Time>,
            /// What happens to handshakes when our own certificate has expired.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) on_expiry: Option<ExpiryChoice>,
            /// What happens to handshakes when the files cannot be read any more.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) on_source_lost: Option<SourceLostConfig>,
            /// Whether our own trust anchors must prove our own identity.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) self_trust: Option<OwnTrust>,
            /// What happens if others can read or write a key file.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) key_permissions: Option<Permissions>,
            /// How long before an expiry there are warnings.
            #[serde(default, deserialize_with = "list", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) warn_before_expiry: Option<Vec<Time>>,
            /// How often files are read that report no change; 10 seconds by default.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) poll_interval: Option<Time>,
            /// How long the start waits until all files are there.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) wait_for_first: Option<Time>,
            /// How far the clocks of peers and CAs may be ahead of ours, at most 10 minutes.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) clock_skew: Option<Time>,
            /// What happens if our own certificate is not valid when the service starts.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) self_validity: Option<Validity>,
            /// The name in metrics and traces.
            #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
            pub(in crate::integration::config) name: Option<String>,
            $($(#[$attribute])* pub(in crate::integration::config) $field: $type,)*
        }

        impl $name {
            /// Returns a configuration in which nothing is set.
            pub(in crate::integration::config) fn empty() -> Self {
                Self {
                    origin: Origin::default(),
                    identity: IdentityConfig::of_files(None, None, None, None),
                    trust_anchors: None,
                    trust_bundles: None,
                    revocation_lists: None,
                    policy: <$policy>::default(),
                    shadow_policy: None,
                    protocol_versions: None,
                    alpn: None,
                    resumption: None,
                    signature_memo: None,
                    handshake_timeout: None,
                    live_connections: None,
                    retire_connections: None,
                    on_expiry: None,
                    on_source_lost: None,
                    self_trust: None,
                    key_permissions: None,
                    warn_before_expiry: None,
                    poll_interval: None,
                    wait_for_first: None,
                    clock_skew: None,
                    self_validity: None,
                    name: None,
                    $($field: None,)*
                }
            }
        }

        impl Config for $name {
            fn shared(&self) -> Shared<'_> {
                Shared {
                    origin: &self.origin,
                    identity: &self.identity,
                    trust_anchors: self.trust_anchors.as_ref(),
                    trust_bundles: self.trust_bundles.as_ref(),
                    revocation_lists: self.revocation_lists.as_ref(),
                    policy: $to_option(&self.policy),
                    shadow_policy: self.shadow_policy.as_ref(),
                    protocol_versions: self.protocol_versions.as_deref(),
                    alpn: self.alpn.as_deref(),
                    resumption: self.resumption.as_ref(),
                    signature_memo: self.signature_memo,
                    handshake_timeout: self.handshake_timeout,
                    live_connections: self.live_connections,
                    retire_connections: self.retire_connections,
                    on_expiry: self.on_expiry,
                    on_source_lost: self.on_source_lost.as_ref(),
                    self_trust: self.self_trust,
                    key_permissions: self.key_permissions,
                    warn_before_expiry: self.warn_before_expiry.as_deref(),
                    poll_interval: self.poll_interval,
                    wait_for_first: self.wait_for_first,
                    clock_skew: self.clock_skew,
                    self_validity: self.self_validity,
                    name: self.name.as_deref(),
                }
            }

            fn origin_mut(&mut self) -> &mut Origin {
                &mut self.origin
            }

            fn fixed_field_that_differs(&self, other: &Self) -> Option<&'static str> {
                config!(@differs self, other, shadow_policy?, protocol_versions, alpn, resumption,
                    signature_memo, handshake_timeout, live_connections, retire_connections, on_expiry,
                    on_source_lost, self_trust, key_permissions, warn_before_expiry, poll_interval,
                    wait_for_first, clock_skew, self_validity, name
                    $(, $field)*)
            }
        }
    };
    (@differs $self:ident, $other:ident, shadow_policy?, $($field:ident),*) => {
        // A rotation can replace a policy, and cannot take it away.
        if $self.shared().policy.is_some() != $other.shared().policy.is_some() {
            return Some("policy");
        } else if $self.shadow_policy.is_some() != $other.shadow_policy.is_some() {
            return Some("shadow_policy");
        } else $(if $self.$field != $other.$field {
            return Some(stringify!($field));
        } else)* {
            None
        }
    };
}

config! {
    /// The configuration of a [`MtlsServer`](crate::MtlsServer).
    pub struct ServerConfig {
        policy: PolicyConfig,
        /// Whether clients are sent the subjects of the trust anchors; they are by default.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        ca_names: Option<bool>,
        /// The limits of a listener, and the proxies in front of it.
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        listener: Option<ListenerConfig>,
    }
    shared policy: Some
}

config! {
    /// The configuration of a [`MtlsClient`](crate::MtlsClient).
    pub struct ClientConfig {
        #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        policy: Option<PolicyConfig>,
        /// The name of the server, as its certificate has it.
        #[serde(default, deserialize_with = "text", skip_serializing_if = "Option::is_none")]
        server_name: Option<String>,
    }
    shared policy: Option::as_ref
}
