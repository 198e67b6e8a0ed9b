//! How events are emitted.

/// The target of all spans and events, by which a subscriber filters them.
pub(super) const TARGET: &str = "mtls";

/// Emits an event of a level that is known at run time. The macros of `tracing` need a constant.
macro_rules! emit {
    ($level:expr, $($rest:tt)*) => {
        match $level {
            ::tracing::Level::ERROR | ::tracing::Level::WARN => ::tracing::warn!(target: $crate::backend::telemetry::tracer::emit::TARGET, $($rest)*),
            ::tracing::Level::INFO => ::tracing::info!(target: $crate::backend::telemetry::tracer::emit::TARGET, $($rest)*),
            _ => ::tracing::debug!(target: $crate::backend::telemetry::tracer::emit::TARGET, $($rest)*),
        }
    };
}
pub(super) use emit;
