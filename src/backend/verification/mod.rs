//! What the adapters use of one revision: its verifier, its own chain, its clock and its observer.

pub(crate) mod alert_hint;
pub(crate) mod known_peers;
pub(crate) mod own_chain;
pub(crate) mod serving_gate;
pub(crate) mod session_verifier;
