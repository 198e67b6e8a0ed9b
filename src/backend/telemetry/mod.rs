//! Where the events of one client or server go: its observer, metrics and traces.
//!
//! One place gives all three the same facts, so that they agree.

#[cfg_attr(not(feature = "metrics"), path = "meter/absent.rs")]
mod meter;
#[cfg(any(feature = "metrics", feature = "tracing"))]
mod outcome;
#[cfg_attr(
    not(feature = "metrics"),
    expect(dead_code, reason = "metrics alone show the times")
)]
mod revision_times;
#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests;
#[cfg(feature = "tracing")]
mod text;
#[cfg_attr(not(feature = "tracing"), path = "tracer/absent.rs")]
mod tracer;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::event::{Event, Observer};
use crate::side::Side;
use meter::Meter;
use tracer::Tracer;

pub(crate) use revision_times::RevisionTimes;
pub(crate) use tracer::HandshakeSpan;

/// Gives each event to the observer, the metrics and the traces.
pub(crate) struct EventSink {
    observer: Option<Observer>,
    meter: Meter,
    tracer: Tracer,
}

impl EventSink {
    /// `name` distinguishes the clients and servers of a process; it may be empty.
    pub(crate) fn new(name: &str, observer: Option<Observer>) -> Self {
        Self {
            observer,
            meter: Meter::new(name),
            tracer: Tracer::new(name),
        }
    }

    /// Whether anything receives events. If not, they need not be made.
    pub(crate) fn receives(&self) -> bool {
        Meter::IS_PRESENT || Tracer::IS_PRESENT || self.observer.is_some()
    }

    /// Sends an event. No panic of a receiver leaves this function.
    pub(crate) fn send(&self, side: Side, event: &Event<'_>) {
        // Metrics first: when the observer gets an event, it is counted.
        quietly(|| self.meter.record(side, event));
        quietly(|| self.tracer.record(side, event));
        if let Some(observer) = &self.observer {
            quietly(|| observer(event));
        }
    }

    /// Shows the revision that serves now.
    pub(crate) fn show_revision(&self, side: Side, revision: u64, times: RevisionTimes) {
        quietly(|| self.meter.show_revision(side, revision, times));
    }

    /// Counts a success of the source, which may work by a fallback.
    pub(crate) fn count_reload(&self, side: Side, is_degraded: bool) {
        quietly(|| self.meter.count_reload(side, is_degraded));
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.tracer
    }
}

/// A panic of foreign code does not change a verdict.
fn quietly(call: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(call));
}
