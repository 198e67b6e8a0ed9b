//! Whether the server accepts us, and why not.

mod acceptance;
mod cause;
mod fault;
mod issuer;
mod own_faults;
mod rejection;
mod said;
mod unreachable;
mod verifier;

pub(crate) use acceptance::{Acceptance, Verdict, Why};
pub(crate) use cause::acceptance_of;
pub(crate) use own_faults::OwnView;
pub(crate) use unreachable::failure_of;
