use core::fmt;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, UnixTime};

use crate::peer::PeerIdentity;
use crate::policy::{PeerVerifier, Rejection, RejectionReason};

/// What an [`observer`](crate::ClientBuilder::observer) is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A peer was refused. Told once for each handshake, on the handshake's thread, before the alert is sent.
    PeerRejected(&'a Rejection),
}

pub(crate) type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;
pub(crate) type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// The verifier of one revision with a clock and an observer: what the adapters ask.
pub struct Judge {
    verifier: PeerVerifier,
    clock: Clock,
    observer: Option<Observer>,
}

impl Judge {
    pub(crate) fn new(verifier: PeerVerifier, clock: Clock, observer: Option<Observer>) -> Self {
        Self {
            verifier,
            clock,
            observer,
        }
    }

    pub(crate) fn client(&self, chain: &[CertificateDer<'_>]) -> Result<PeerIdentity, Rejection> {
        self.tell(|| self.verifier.verify_client(chain, self.now()))
    }

    pub(crate) fn server(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<PeerIdentity, Rejection> {
        self.tell(|| self.verifier.verify_server(chain, name, self.now()))
    }

    /// For native-tls, where the platform proved the path and shows the leaf alone.
    pub(crate) fn server_leaf(
        &self,
        leaf: &CertificateDer<'_>,
        name: &ServerName<'_>,
    ) -> Result<PeerIdentity, Rejection> {
        self.tell(|| self.verifier.verify_server_leaf(leaf, name, self.now()))
    }

    /// The second look, after the handshake.
    pub(crate) fn confirm(&self, peer: &PeerIdentity) -> Result<(), Rejection> {
        self.tell(|| self.verifier.confirm(peer, self.now()))
    }

    /// Tells the observer of a refusal that did not come out of this judge, and hands it back.
    pub(crate) fn report(&self, rejection: Rejection) -> Rejection {
        if let Some(observer) = &self.observer {
            // What it makes of the news changes nothing: the peer is refused.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                observer(&Event::PeerRejected(&rejection));
            }));
        }
        rejection
    }

    /// Judges, and tells the observer of a refusal.
    ///
    /// The matcher and the clock may be the caller's code. Where they panic the peer is refused: in OpenSSL's callback a
    /// panic would end the process, and elsewhere an accept loop.
    fn tell<T>(&self, judge: impl FnOnce() -> Result<T, Rejection>) -> Result<T, Rejection> {
        let verdict = catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
            Err(Rejection::new(RejectionReason::PolicyPanicked).with_presented(message(&*panic)))
        });
        verdict.map_err(|rejection| self.report(rejection))
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
