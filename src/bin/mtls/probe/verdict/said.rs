use mtls::RejectionReason;

use super::acceptance::Confidence;
use super::fault::OwnFault;
use super::own_faults::OwnView;
use super::rejection::Rejected;

impl Rejected<'_> {
    /// Returns what an alert alone says with certainty, or likely.
    pub(super) fn said(self, reason: &str) -> Option<(OwnFault, Confidence)> {
        let top = self.view.and_then(|view| view.top_issuer.as_deref());
        let top = top.unwrap_or("itself");
        let is_our_ca_named = self.view.and_then(|view| view.is_our_ca_named) == Some(true);
        let (reason, message, hint, confidence) = match reason {
            "certificate_revoked" => (
                RejectionReason::Revoked,
                match self.view {
                    Some(OwnView { leaf, .. }) => format!(
                        "a revocation list of the server's has our certificate ({leaf}), or a CA's above it"
                    ),
                    None => {
                        "a revocation list of the server's has our certificate, or a CA's above it"
                            .to_owned()
                    }
                },
                "have a new certificate issued for a new key",
                Confidence::Certain,
            ),
            "unknown_ca" if is_our_ca_named => (
                RejectionReason::UnknownIssuer,
                format!(
                    "the server names the CA of our chain (\"{top}\") among those that it requests, and does not accept it"
                ),
                "the server's revocation list of that CA may be out of date or missing: give the server the newest one; if it is \
                 current, the server knows another CA of the same name: add the certificate of ours to those that it \
                 trusts",
                Confidence::Likely,
            ),
            "unknown_ca" => (
                RejectionReason::UnknownIssuer,
                format!(
                    "the server knows no CA above our chain, which ends below \"{top}\", or lacks that CA's revocation list"
                ),
                "add our CA to those that the server trusts, or the certificates in between to our chain",
                Confidence::Likely,
            ),
            "access_denied" => (
                RejectionReason::NotAuthorized,
                "our certificate is valid, and the server's policy does not accept us".to_owned(),
                "have our name added to those that the server accepts",
                Confidence::Certain,
            ),
            _ => return None,
        };
        let fault = OwnFault {
            reason: reason.as_str(),
            message,
            hint: hint.to_owned(),
        };
        Some((fault, confidence))
    }
}
