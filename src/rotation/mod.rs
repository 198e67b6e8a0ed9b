//! Revisions: what a client or server is at one moment, published as a whole.

mod revision;

pub(crate) use revision::{Current, Revision};
