//! Sessions that may be resumed: whose they are, for how long, and that their peer is judged again.
//!
//! rustls asks a store for a session before it resumes one, and that is where the peer is judged: whom the judge refuses
//! by then is not resumed, and has a full handshake, which refuses with the reason and the alert. The store is of one
//! native configuration, and so of one revision.

mod client;
mod drive;
mod server;
mod store;
pub(super) mod verified_session;

pub(super) use client::ClientSessions;
pub(super) use server::ServerSessions;
pub(super) use verified_session::VerifiedSession;
