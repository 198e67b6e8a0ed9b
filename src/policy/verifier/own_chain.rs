//! Verification of our own chain by this verifier.

use pki_types::{CertificateDer, UnixTime};

use super::PeerVerifier;
use crate::policy::certificate::leaf::check_leaf;
use crate::policy::path::check_path;
use crate::policy::presented_chain::PresentedChain;
use crate::policy::signature::VerifiedSignatures;
use crate::policy::verdict::explanation::Trace;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verification::VerificationContext;
use crate::side::Side;

impl PeerVerifier {
    /// Verifies our client chain as if it were a peer's.
    pub(crate) fn verify_own_client_chain(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.verify_own_chain(chain, Side::Client, now)
    }

    /// Verifies our server chain as if it were a peer's.
    pub(crate) fn verify_own_server_chain(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.verify_own_chain(chain, Side::Server, now)
    }

    /// Verifies the path only.
    ///
    /// Names and the matcher are about peers. Revocation is not checked either: a list that revokes
    /// us must still take effect on others.
    fn verify_own_chain(
        &self,
        chain: &[CertificateDer<'_>],
        side: Side,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let trace = Trace::off();
        let verified = VerifiedSignatures::default();
        let presented = PresentedChain::read(chain)?;
        let leaf = presented.leaf()?;
        let ranges = self.read_names(leaf)?;
        let names = ranges.of(leaf.der);
        let anchors = self.trust.for_peer(leaf, names)?;
        let context = VerificationContext {
            trust_domain: self.trust.domain_of(names),
            ..self.context(side, now, &trace, &verified)
        };
        check_leaf(leaf, names, &context)?;
        check_path(&presented, names, anchors, None, &context)?;
        self.algorithms.remember(verified);
        Ok(())
    }
}
