//! Connections that are open: who still has one that would not get one now.

mod handle;
mod live_connections;
mod notifier;
mod registry;
mod registry_state;
mod stream_tracking;
#[cfg(test)]
mod tests;
mod tracked_connection;
pub(crate) mod transport;
mod verification_subject;
mod verifier_thread;
mod waiters;

pub use handle::LiveConnection;
pub use live_connections::LiveConnections;
pub(crate) use registry::Registry;
pub(crate) use stream_tracking::{StreamTracking, Task};
pub(crate) use verification_subject::VerificationBasis;
pub(crate) use waiters::Closer;
