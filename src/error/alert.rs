use core::fmt;
use core::str::FromStr;

use super::unknown_name::UnknownName;

/// A TLS alert (RFC 8446, section 6; RFC 7301, section 3.2).
///
/// ```
/// let alert = mtls::error::Alert::UNKNOWN_CA;
/// assert_eq!((alert.code(), alert.as_str()), (48, "unknown_ca"));
/// assert_eq!("unknown_ca".parse(), Ok(alert));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert(u8);

/// The name of every alert that no RFC names.
const UNASSIGNED: &str = "unassigned";

impl Alert {
    /// `handshake_failure`
    pub const HANDSHAKE_FAILURE: Self = Self(40);
    /// `bad_certificate`
    pub const BAD_CERTIFICATE: Self = Self(42);
    /// `unsupported_certificate`
    pub const UNSUPPORTED_CERTIFICATE: Self = Self(43);
    /// `certificate_revoked`
    pub const CERTIFICATE_REVOKED: Self = Self(44);
    /// `certificate_expired`
    pub const CERTIFICATE_EXPIRED: Self = Self(45);
    /// `certificate_unknown`
    pub const CERTIFICATE_UNKNOWN: Self = Self(46);
    /// `unknown_ca`
    pub const UNKNOWN_CA: Self = Self(48);
    /// `decrypt_error`
    pub const DECRYPT_ERROR: Self = Self(51);
    /// `internal_error`
    pub const INTERNAL_ERROR: Self = Self(80);
    /// `certificate_required`
    pub const CERTIFICATE_REQUIRED: Self = Self(116);
    /// `no_application_protocol`
    pub const NO_APPLICATION_PROTOCOL: Self = Self(120);

    /// Creates the alert with this code; a code that no RFC names is kept.
    pub const fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// Returns the code on the wire.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            UNASSIGNED => write!(f, "{UNASSIGNED} ({})", self.0),
            name => f.pad(name),
        }
    }
}

/// Implements the names and hints of the alerts that an RFC names.
macro_rules! alerts {
    ($($code:literal, $name:literal, $hint:literal;)+) => {
        const NAMES: &[&str] = &[$($name),+];

        impl Alert {
            /// Returns the name in the spelling of RFC 8446, such as `unknown_ca`, and `unassigned`
            /// for a code that no RFC names.
            ///
            /// Names are stable: for logs, metrics and settings.
            pub const fn as_str(self) -> &'static str {
                match self.0 {
                    $($code => $name,)+
                    _ => UNASSIGNED,
                }
            }

            /// Returns what to check if a peer sent this alert and nothing else is known.
            ///
            /// The hint of a [`RejectedByPeer`](crate::HandshakeError::RejectedByPeer) begins with
            /// it, and says more if our own certificates or the server's request show the reason.
            ///
            /// ```
            /// assert!(mtls::error::Alert::UNKNOWN_CA.hint().contains("does not trust the CA"));
            /// ```
            pub const fn hint(self) -> &'static str {
                match self.0 {
                    $($code => $hint,)+
                    _ => "the peer's log has the reason",
                }
            }
        }

        impl FromStr for Alert {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self($code)),)+
                    _ => Err(UnknownName::new("alert", name, NAMES)),
                }
            }
        }
    };
}

alerts! {
    0, "close_notify",
        "the peer closed the connection";
    10, "unexpected_message",
        "the peer does not follow the protocol, or something between the ends changed it";
    20, "bad_record_mac",
        "the connection was damaged on its way";
    22, "record_overflow",
        "the peer does not follow the protocol, or something between the ends changed it";
    40, "handshake_failure",
        "no common cipher suite, group or signature scheme, or, in TLS 1.2, no client certificate";
    42, "bad_certificate",
        "our certificate was rejected: not yet valid, wrong name, or not well formed";
    43, "unsupported_certificate",
        "our certificate was rejected for its kind: check its extended key usage and its key";
    44, "certificate_revoked",
        "our certificate is on a revocation list of the peer's";
    45, "certificate_expired",
        "our certificate, or one of our chain, has expired; compare the clocks of both ends";
    46, "certificate_unknown",
        "our certificate was rejected; the peer's policy may not list us, its log has the reason";
    47, "illegal_parameter",
        "the peer found a handshake field out of range";
    48, "unknown_ca",
        "the peer does not trust the CA of our certificate, or we did not send its intermediates";
    49, "access_denied",
        "our certificate is valid, but the peer's policy does not accept us";
    50, "decode_error",
        "the peer could not read a message of ours";
    51, "decrypt_error",
        "a signature did not verify: our certificate may come from another CA of the same name";
    70, "protocol_version",
        "the peer speaks no TLS version that we offer";
    71, "insufficient_security",
        "the peer requires stronger ciphers than we offer";
    80, "internal_error",
        "the peer failed for reasons of its own";
    86, "inappropriate_fallback",
        "the peer saw a downgrade to an older TLS version";
    90, "user_canceled",
        "the peer gave up";
    109, "missing_extension",
        "the peer misses a handshake extension";
    112, "unrecognized_name",
        "the peer has no host with the name that we requested";
    113, "bad_certificate_status_response",
        "the peer rejected our OCSP response";
    116, "certificate_required",
        "the peer requires a client certificate and none was sent";
    120, "no_application_protocol",
        "no ALPN protocol is common to both ends";
}
