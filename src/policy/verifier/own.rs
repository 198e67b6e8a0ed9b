//! How our own chain looks to this verifier.

use pki_types::{CertificateDer, UnixTime};

use super::PeerVerifier;
use crate::policy::explanation::Trace;
use crate::policy::judgement::Judgement;
use crate::policy::leaf::check_leaf;
use crate::policy::path::check_path;
use crate::policy::presented::Presented;
use crate::policy::rejection::Rejection;
use crate::policy::usage::Role;

impl PeerVerifier {
    /// Whether a client's chain of ours would be proved here, if it were a peer's.
    pub(crate) fn vouches_for_client(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.vouches_for(chain, Role::Client, now)
    }

    /// Whether a server's chain of ours would be proved here, if it were a peer's.
    pub(crate) fn vouches_for_server(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Rejection> {
        self.vouches_for(chain, Role::Server, now)
    }

    /// The path alone. Names and the matcher are about peers; and a list that revokes us must take
    /// effect on the others that it revokes.
    fn vouches_for(
        &self,
        chain: &[CertificateDer<'_>],
        role: Role,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let trace = Trace::off();
        let presented = Presented::read(chain)?;
        let leaf = presented.leaf()?;
        let ranges = self.read_names(leaf)?;
        let names = ranges.of(leaf.der);
        let anchors = self.trust.for_peer(leaf, names)?;
        let judgement = Judgement {
            trust_domain: self.trust.domain_of(names),
            revocation: None,
            ..self.judgement(anchors, role, now, &trace)
        };
        check_leaf(leaf, names, &judgement)?;
        check_path(&presented, names, &judgement).map(drop)
    }
}
