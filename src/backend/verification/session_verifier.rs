use core::fmt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::alert_hint::{CertificateRequest, hint};
use super::own_chain::OwnChain;
use super::serving_gate::ServingGate;
use crate::backend::event::{Clock, Event, Observer};
use crate::backend::handshake_error::HandshakeError;
use crate::error::Alert;
use crate::error::{BuildError, UnusableTrustAnchor};
use crate::material::RevocationList;
use crate::peer::PeerIdentity;
use crate::policy::{PeerVerifier, Rejection, RejectionReason};
use crate::side::Side;

/// The verifier of one revision with a clock and an observer, and our own chain: what the adapters
/// ask.
pub(crate) struct SessionVerifier {
    verifier: PeerVerifier,
    /// Asked as well, for the observer's ears only.
    shadow: Option<PeerVerifier>,
    own: OwnChain,
    serving_gate: ServingGate,
    clock: Clock,
    observer: Option<Observer>,
}

/// Which time a handshake's peer is judged: OpenSSL may ask again about another path, and before a
/// session is resumed the observer hears of no refusal, since a full handshake follows one.
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
        own: OwnChain,
        serving_gate: ServingGate,
        clock: Clock,
        observer: Option<Observer>,
    ) -> Self {
        Self {
            verifier,
            shadow,
            own,
            serving_gate,
            clock,
            observer,
        }
    }

    /// For native-tls, which does not show which trust anchor a path ends in: no one of them may
    /// have a flaw then.
    pub(crate) fn check_anchors_for_servers(&self) -> Result<(), BuildError> {
        self.verifier.check_anchors_for_servers()?;
        match &self.shadow {
            Some(shadow) => shadow.check_anchors_for_servers(),
            None => Ok(()),
        }
    }

    pub(crate) fn client(&self, chain: &[CertificateDer<'_>], look: Pass) -> Verdict {
        self.verify(look, |verifier, now| verifier.verify_client(chain, now))
    }

    pub(crate) fn server(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        look: Pass,
    ) -> Verdict {
        self.verify(look, |verifier, now| {
            verifier.verify_server(chain, name, now)
        })
    }

    /// For native-tls, where the platform proved the path and shows the leaf alone.
    pub(crate) fn server_leaf(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> Verdict {
        self.verify(Pass::First, |verifier, now| {
            verifier.verify_server_leaf(leaf, name, now)
        })
    }

    /// Asks the shadow about a client whose session was resumed, and who was judged unheard.
    pub(crate) fn shadow_resumed_client(&self, peer: &PeerIdentity) {
        self.resumed(peer, |shadow, now| shadow.verify_client(peer.chain(), now));
    }

    /// The same about a server.
    pub(crate) fn shadow_resumed_server(&self, peer: &PeerIdentity, name: &ServerName<'_>) {
        self.resumed(peer, |shadow, now| {
            shadow.verify_server(peer.chain(), name, now)
        });
    }

    fn resumed(&self, peer: &PeerIdentity, ask: impl Fn(&PeerVerifier, UnixTime) -> Verdict) {
        if let Some(shadow) = &self.shadow {
            self.compare(&Ok(peer.clone()), &guard(|| ask(shadow, self.now())));
        }
    }

    /// The second look, after the handshake. The shadow has said its word by then.
    pub(crate) fn confirm(&self, peer: &PeerIdentity) -> Result<(), Rejection> {
        let confirmed = guard(|| {
            let now = self.now();
            self.serving_gate.check(now)?;
            self.verifier.confirm(peer, now)
        });
        confirmed.map_err(|rejection| self.report(rejection))
    }

    /// Judges the peer of an open connection as a handshake would now, without a word to the
    /// observer. `asked` is the name that a server was asked for by; a client has none. Whether we serve is about us,
    /// and about who comes next.
    pub(crate) fn verify_again(
        &self,
        peer: &PeerIdentity,
        asked: Option<&ServerName<'_>>,
    ) -> Verdict {
        let chain = peer.chain();
        guard(|| match (asked, chain) {
            (None, _) => self.verifier.verify_client(chain, self.now()),
            // The platform proved the path, and showed no more of it.
            (Some(name), [leaf]) if peer.trust_anchor().is_none() => {
                self.verifier.verify_server_leaf(leaf, name, self.now())
            }
            (Some(name), _) => self.verifier.verify_server(chain, name, self.now()),
        })
    }

    /// Tells the observer of an open connection whose peer would not be admitted any more.
    pub(crate) fn connection_rejected(&self, peer: &PeerIdentity, rejection: &Rejection) {
        self.tell(&Event::ConnectionRejected { peer, rejection });
    }

    /// Tells the observer of a refusal that did not come out of this judge, and hands it back.
    pub(crate) fn report(&self, rejection: Rejection) -> Rejection {
        self.tell(&Event::PeerRejected(&rejection));
        rejection
    }

    /// Whether we serve at all, for those who stay anonymous; everyone else is judged.
    pub(crate) fn check_serving(&self) -> Result<(), Rejection> {
        guard(|| self.serving_gate.check(self.now())).map_err(|rejection| self.report(rejection))
    }

    /// Whether our own anchors vouch for our own chain. On native-tls, which verifies signatures
    /// itself, they never do.
    pub(crate) fn verify_own_chain(&self, now: UnixTime) -> Result<(), Rejection> {
        let chain = self.own.chain();
        guard(|| match self.own.side() {
            Side::Client => self.verifier.verify_own_client_chain(chain, now),
            Side::Server => self.verifier.verify_own_server_chain(chain, now),
        })
    }

    /// That the revocation lists of this judge may take the place of those of `before`, which are
    /// in force.
    pub(crate) fn check_lists_follow(
        &self,
        before: &Self,
        now: UnixTime,
    ) -> Result<(), BuildError> {
        self.verifier.check_lists_follow(&before.verifier, now)
    }

    /// The trust anchors that cannot vouch for our peers at this time, or ever; an error where no
    /// other is left.
    pub(crate) fn unusable_trust_anchors(
        &self,
        now: Option<UnixTime>,
    ) -> Result<Vec<UnusableTrustAnchor>, BuildError> {
        match self.own.side() {
            Side::Client => self.verifier.unusable_for_servers(now),
            Side::Server => self.verifier.unusable_for_clients(now),
        }
    }

    /// The revocation lists that neither a trust anchor nor a CA of a proved path signed so far.
    pub(crate) fn unclaimed_lists(&self) -> Vec<Arc<RevocationList>> {
        let lists = self.verifier.unclaimed_lists();
        match &self.shadow {
            // Only one of the policies may have rules.
            Some(shadow) if lists.is_empty() => shadow.unclaimed_lists(),
            _ => lists,
        }
    }

    /// Completes an error that an adapter made of its library's: tells the observer of a refusal
    /// that did not come out of this judge, and looks for the reason of one by the peer.
    pub(crate) fn complete(
        &self,
        error: HandshakeError,
        request: &CertificateRequest,
    ) -> HandshakeError {
        match error {
            HandshakeError::Rejected(rejection) => HandshakeError::Rejected(self.report(rejection)),
            HandshakeError::RejectedByPeer { alert, .. } => self.rejected_by_peer(alert, request),
            other => other,
        }
    }

    /// We were refused, by a peer that had asked us so.
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

    /// Our own chain, for the one question about it that comes up in each handshake.
    pub(crate) fn own(&self) -> &OwnChain {
        &self.own
    }

    /// Asks the verifier, tells the observer of a refusal, and then of a shadow that sees it
    /// otherwise.
    fn verify(&self, look: Pass, ask: impl Fn(&PeerVerifier, UnixTime) -> Verdict) -> Verdict {
        // `None` where no policy was asked: after a clock that panicked, and when we serve nobody.
        let mut asked_at = None;
        let verdict = guard(|| {
            let now = self.now();
            self.serving_gate.check(now)?;
            ask(&self.verifier, *asked_at.insert(now))
        });
        if look == Pass::Unreported {
            return verdict;
        }
        let verdict = verdict.map_err(|rejection| self.report(rejection));
        if let (Some(shadow), Some(now), Pass::First) = (&self.shadow, asked_at, look) {
            self.compare(&verdict, &guard(|| ask(shadow, now)));
        }
        verdict
    }

    fn compare(&self, verdict: &Verdict, shadow: &Verdict) {
        match (verdict, shadow) {
            (Ok(peer), Err(rejection)) => self.tell(&Event::ShadowRejected { peer, rejection }),
            (Err(rejection), Ok(peer)) => self.tell(&Event::ShadowAccepted { peer, rejection }),
            _ => {}
        }
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            // What it makes of the news changes nothing.
            let _ = catch_unwind(AssertUnwindSafe(|| observer(event)));
        }
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// The time for what is not a judgement; `None` from a clock that panics.
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

/// Judges. The matcher and the clock may be the caller's code: where they panic the peer is
/// refused. In OpenSSL's callback a panic would end the process, and elsewhere an accept loop.
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
