//! The listener of a server.

use core::num::NonZeroUsize;

use super::given::{given, texts};
use crate::connection::{HAS_LISTENER, ListenerLimits, ListenerSettings, ProxySenders};
use crate::integration::config::document::field_path::{Fault, FieldPath};
use crate::integration::config::error::ConfigProblem;

/// The limits of a listener, and the proxies in front of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::integration::config) struct ListenerConfig {
    /// How many handshakes are under way at the same time; 1,024 by default.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::integration::config) max_handshakes: Option<NonZeroUsize>,
    /// How many connections are open at the same time; 8,192 by default.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::integration::config) max_connections: Option<NonZeroUsize>,
    /// How many handshakes and connections one client has; without a limit by default.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::integration::config) max_per_client: Option<NonZeroUsize>,
    /// The addresses and networks whose connections begin with a PROXY header.
    #[serde(
        default,
        deserialize_with = "texts",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::integration::config) proxy_protocol: Option<Vec<String>>,
}

impl ListenerConfig {
    pub(in crate::integration::config) fn settings(&self) -> Result<ListenerSettings, Fault> {
        let at = FieldPath::default().key("listener");
        if !HAS_LISTENER {
            return Err((at, ConfigProblem::NeedsFeature { feature: "tokio" }));
        }
        let mut limits = ListenerLimits::new();
        if let Some(most) = self.max_handshakes {
            limits = limits.max_handshakes(most.get());
        }
        if let Some(most) = self.max_connections {
            limits = limits.max_connections(most.get());
        }
        if let Some(most) = self.max_per_client {
            limits = limits.max_per_client(most.get());
        }
        let senders = self.proxy_protocol.as_deref().unwrap_or_default();
        let proxies = ProxySenders::parse(senders.iter().map(String::as_str));
        let proxies = proxies.map_err(|(sender, problem)| {
            let index = senders.iter().position(|other| other == sender);
            let at = at.key("proxy_protocol").index(index.unwrap_or_default());
            (at, ConfigProblem::Proxy(problem))
        })?;
        Ok(ListenerSettings { limits, proxies })
    }
}
