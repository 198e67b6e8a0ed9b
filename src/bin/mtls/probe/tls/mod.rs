//! One TLS connection, and what is seen of the server in it.

mod attempt;
mod config;
mod drive;
mod names;
mod recorder;

pub(crate) use attempt::{Attempt, Negotiated, Offer, Wait};
pub(crate) use config::{Configs, Version};
pub(crate) use drive::{Ending, PATIENCE};
pub(crate) use names::scheme_name;
pub(crate) use recorder::Request;
