//! Verification of peers, with a memory of those that were met before.

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::{PeerVerifier, side_of};
use crate::peer::PeerIdentity;
use crate::policy::certificate::key_usage::{check_purpose, required_purpose};
use crate::policy::certificate::validity::check_validity;
use crate::policy::name::server_name::check_server_name;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::revocation;
use crate::policy::signature::VerifiedSignatures;
use crate::policy::verdict::explanation::Trace;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::VerificationContext;
use crate::x509::Certificate;

impl PeerVerifier {
    /// Verifies a peer like [`verify_client`](Self::verify_client), or with a name like
    /// [`verify_server`](Self::verify_server).
    ///
    /// `verified` takes the signatures that the memo does not have, for
    /// [`remember`](Self::remember).
    pub(crate) fn verify_peer(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: Option<&ServerName<'_>>,
        now: UnixTime,
        verified: &VerifiedSignatures,
    ) -> Result<PeerIdentity, Rejection> {
        self.verify(chain, server_name, now, &Trace::off(), verified)
    }

    /// Keeps the signatures of a peer that has proved its key and was accepted.
    pub(crate) fn remember(&self, verified: VerifiedSignatures) {
        self.algorithms.remember(verified);
    }

    /// Returns whether a peer that this verifier has accepted before is accepted now.
    ///
    /// Its path cannot change: it depends on the certificates, the anchors and the policy alone.
    /// What may differ is checked: the time, the purpose, revocation, the server's name and the
    /// matcher. A `false` may have any cause; [`verify_peer`](Self::verify_peer) finds it, or
    /// another path.
    pub(crate) fn accepts_again(
        &self,
        peer: &PeerIdentity,
        server_name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> bool {
        let Some(path) = peer.path() else {
            return false;
        };
        // Without the tolerance of `clock_skew`, with which another path may come first.
        if now < path.not_before || path.not_after < now {
            return false;
        }
        self.check_again(peer, server_name, now).is_ok()
    }

    fn check_again(
        &self,
        peer: &PeerIdentity,
        server_name: Option<&ServerName<'_>>,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let trace = Trace::off();
        let verified = VerifiedSignatures::default();
        // Only lists need the certificates above the leaf.
        let (leaf, all);
        let shown = if self.revocation.is_some() {
            all = peer.presented();
            &*all
        } else {
            leaf = [CertificateDer::from(peer.leaf())];
            &leaf[..]
        };
        let presented = PresentedChain::read(shown)?;
        let leaf = presented.leaf()?;
        let purpose = required_purpose(side_of(server_name), leaf, &self.policy);
        let context: VerificationContext<'_> = self.context(purpose, now, &trace, &verified);
        check_purpose(leaf, purpose)?;
        if let (Some(revocation), Some(path)) = (self.revocation.as_deref(), peer.path()) {
            let anchors = self.trust.for_peer(leaf, peer.names())?;
            revocation::check(Some(revocation), anchors, &context, &presented, path)?;
        }
        if let Some(server_name) = server_name {
            check_server_name(&context, &presented, peer, server_name)?;
        }
        self.authorize(peer, &trace)
    }

    /// Verifies again that a peer's certificate is valid and that the policy accepts the peer.
    pub(crate) fn confirm(&self, peer: &PeerIdentity, now: UnixTime) -> Result<(), Rejection> {
        let time = self.time(now);
        if !time.is_within(peer.not_before(), peer.not_after()) {
            let leaf = Certificate::from_der(peer.leaf())
                .map_err(|_| Rejection::new(RejectionReason::MalformedCertificate))?;
            check_validity(0, &leaf, time)?;
        }
        self.authorize(peer, &Trace::off())
    }
}
