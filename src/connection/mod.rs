//! Open connections, which are verified again when trust, policy or time changes.

mod client_auth;
mod context;
pub(crate) mod deadline;
pub(crate) mod handle;
#[cfg_attr(
    not(feature = "tokio"),
    allow(dead_code, unreachable_pub, reason = "there is no listener")
)]
mod listener_limits;
mod live_connections;
#[cfg_attr(
    not(feature = "tokio"),
    allow(dead_code, reason = "there is no listener")
)]
mod proxy_senders;
mod registry;
mod stream_tracking;
pub(crate) mod transport;
mod waiters;

pub use crate::backend::event::connection_end::EndReason;
pub use crate::backend::session::connection_info::{ConnectionId, ConnectionInfo};
pub use crate::backend::session::protocol_version::ProtocolVersion;
pub use crate::backend::session::resumption::Resumption;
pub use crate::backend::session::session_info::SessionInfo;
pub use crate::side::Side;
pub use client_auth::{ClientAuth, MAX_CA_NAMES_BYTES, Optional, Required};
pub use context::ConnectionContext;
pub(crate) use handle::ConnectionHandle;
#[cfg(feature = "tokio")]
pub use listener_limits::ListenerLimits;
#[cfg(not(feature = "tokio"))]
pub(crate) use listener_limits::ListenerLimits;
pub use live_connections::LiveConnections;
pub(crate) use proxy_senders::{ListenerSettings, ProxySenders};
pub(crate) use registry::Registry;
pub(crate) use registry::verification_subject::VerificationBasis;
pub(crate) use stream_tracking::{StreamTracking, Task};
pub use transport::{Transport, WithoutTimeout};
pub(crate) use waiters::{Closer, catch_panic};

/// Whether there is a listener.
#[cfg_attr(
    not(feature = "config"),
    allow(dead_code, reason = "a configuration may ask for one")
)]
pub(crate) const HAS_LISTENER: bool = cfg!(feature = "tokio");
