//! Builder settings of traces and metrics.

use super::Builder;

impl<T> Builder<T> {
    /// Sets the name of this client or server in metrics and traces.
    ///
    /// It is the label `name` of every metric, and the field `mtls.name` of every span and event:
    /// see the guide [operating](crate::guides::operating). It has at most 64 bytes, of ASCII
    /// letters, digits, `_`, `.` and `-`; `build` returns a
    /// [`BuildError::InvalidSetting`](crate::BuildError::InvalidSetting) for any other. Without the
    /// features `metrics` and `tracing` it has no effect.
    ///
    /// By default the name is empty. Two clients of a process need two names, and so do two
    /// servers: with one name they add to the same counters, and each overwrites the gauges of the
    /// other, so that a certificate that expires may not be seen. That is also true of two that are
    /// built from clones of one builder. Clones of a client or server are one.
    ///
    /// ```
    /// let builder = mtls::MtlsClient::builder().name("orders-db");
    /// ```
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }
}
