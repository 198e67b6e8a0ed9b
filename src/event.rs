//! The values that events carry.

pub use crate::backend::event::ExpiringItem;
pub use crate::backend::event::connection_end::EndCause;
pub use crate::backend::event::handshake::{HandshakeEvent, HandshakeOutcome};
