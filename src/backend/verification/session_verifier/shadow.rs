//! The shadow policy, whose verdicts are compared and not enforced.

use pki_types::ServerName;

use super::{SessionVerifier, Verdict, guard};
use crate::backend::event::Event;
use crate::peer::PeerIdentity;
use crate::policy::VerifiedSignatures;

impl SessionVerifier {
    /// Evaluates the shadow policy for a resumed client, whose verification was unreported.
    pub(crate) fn shadow_resumed_client(&self, peer: &PeerIdentity) {
        self.resumed(peer, None);
    }

    /// Evaluates the shadow policy for a resumed server, whose verification was unreported.
    pub(crate) fn shadow_resumed_server(&self, peer: &PeerIdentity, name: &ServerName<'_>) {
        self.resumed(peer, Some(name));
    }

    fn resumed(&self, peer: &PeerIdentity, name: Option<&ServerName<'_>>) {
        let Some(shadow) = &self.shadow else {
            return;
        };
        let verified = VerifiedSignatures::default();
        let verdict = guard(|| shadow.verify_peer(&peer.presented(), name, self.now(), &verified));
        self.compare(&Ok(peer.clone()), &verdict);
        // The peer proved its key in the handshake that is resumed, and was accepted.
        shadow.remember(verified);
    }

    pub(super) fn compare(&self, verdict: &Verdict, shadow: &Verdict) {
        match (verdict, shadow) {
            (Ok(peer), Err(rejection)) => self.notify(&Event::ShadowRejected { peer, rejection }),
            (Err(rejection), Ok(peer)) => self.notify(&Event::ShadowAccepted { peer, rejection }),
            _ => {}
        }
    }
}
