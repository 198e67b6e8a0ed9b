//! The capabilities and alerts of this backend, known without its cargo feature.

use crate::backend::capability::{Capabilities, Capability, Support};
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

pub(in crate::backend) const CAPABILITIES: Capabilities = Capabilities { support, alert_for };

fn support(capability: Capability) -> Support {
    match capability {
        Capability::P521 | Capability::MlDsa | Capability::MlKem => {
            Support::Limited("on aws-lc-rs; ring has none of it")
        }
        _ => Support::Full,
    }
}

/// Returns the alert that rustls sends for the error of this reason.
fn alert_for(reason: RejectionReason) -> Option<Alert> {
    use RejectionReason::*;
    Some(match reason {
        AnchorExpired | Expired | NotYetValid => Alert::CERTIFICATE_EXPIRED,
        MalformedCertificate | MalformedName | NameMismatch | UnsupportedVersion => {
            Alert::BAD_CERTIFICATE
        }
        NoCertificate => Alert::CERTIFICATE_REQUIRED,
        Revoked => Alert::CERTIFICATE_REVOKED,
        UnknownIssuer => Alert::UNKNOWN_CA,
        WrongExtendedKeyUsage => Alert::UNSUPPORTED_CERTIFICATE,
        _ => Alert::CERTIFICATE_UNKNOWN,
    })
}
