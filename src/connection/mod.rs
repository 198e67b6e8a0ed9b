//! Open connections, which are verified again when trust, policy or time changes.

mod client_auth;
pub(crate) mod handle;
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

pub use crate::backend::protocol_version::ProtocolVersion;
pub use crate::backend::resumption::Resumption;
pub use crate::backend::session_info::SessionInfo;
pub use client_auth::{ClientAuth, MAX_CA_NAMES_BYTES, Optional, Required};
pub(crate) use handle::ConnectionHandle;
pub use live_connections::LiveConnections;
pub(crate) use registry::Registry;
pub(crate) use stream_tracking::{StreamTracking, Task};
pub use transport::{Transport, WithoutTimeout};
pub(crate) use verification_subject::VerificationBasis;
pub(crate) use waiters::Closer;
