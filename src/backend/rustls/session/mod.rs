//! Sessions that may be resumed: their peer, their age, and its repeated verification.
//!
//! rustls calls a store for a session before it resumes one, and the peer is verified there. A
//! session of a rejected peer is not resumed; a full handshake follows, which rejects it with the
//! reason and the alert. A store belongs to one native configuration, and so to one revision.

mod client;
mod drive;
mod server;
mod store;
pub(super) mod verified_session;

pub(super) use client::ClientSessions;
pub(super) use server::ServerSessions;
pub(super) use verified_session::VerifiedSession;
