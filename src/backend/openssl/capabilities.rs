//! The capabilities and alerts of this backend, known without its cargo feature.

use crate::backend::capability::{Capabilities, Capability, Support};
use crate::error::alert::Alert;
use crate::policy::RejectionReason;

pub(in crate::backend) const CAPABILITIES: Capabilities = Capabilities { support, alert_for };

fn support(capability: Capability) -> Support {
    match capability {
        Capability::KeyExchangeGroup => Support::Limited(
            "in TLS 1.3, and for clients in TLS 1.2; the openssl crate shows a server no more",
        ),
        Capability::SignatureScheme => {
            Support::None("the openssl crate does not show how the peer signed")
        }
        Capability::P521 => Support::Limited(
            "in TLS 1.2, OpenSSL rejects such a key on either side of a client that does not \
             name P-521 among its groups, as rustls does not",
        ),
        Capability::MlDsa | Capability::MlKem => Support::Limited("from OpenSSL 3.5 on"),
        Capability::Fips => Support::None("the openssl crate does not show it for OpenSSL 3"),
        Capability::ClientChain => Support::Limited(
            "the one path that OpenSSL picks: where several issuers have one name, or an intermediate does not fit the key identifier below it, it may reject what rustls accepts",
        ),
        Capability::ExternalKeys => {
            Support::None("the openssl crate takes private keys that it holds itself")
        }
        Capability::Resumption => {
            Support::None("a ticket of OpenSSL holds the leaf alone, too little to verify by")
        }
        Capability::RejectionExplained => Support::Limited(
            "by our own certificates; the openssl crate does not show what the server asked for",
        ),
        _ => Support::Full,
    }
}

/// Returns the alert that OpenSSL sends for the verification code of this reason.
fn alert_for(reason: RejectionReason) -> Option<Alert> {
    use RejectionReason::*;
    Some(match reason {
        AnchorExpired | Expired => Alert::CERTIFICATE_EXPIRED,
        MalformedCertificate | MalformedName | NameMismatch | NotYetValid | UnsupportedVersion => {
            Alert::BAD_CERTIFICATE
        }
        NoCertificate => Alert::CERTIFICATE_REQUIRED,
        Revoked => Alert::CERTIFICATE_REVOKED,
        UnknownIssuer => Alert::UNKNOWN_CA,
        WrongExtendedKeyUsage => Alert::UNSUPPORTED_CERTIFICATE,
        _ => Alert::CERTIFICATE_UNKNOWN,
    })
}
