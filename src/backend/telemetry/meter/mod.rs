//! Metrics, by the facade `metrics`: counters, gauges and histograms of our events.

mod anchors;
mod description;
mod metric;
mod series;

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use pki_types::UnixTime;

use crate::backend::event::Event;
use crate::backend::event::connection_end::{EndCause, EndReason};
use crate::backend::event::handshake::{HandshakeEvent, HandshakeOutcome};
use crate::backend::session::session_info::SessionInfo;
use crate::backend::telemetry::outcome;
use crate::backend::telemetry::revision_times::RevisionTimes;
use crate::material::SignatureScheme;
use crate::peer::PeerIdentity;
use crate::side::Side;
use metric::{Metric, OTHER, UNKNOWN};
use series::SeriesCache;

/// Records the metrics of one client or server.
///
/// Each value goes to the recorder that is installed at that moment, so that one that is installed
/// late, or for one thread, gets it too.
pub(crate) struct Meter {
    series: SeriesCache,
    /// How many connections are open, also while no recorder is installed.
    open: AtomicU64,
    revision: RwLock<Option<Arc<ShownRevision>>>,
}

struct ShownRevision {
    number: u64,
    times: RevisionTimes,
    /// Whether a revision before had revocation lists.
    had_lists: bool,
}

impl Meter {
    pub(crate) const IS_PRESENT: bool = true;

    pub(crate) fn new(name: &str) -> Self {
        Self {
            series: SeriesCache::new(name),
            open: AtomicU64::new(0),
            revision: RwLock::new(None),
        }
    }

    pub(crate) fn record(&self, side: Side, event: &Event<'_>) {
        match *event {
            Event::Handshake(handshake) => self.handshake(handshake),
            Event::PeerVerified { side, verdict } => {
                let (outcome, reason) = match verdict {
                    Ok(peer) => {
                        self.peer(side, peer, None);
                        ("accepted", "")
                    }
                    Err(rejection) => ("rejected", rejection.reason().as_str()),
                };
                self.count(Metric::PeerVerifications, side, &[outcome, reason]);
                self.refresh(side);
            }
            Event::ConnectionEnded {
                connection, cause, ..
            } => {
                self.count(Metric::ConnectionsEnded, connection.side, &[cause.as_str()]);
                self.open.fetch_sub(1, Ordering::SeqCst);
                self.show_open(connection.side);
            }
            Event::ConnectionEnding { connection, reason } => {
                let cause = match reason {
                    EndReason::Rejected(_) => EndCause::Rejected,
                    EndReason::Retired { .. } => EndCause::Retired,
                };
                self.count(
                    Metric::ConnectionsEnding,
                    connection.side,
                    &[cause.as_str()],
                );
            }
            Event::ReloadFailed(_) => {
                self.count(Metric::Reloads, side, &["failure"]);
                self.refresh(side);
            }
            Event::ShadowAccepted { .. } => self.count(Metric::Shadow, side, &["accepted"]),
            Event::ShadowRejected { .. } => self.count(Metric::Shadow, side, &["rejected"]),
            Event::AcceptFailed(_) => self.count(Metric::AcceptFailures, side, &[]),
            Event::IdentityWarning(_) => self.count(Metric::Warnings, side, &["identity"]),
            Event::RuleRelaxed { .. } => self.count(Metric::Warnings, side, &["policy"]),
            Event::UnusableTrustAnchor(_) => self.count(Metric::Warnings, side, &["trust_anchor"]),
            Event::UnclaimedRevocationList(_) => {
                self.count(Metric::Warnings, side, &["revocation_list"]);
            }
            // The gauges of the revision show them.
            Event::Expiring { .. } | Event::Rotated { .. } => {}
        }
    }

    /// Counts a success of the source, which may work by a fallback.
    pub(crate) fn count_reload(&self, side: Side, is_degraded: bool) {
        self.count(Metric::Reloads, side, &["success"]);
        self.set(Metric::Degraded, side, &[], f64::from(is_degraded));
        self.refresh(side);
    }

    /// Shows the revision that serves now. An older one than the last is not shown.
    pub(crate) fn show_revision(&self, side: Side, number: u64, times: RevisionTimes) {
        let mut revision = self
            .revision
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let shown = revision.as_ref();
        if shown.is_none_or(|shown| shown.number <= number) {
            let had_lists = shown.is_some_and(|shown| shown.had_lists);
            *revision = Some(Arc::new(ShownRevision {
                number,
                times,
                had_lists: had_lists || times.lists.is_some(),
            }));
        }
        drop(revision);
        self.refresh(side);
    }

    fn handshake(&self, handshake: &HandshakeEvent<'_>) {
        let (side, outcome) = (handshake.side, handshake.outcome.as_str());
        let accepted = match handshake.outcome {
            HandshakeOutcome::Accepted(connection) => Some(connection),
            HandshakeOutcome::Failed(_) => None,
        };
        let session = accepted.and_then(|connection| connection.session());
        let version = session.map_or("", |session| outcome::version(session.protocol_version()));
        let labels = [
            handshake.backend.as_str(),
            outcome,
            outcome::reason(&handshake.outcome),
            version,
            session.map_or("", group),
        ];
        self.count(Metric::Handshakes, side, &labels);
        self.series.with(
            Metric::HandshakeDuration,
            side,
            &[outcome],
            None,
            |recorder, key, metadata| {
                let histogram = recorder.register_histogram(key, metadata);
                histogram.record(handshake.duration.as_secs_f64());
            },
        );
        if let Some(connection) = accepted {
            if let Some(peer) = connection.peer() {
                self.peer(side, peer, session);
            }
            self.open.fetch_add(1, Ordering::SeqCst);
            self.show_open(side);
        }
        self.refresh(side);
    }

    fn peer(&self, side: Side, peer: &PeerIdentity, session: Option<&SessionInfo>) {
        let anchor = self.series.anchor(peer.trust_anchor());
        let signature = session.and_then(SessionInfo::signature_scheme);
        let labels = [
            signature.map_or(UNKNOWN, SignatureScheme::as_str),
            session.map_or(UNKNOWN, group),
        ];
        self.series.with(
            Metric::Peers,
            side,
            &labels,
            Some(anchor),
            |recorder, key, metadata| recorder.register_counter(key, metadata).increment(1),
        );
    }

    fn count(&self, metric: Metric, side: Side, labels: &[&'static str]) {
        self.series
            .with(metric, side, labels, None, |recorder, key, metadata| {
                recorder.register_counter(key, metadata).increment(1);
            });
    }

    fn set(&self, metric: Metric, side: Side, labels: &[&'static str], value: f64) {
        self.series
            .with(metric, side, labels, None, |recorder, key, metadata| {
                recorder.register_gauge(key, metadata).set(value);
            });
    }

    /// Without a lock around the recorder: each thread looks afterwards whether its value is still
    /// true, so that the last one sets the last value.
    #[expect(
        clippy::cast_precision_loss,
        reason = "fewer than 2^53 connections are open"
    )]
    fn show_open(&self, side: Side) {
        loop {
            let open = self.open.load(Ordering::SeqCst);
            self.set(Metric::Connections, side, &[], open as f64);
            if self.open.load(Ordering::SeqCst) == open {
                return;
            }
        }
    }

    /// Sets the gauges of the revision, again with each handshake and each poll: a recorder may be
    /// installed after the revision was published, and exporters forget what is not repeated.
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^53 revisions are never reached"
    )]
    fn refresh(&self, side: Side) {
        loop {
            let Some(shown) = self.shown() else {
                return;
            };
            self.set(Metric::Revision, side, &[], shown.number as f64);
            let times = &shown.times;
            // A gauge cannot be taken back: without lists any more, it is no number.
            let gone = shown.had_lists.then_some(f64::NAN);
            for (item, time) in [
                ("identity", times.identity.map(seconds)),
                ("trust_anchors", times.anchors.map(seconds)),
                ("revocation_lists", times.lists.map(seconds).or(gone)),
            ] {
                if let Some(time) = time {
                    self.set(Metric::Expiry, side, &[item], time);
                }
            }
            if let Some(time) = times.lists_updated.map(seconds).or(gone) {
                self.set(Metric::ListTime, side, &[], time);
            }
            if self
                .shown()
                .is_some_and(|newest| newest.number == shown.number)
            {
                return;
            }
        }
    }

    fn shown(&self) -> Option<Arc<ShownRevision>> {
        let revision = self.revision.read();
        revision.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn seconds(time: UnixTime) -> f64 {
    Duration::from_secs(time.as_secs()).as_secs_f64()
}

/// The group of the key exchange. A name that is none of the crate's own is `other`, so that the
/// label has few values.
fn group(session: &SessionInfo) -> &'static str {
    match &session.key_exchange_group {
        Some(Cow::Borrowed(group)) => group,
        Some(Cow::Owned(_)) => OTHER,
        None => UNKNOWN,
    }
}
