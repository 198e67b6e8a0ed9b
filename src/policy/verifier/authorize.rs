//! Whether the policy's matcher accepts an authenticated peer.

use super::PeerVerifier;
use crate::peer::{PeerIdentity, cut};
use crate::policy::name::server_name::{list_of, takes_common_name};
use crate::policy::verdict::explanation::Trace;
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::policy::verdict::rule::Rule;
use crate::x509::Certificate;

impl PeerVerifier {
    pub(super) fn authorize(&self, peer: &PeerIdentity, trace: &Trace) -> Result<(), Rejection> {
        trace.outline(
            Rule::Matcher,
            || self.policy.matcher.summary().into_owned(),
            || self.check_matcher(peer, trace),
        )
    }

    fn check_matcher(&self, peer: &PeerIdentity, trace: &Trace) -> Result<(), Rejection> {
        let common_name_is_dns = takes_common_name(&self.policy, peer);
        match self.policy.matcher.accepts(peer, common_name_is_dns, trace) {
            Ok(()) => Ok(()),
            Err(said) => {
                let presented = match said {
                    Some(said) => format!("{} ({})", list_of(peer.names()), cut(&said)),
                    None => list_of(peer.names()),
                };
                let mut rejection = Rejection::new(RejectionReason::NotAuthorized)
                    .with_expected(self.policy.matcher.summary())
                    .with_presented(presented);
                if peer.unreadable_names().next().is_some() {
                    rejection = rejection.with_hint(
                        "a name of the peer cannot be read, which leaves matchers over its kind undecided, `not(..)` too: \
                         reissue the certificate without that name, or match another kind",
                    );
                }
                Err(match Certificate::from_der(peer.leaf()) {
                    Ok(leaf) => rejection.about(0, &leaf),
                    Err(_) => rejection,
                })
            }
        }
    }
}
