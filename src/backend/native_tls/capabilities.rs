//! The capabilities and alerts of this backend, known without its cargo feature.

use crate::backend::capability::{Capabilities, Capability, Support};
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

pub(in crate::backend) const CAPABILITIES: Capabilities = Capabilities { support, alert_for };

fn support(capability: Capability) -> Support {
    match capability {
        Capability::Client => Support::Full,
        Capability::Server | Capability::ClientChain => {
            Support::None("native-tls cannot ask for a client certificate")
        }
        Capability::ServerChain => Support::Limited(
            "the platform proves the path, of any length, by its own rules; our policy sees the leaf alone, and rejects one with a name that cannot be read",
        ),
        Capability::VerifiedInHandshake => Support::Limited(
            "the policy verifies right after the handshake, without an alert; our certificate has been sent by then",
        ),
        Capability::DangerOptIns => Support::None("the platform does not accept such leaves"),
        Capability::PathMatchers => {
            Support::None("the platform does not show the path that it proves")
        }
        Capability::Revocation => Support::None("the platform shows us no path to verify"),
        Capability::ChainRules => Support::None("the platform proves the path by its own rules"),
        Capability::TrustBundles => {
            Support::None("the platform does not show which anchor a path ends in")
        }
        Capability::SpiffeServers | Capability::ProtocolVersion => Support::Full,
        Capability::CipherSuite
        | Capability::KeyExchangeGroup
        | Capability::SignatureScheme
        | Capability::Fips => Support::None("native-tls does not show it"),
        Capability::P521 | Capability::MlDsa => Support::Limited(
            "what the platform verifies; our own key is none of these, since native-tls does \
             not look whether it is the leaf's",
        ),
        Capability::MlKem => Support::Limited("what the platform prefers"),
        Capability::ExternalKeys => Support::None("native-tls takes private keys as bytes alone"),
        Capability::Clock => Support::Limited("the platform also verifies by the system's clock"),
        Capability::ClockSkew => Support::None("the platform tolerates no clock that is ahead"),
        Capability::Resumption => Support::None("the platform does not show what it resumes"),
        Capability::RejectionExplained => Support::Limited(
            "by our own certificates; the platform does not show what the server asked for",
        ),
        Capability::KeyingMaterial => Support::None("native-tls does not export it"),
        Capability::NativeConfig => Support::Limited("`danger_config()`: without our policy"),
    }
}

/// Returns `None`: the policy rejects after the handshake.
fn alert_for(_: RejectionReason) -> Option<Alert> {
    None
}
