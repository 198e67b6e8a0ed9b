mod shadow;
#[cfg(test)]
mod tests;

use core::fmt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::backend::event::{Clock, Event};
use crate::backend::handshake_error::HandshakeError;
use crate::backend::session::connection_info::ConnectionId;
use crate::backend::telemetry::{EventSink, HandshakeSpan, RevisionTimes};
use crate::backend::verification::alert_hint::{CertificateRequest, hint};
use crate::backend::verification::known_peers::{Examined, Finding, KnownPeers};
use crate::backend::verification::own_chain::OwnChain;
use crate::backend::verification::serving_gate::ServingGate;
use crate::error::{Alert, BackendKind, RevocationListRegression, UnusableTrustAnchor};
use crate::material::RevocationList;
use crate::peer::PeerIdentity;
use crate::policy::{
    BuildError, PeerVerifier, Rejection, RejectionReason, VerificationTime, VerifiedSignatures,
};
use crate::side::Side;

/// The verifier of one revision, with its clock, the receivers of its events and our own chain.
pub(crate) struct SessionVerifier {
    verifier: PeerVerifier,
    /// Evaluated for the observer; its result is not enforced.
    shadow: Option<PeerVerifier>,
    /// The peers that `verifier` has accepted.
    known: KnownPeers,
    own: OwnChain,
    serving_gate: ServingGate,
    clock: Clock,
    sink: Arc<EventSink>,
}

/// Whether a verification is a handshake's first, and whether it is reported.
///
/// OpenSSL may verify another path of the same peer. Before a session is resumed, a rejection is
/// not reported, because a full handshake follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Repeat,
    First,
    Unreported,
}

type Verdict = Result<PeerIdentity, Rejection>;

impl SessionVerifier {
    pub(crate) fn new(
        verifier: PeerVerifier,
        shadow: Option<PeerVerifier>,
        known: KnownPeers,
        own: OwnChain,
        serving_gate: ServingGate,
        clock: Clock,
        sink: Arc<EventSink>,
    ) -> Self {
        Self {
            verifier,
            shadow,
            known,
            own,
            serving_gate,
            clock,
            sink,
        }
    }

    /// For native-tls, which does not show the trust anchor of a path: each anchor has to be
    /// usable.
    pub(crate) fn check_anchors_for_servers(&self) -> Result<(), BuildError> {
        self.verifier.check_anchors_for_servers()?;
        match &self.shadow {
            Some(shadow) => shadow.check_anchors_for_servers(),
            None => Ok(()),
        }
    }

    pub(crate) fn client(&self, chain: &[CertificateDer<'_>], look: Pass) -> Examined {
        self.examine(chain, None, look)
    }

    pub(crate) fn server(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        look: Pass,
    ) -> Examined {
        self.examine(chain, Some(name), look)
    }

    fn examine(
        &self,
        chain: &[CertificateDer<'_>],
        name: Option<&ServerName<'_>>,
        look: Pass,
    ) -> Examined {
        let mut finding = None;
        let by_shadow = VerifiedSignatures::default();
        let verdict = self.verify(
            look,
            |now| {
                let examined = self.known.examine(&self.verifier, chain, name, now);
                finding = examined.finding;
                examined.verdict
            },
            |shadow, now| shadow.verify_peer(chain, name, now, &by_shadow),
        );
        Examined { verdict, finding }.with_shadow(by_shadow)
    }

    /// Remembers an accepted peer, which has proved its key.
    pub(crate) fn remember(&self, finding: Finding) {
        self.known.remember(&self.verifier, finding);
    }

    /// For native-tls, whose platform authenticates the path and shows only the leaf.
    pub(crate) fn server_leaf(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Verdict {
        self.verify(
            Pass::First,
            |now| self.verifier.verify_server_leaf(leaf, name, now),
            |shadow, now| shadow.verify_server_leaf(leaf, name, now),
        )
    }

    /// Verifies the peer once more after the handshake, without the shadow policy.
    pub(crate) fn confirm(&self, peer: &PeerIdentity) -> Result<(), Rejection> {
        guard(|| {
            let now = self.now();
            self.serving_gate.check(now)?;
            self.verifier.confirm(peer, now)
        })
    }

    /// Verifies the peer of an open connection as a handshake would now, and reports nothing.
    ///
    /// `asked` is the name that the connection to a server was opened with; a client has none. The
    /// serving gate is not checked: it is about us and about new connections.
    pub(crate) fn verify_again(
        &self,
        peer: &PeerIdentity,
        asked: Option<&ServerName<'_>>,
    ) -> Verdict {
        let chain = &*peer.presented();
        // The platform authenticated the path and showed only the leaf.
        if let (Some(name), [leaf], None) = (asked, chain, peer.trust_anchor()) {
            return guard(|| self.verifier.verify_server_leaf(leaf, name, self.now()));
        }
        guard(|| {
            let now = self.now();
            let examined = self.known.examine(&self.verifier, chain, asked, now);
            // It proved its key when its connection was opened. Its signatures alone are kept: as
            // known peers, all that are connected could evict those that come again.
            if let Some(finding) = examined.finding {
                self.verifier.remember(finding.into_verified());
            }
            examined.verdict
        })
    }

    /// Reports the verdict of a handshake that another library drives.
    ///
    /// Our own handshakes are reported as a whole.
    pub(crate) fn report_native(&self, verdict: Result<&PeerIdentity, &Rejection>) {
        let side = self.own.side();
        self.notify(&Event::PeerVerified { side, verdict });
    }

    /// Checks the serving gate for anonymous clients; `verify` does so for all others.
    pub(crate) fn check_serving(&self) -> Result<(), Rejection> {
        guard(|| self.serving_gate.check(self.now()))
    }

    /// Checks that our own anchors authenticate our own chain.
    ///
    /// On native-tls, which verifies signatures itself, they never do.
    pub(crate) fn verify_own_chain(&self, now: UnixTime) -> Result<(), Rejection> {
        let chain = self.own.chain();
        guard(|| match self.own.side() {
            Side::Client => self.verifier.verify_own_client_chain(chain, now),
            Side::Server => self.verifier.verify_own_server_chain(chain, now),
        })
    }

    /// Checks that our revocation lists may replace those of `before`, which are in force.
    pub(crate) fn check_lists_follow(
        &self,
        before: &Self,
        now: UnixTime,
    ) -> Result<(), RevocationListRegression> {
        self.verifier.check_lists_follow(&before.verifier, now)
    }

    /// Returns the trust anchors that cannot authenticate our peers at this time, or ever.
    ///
    /// It is an error if no other anchor is left.
    pub(crate) fn unusable_trust_anchors(
        &self,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        match self.own.side() {
            Side::Client => self.verifier.unusable_for_servers(now),
            Side::Server => self.verifier.unusable_for_clients(now),
        }
    }

    /// Returns the lists that no trust anchor and no CA of an accepted path signed.
    pub(crate) fn unclaimed_lists(&self) -> Vec<Arc<RevocationList>> {
        let lists = self.verifier.unclaimed_revocation_lists();
        match &self.shadow {
            // Only one of the policies may have rules.
            Some(shadow) if lists.is_empty() => shadow.unclaimed_revocation_lists(),
            _ => lists,
        }
    }

    /// Completes an error that an adapter converted from its library's.
    ///
    /// It adds the hint to a rejection by the peer.
    pub(crate) fn complete(
        &self,
        error: HandshakeError,
        request: &CertificateRequest,
    ) -> HandshakeError {
        match error {
            HandshakeError::RejectedByPeer { alert, .. } => self.rejected_by_peer(alert, request),
            other => other,
        }
    }

    /// The error for a rejection by the peer, with a hint from its certificate request.
    pub(crate) fn rejected_by_peer(
        &self,
        alert: Alert,
        request: &CertificateRequest,
    ) -> HandshakeError {
        let now = self.now_unless_panicked();
        HandshakeError::RejectedByPeer {
            alert,
            hint: hint(&self.own, request, now, alert),
        }
    }

    /// The verifier, and that of the shadow policy.
    pub(crate) fn verifiers(&self) -> (&PeerVerifier, Option<&PeerVerifier>) {
        (&self.verifier, self.shadow.as_ref())
    }

    /// Our own chain.
    pub(crate) fn own(&self) -> &OwnChain {
        &self.own
    }

    /// Verifies the peer, and reports a shadow policy's different verdict.
    fn verify(
        &self,
        look: Pass,
        ask: impl FnOnce(UnixTime) -> Verdict,
        ask_shadow: impl FnOnce(&PeerVerifier, UnixTime) -> Verdict,
    ) -> Verdict {
        // `None` if no policy was evaluated: the clock panicked, or the serving gate is closed.
        let mut asked_at = None;
        let verdict = guard(|| {
            let now = self.now();
            self.serving_gate.check(now)?;
            ask(*asked_at.insert(now))
        });
        if look == Pass::Unreported {
            return verdict;
        }
        if let (Some(shadow), Some(now), Pass::First) = (&self.shadow, asked_at, look) {
            self.compare(&verdict, &guard(|| ask_shadow(shadow, now)));
        }
        verdict
    }

    /// Whether anything receives events.
    pub(crate) fn has_receiver(&self) -> bool {
        self.sink.receives()
    }

    pub(crate) fn notify(&self, event: &Event<'_>) {
        self.sink.send(self.own.side(), event);
    }

    /// Begins the trace of a handshake.
    pub(crate) fn handshake_span(&self, backend: BackendKind, id: ConnectionId) -> HandshakeSpan {
        self.sink.tracer().handshake(self.own.side(), backend, id)
    }

    /// Shows in metrics that this verifier's revision serves.
    pub(crate) fn show_revision(&self, number: u64, times: RevisionTimes) {
        self.sink.show_revision(self.own.side(), number, times);
    }

    /// Counts a success of the source in metrics; failures are events.
    pub(crate) fn count_reload(&self, is_degraded: bool) {
        self.sink.count_reload(self.own.side(), is_degraded);
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// This time, with the tolerance of the verifier.
    pub(crate) fn time(&self, now: UnixTime) -> VerificationTime {
        self.verifier.time(now)
    }

    /// The time for all but verification; `None` if the clock panics.
    pub(crate) fn now_unless_panicked(&self) -> Option<UnixTime> {
        catch_unwind(AssertUnwindSafe(|| self.now())).ok()
    }
}

impl fmt::Debug for SessionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionVerifier")
            .field("verifier", &self.verifier)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}

/// Runs a verification, and rejects the peer if it panics.
///
/// The matcher and the clock may be the caller's code. In OpenSSL's callback a panic would end the
/// process, and elsewhere an accept loop.
fn guard<T>(verify: impl FnOnce() -> Result<T, Rejection>) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(verify)).unwrap_or_else(|panic| {
        Err(Rejection::new(RejectionReason::VerifierPanicked).with_presented(message(&*panic)))
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
