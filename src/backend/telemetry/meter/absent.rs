//! In place of the metrics, without the feature.

use crate::backend::event::Event;
use crate::backend::telemetry::revision_times::RevisionTimes;
use crate::side::Side;

pub(crate) struct Meter;

impl Meter {
    pub(crate) const IS_PRESENT: bool = false;

    pub(crate) fn new(_: &str) -> Self {
        Self
    }

    pub(crate) fn record(&self, _: Side, _: &Event<'_>) {}

    pub(crate) fn show_revision(&self, _: Side, _: u64, _: RevisionTimes) {}

    pub(crate) fn count_reload(&self, _: Side, _: bool) {}
}
