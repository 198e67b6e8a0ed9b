//! The metrics, and the keys of their series.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use metrics::{Key, Label, Level, Metadata, Recorder, SharedString};
use pki_types::CertificateDer;

use super::anchors::{AnchorLabel, AnchorLabels};
use super::description;
use super::metric::Metric;
use crate::side::Side;

/// The most labels besides `name`, `side` and `anchor`.
const MAX_LABELS: usize = 5;

/// The most series of one client or server whose keys are kept; each further key is made anew.
///
/// The sets of values are finite, so this is a guard and no limit that is reached.
const MAX_SERIES: usize = 4096;

/// One time series: a metric and the values of its labels.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Series {
    metric: Metric,
    side: Side,
    values: [&'static str; MAX_LABELS],
    anchor: Option<AnchorLabel>,
}

/// The keys of the series of one client or server, so that a series allocates once.
pub(super) struct SeriesCache {
    name: SharedString,
    anchors: AnchorLabels,
    keys: RwLock<HashMap<Series, Key>>,
}

const METADATA: Metadata<'static> = Metadata::new("mtls", Level::INFO, Some("mtls"));

impl SeriesCache {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: SharedString::from_shared(name.into()),
            anchors: AnchorLabels::new(),
            keys: RwLock::new(HashMap::new()),
        }
    }

    /// Returns the label of a trust anchor.
    pub(super) fn anchor(&self, anchor: Option<&CertificateDer<'static>>) -> AnchorLabel {
        self.anchors.of(anchor)
    }

    /// Calls `act` with the recorder of this moment and the key. No lock is held then.
    pub(super) fn with(
        &self,
        metric: Metric,
        side: Side,
        labels: &[&'static str],
        anchor: Option<AnchorLabel>,
        act: impl FnOnce(&dyn Recorder, &Key, &Metadata<'_>),
    ) {
        let mut values = [""; MAX_LABELS];
        for (value, label) in values.iter_mut().zip(labels) {
            *value = label;
        }
        let key = self.key(Series {
            metric,
            side,
            values,
            anchor,
        });
        metrics::with_recorder(|recorder| {
            description::describe_once(recorder);
            act(recorder, &key, &METADATA);
        });
    }

    fn key(&self, series: Series) -> Key {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&series) {
            return key.clone();
        }
        drop(known);
        // Retained: its clones share the labels.
        let key = self.make(&series).to_retained();
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_SERIES {
            known.insert(series, key.clone());
        }
        key
    }

    fn make(&self, series: &Series) -> Key {
        let mut labels = vec![
            Label::new("name", self.name.clone()),
            Label::from_static_parts("side", series.side.as_str()),
        ];
        let names = series.metric.labels().iter();
        labels.extend(
            names
                .zip(series.values)
                .map(|(name, value)| Label::from_static_parts(name, value)),
        );
        if let Some(anchor) = series.anchor {
            labels.push(Label::new("anchor", self.anchors.text(anchor)));
        }
        Key::from_parts(series.metric.name(), labels)
    }
}
