//! Settings that are written as text: times, and the names of choices.

use core::fmt;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::connection::{LiveConnections, ProtocolVersion};
use crate::material::KeyPermissions;
use crate::policy::{CertificateProfile, RevocationDepth};
use crate::rotation::{OnExpiry, SelfTrust, SelfValidity};

/// A time as a text, such as `30s`, `12h` or `1day 6h`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::integration::config) struct Time(pub(in crate::integration::config) Duration);

/// Defines the names of an enum's values in a configuration.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident of $type:ty { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub(in crate::integration::config) enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)+
        }

        impl From<$name> for $type {
            fn from(name: $name) -> Self {
                match name {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }
    };
}

choice! {
    /// How far revocation is checked.
    Depth of RevocationDepth {
        /// The leaf and every intermediate.
        Chain = "chain",
        /// The leaf alone.
        Leaf = "leaf",
    }
}
choice! {
    /// What happens to handshakes when our own certificate has expired.
    ExpiryChoice of OnExpiry {
        /// They go on, and the peers decide.
        KeepServing = "keep_serving",
        /// Every peer is rejected until a rotation.
        Reject = "reject",
    }
}
choice! {
    /// What happens to open connections whose peer would now be rejected.
    Live of LiveConnections {
        /// They are closed.
        Close = "close",
        /// Their handles are notified.
        Notify = "notify",
        /// Nothing.
        Untracked = "untracked",
    }
}
choice! {
    /// What happens if others can read or write a key file.
    Permissions of KeyPermissions {
        /// It is an error.
        Deny = "deny",
        /// Nothing.
        Ignore = "ignore",
        /// The observer is warned.
        Warn = "warn",
    }
}
choice! {
    /// How strictly certificates must follow RFC 5280 in form.
    Profile of CertificateProfile {
        /// As far as trust needs it.
        Interoperable = "interoperable",
        /// RFC 5280, section 4.
        Rfc5280 = "rfc5280",
        /// The CA/Browser Forum's baseline requirements.
        WebPki = "web_pki",
    }
}
choice! {
    /// Whether our own trust anchors must prove our own identity.
    OwnTrust of SelfTrust {
        /// A change that would end it is rejected.
        Preserve = "preserve",
        /// They must.
        Require = "require",
        /// They are independent.
        Skip = "skip",
    }
}
choice! {
    /// What happens if our own certificate is not valid when the service starts.
    Validity of SelfValidity {
        /// It is reported.
        Warn = "warn",
        /// It is an error.
        Require = "require",
    }
}
choice! {
    /// A version of TLS.
    Version of ProtocolVersion {
        /// RFC 5246.
        Tls12 = "tls1.2",
        /// RFC 8446.
        Tls13 = "tls1.3",
    }
}

impl Time {
    /// The library of times decides about the rest.
    #[cfg(test)]
    pub(in crate::integration::config) const PATTERN: &str = "[0-9]";
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time with its unit, such as \"30s\" or \"12h\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        humantime::parse_duration(text).map(Time).map_err(|error| {
            E::custom(format_args!(
                "not a time such as \"30s\" or \"12h\": {error}"
            ))
        })
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
