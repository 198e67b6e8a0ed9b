//! What a recorder shows about each metric.

use core::sync::atomic::{AtomicUsize, Ordering};

use metrics::{KeyName, Recorder};

use super::metric::{Kind, Metric};

/// Describes all metrics, unless this recorder was the last one that they were described to.
///
/// The facade does not say when a recorder is installed; its address tells two apart. To describe
/// twice does no harm.
pub(super) fn describe_once(recorder: &dyn Recorder) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let address = core::ptr::from_ref(recorder).cast::<()>().addr();
    if LAST.load(Ordering::Relaxed) == address || LAST.swap(address, Ordering::Relaxed) == address {
        return;
    }
    for metric in Metric::ALL {
        let name = KeyName::from_const_str(metric.name());
        let (unit, text) = (Some(metric.unit()), describe(metric).into());
        match metric.kind() {
            Kind::Counter => recorder.describe_counter(name, unit, text),
            Kind::Gauge => recorder.describe_gauge(name, unit, text),
            Kind::Histogram => recorder.describe_histogram(name, unit, text),
        }
    }
}

const fn describe(metric: Metric) -> &'static str {
    match metric {
        Metric::AcceptFailures => "Connections that the system could not give to a listener",
        Metric::Connections => "Open connections of streams",
        Metric::ConnectionsEnded => "Connections that have ended, by cause",
        Metric::ConnectionsEnding => "Open connections that were asked to end, by cause",
        Metric::Degraded => "Whether the source works by a fallback",
        Metric::Expiry => "First second of expiry of the parts in force, Unix time",
        Metric::HandshakeDuration => "Duration of handshakes, by outcome",
        Metric::Handshakes => "Handshakes that have ended",
        Metric::ListTime => "thisUpdate of the oldest revocation list in force, Unix time",
        Metric::Peers => "Accepted peers with a certificate, by the trust anchor of their path",
        Metric::PeerVerifications => "Verdicts in handshakes that another library drives",
        Metric::Reloads => "Polls of the source",
        Metric::Revision => "Number of the revision in force",
        Metric::Shadow => "Peers on which the shadow policy disagrees, by its verdict",
        Metric::Warnings => "Faults of our own material that work but should be corrected",
    }
}
