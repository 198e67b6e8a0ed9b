//! A recorder of metrics and a subscriber of traces that keep everything.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test target compiles this file for itself and uses a part of it"
)]

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// The labels of a series, without `name`.
pub type Labels = BTreeMap<String, String>;

/// The recorder of this process, which the first call installs.
pub fn recorder() -> &'static Recorder {
    static RECORDER: OnceLock<&'static Recorder> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder: &'static Recorder = Box::leak(Box::default());
        metrics::set_global_recorder(recorder).expect("no other recorder");
        recorder
    })
}

/// Keeps every value.
#[derive(Default)]
pub struct Recorder {
    counters: Mutex<HashMap<Key, Arc<AtomicU64>>>,
    gauges: Mutex<HashMap<Key, Arc<AtomicU64>>>,
    histograms: Mutex<HashMap<Key, Arc<Samples>>>,
    pub described: Mutex<BTreeMap<String, Description>>,
}

/// Type, unit, text, and how often it was described.
pub type Description = (&'static str, Option<Unit>, String, u32);

#[derive(Default)]
struct Samples(Mutex<Vec<f64>>);

impl HistogramFn for Samples {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

fn slot<T: Default>(map: &Mutex<HashMap<Key, Arc<T>>>, key: &Key) -> Arc<T> {
    let mut map = map.lock().unwrap();
    Arc::clone(map.entry(key.clone()).or_default())
}

fn labels(key: &Key) -> Labels {
    let labels = key.labels();
    labels
        .map(|label| (label.key().to_owned(), label.value().to_owned()))
        .collect()
}

impl Recorder {
    /// The series of a metric that belong to the client or server of this name.
    pub fn counters(&self, metric: &str, name: &str) -> Vec<(Labels, u64)> {
        series(&self.counters, metric, name, |value| {
            value.load(Ordering::SeqCst)
        })
    }

    pub fn counter(&self, metric: &str, name: &str) -> u64 {
        self.counters(metric, name).iter().map(|(_, n)| n).sum()
    }

    pub fn gauges(&self, metric: &str, name: &str) -> Vec<(Labels, f64)> {
        series(&self.gauges, metric, name, |value| {
            f64::from_bits(value.load(Ordering::SeqCst))
        })
    }

    /// The value of the only series.
    #[track_caller]
    pub fn gauge(&self, metric: &str, name: &str) -> f64 {
        let mut gauges = self.gauges(metric, name);
        assert_eq!(gauges.len(), 1, "{metric}: {gauges:?}");
        gauges.remove(0).1
    }

    pub fn histograms(&self, metric: &str, name: &str) -> Vec<(Labels, Vec<f64>)> {
        series(&self.histograms, metric, name, |samples| {
            samples.0.lock().unwrap().clone()
        })
    }

    /// Every name, label and value of a label, one a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut write = |key: &Key| {
            writeln!(text, "{}", key.name()).unwrap();
            for label in key.labels() {
                writeln!(text, "{}\n{}", label.key(), label.value()).unwrap();
            }
        };
        self.counters.lock().unwrap().keys().for_each(&mut write);
        self.gauges.lock().unwrap().keys().for_each(&mut write);
        self.histograms.lock().unwrap().keys().for_each(&mut write);
        text
    }

    fn describe(&self, kind: &'static str, name: &KeyName, unit: Option<Unit>, text: SharedString) {
        let mut described = self.described.lock().unwrap();
        let times = described.get(name.as_str()).map_or(0, |known| known.3);
        let description = (kind, unit, text.to_string(), times + 1);
        described.insert(name.as_str().to_owned(), description);
    }
}

fn series<T, V>(
    map: &Mutex<HashMap<Key, Arc<T>>>,
    metric: &str,
    name: &str,
    read: impl Fn(&T) -> V,
) -> Vec<(Labels, V)> {
    let map = map.lock().unwrap();
    let of_metric = map.iter().filter(|(key, _)| key.name() == metric);
    let with_labels = of_metric.map(|(key, value)| (labels(key), read(value)));
    with_labels
        .filter_map(|(mut labels, value)| {
            let own = labels.remove("name").expect("each series has a name");
            (own == name).then_some((labels, value))
        })
        .collect()
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe("counter", &key, unit, description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe("gauge", &key, unit, description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe("histogram", &key, unit, description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(slot(&self.counters, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(slot(&self.gauges, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(slot(&self.histograms, key))
    }
}

/// What a subscriber got, in the order in which it began.
#[derive(Clone, Default)]
pub struct Traces(Arc<Mutex<Vec<Trace>>>);

/// A span or an event.
#[derive(Clone, Debug)]
pub struct Trace {
    pub target: String,
    /// The name of a span, the message of an event.
    pub name: String,
    pub level: Level,
    pub is_span: bool,
    pub is_closed: bool,
    /// The name of the span that it stands in.
    pub parent: Option<String>,
    pub fields: BTreeMap<String, String>,
    id: Option<Id>,
}

impl Traces {
    /// Runs `act` with a subscriber of this thread.
    pub fn during<T>(&self, act: impl FnOnce() -> T) -> T {
        // While a process has one subscriber alone, a thread without it turns off what it is the first to come to.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Registry::default()));
        LazyLock::force(&SECOND);
        let subscriber = Registry::default().with(self.clone());
        tracing::subscriber::with_default(subscriber, act)
    }

    /// Subscribes the whole process.
    pub fn install(&self) {
        let subscriber = Registry::default().with(self.clone());
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
    }

    pub fn take(&self) -> Vec<Trace> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Every text, one a line.
    pub fn text(traces: &[Trace]) -> String {
        let mut text = String::new();
        for trace in traces {
            writeln!(text, "{}\n{}", trace.target, trace.name).unwrap();
            for (name, value) in &trace.fields {
                writeln!(text, "{name}\n{value}").unwrap();
            }
        }
        text
    }
}

impl Trace {
    #[track_caller]
    pub fn field(&self, name: &str) -> &str {
        let field = self.fields.get(name);
        field.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        self.0.insert(field.name().to_owned(), value);
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        let metadata = attributes.metadata();
        let parent = context.span(id).and_then(|span| span.parent());
        self.0.lock().unwrap().push(Trace {
            target: metadata.target().to_owned(),
            name: metadata.name().to_owned(),
            level: *metadata.level(),
            is_span: true,
            is_closed: false,
            parent: parent.map(|span| span.name().to_owned()),
            fields,
            id: Some(id.clone()),
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut traces = self.0.lock().unwrap();
        let of_span = |trace: &&mut Trace| trace.id.as_ref() == Some(id) && !trace.is_closed;
        if let Some(trace) = traces.iter_mut().find(of_span) {
            values.record(&mut Fields(&mut trace.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let metadata = event.metadata();
        self.0.lock().unwrap().push(Trace {
            target: metadata.target().to_owned(),
            name: fields.remove("message").unwrap_or_default(),
            level: *metadata.level(),
            is_span: false,
            is_closed: true,
            parent: context.event_span(event).map(|span| span.name().to_owned()),
            fields,
            id: None,
        });
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let mut traces = self.0.lock().unwrap();
        let of_span = |trace: &&mut Trace| trace.id.as_ref() == Some(&id) && !trace.is_closed;
        if let Some(trace) = traces.iter_mut().find(of_span) {
            trace.is_closed = true;
        }
    }
}
