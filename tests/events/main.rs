//! What the observer, the handles and the retirement of connections report.

#[path = "../common/callers.rs"]
mod callers;
#[path = "../common/mod.rs"]
mod common;

mod accounting;
mod ends;
mod identified;
mod retired;

use callers::{LIMIT, Stream, anchors, client, identity, meet, pair, server, wait_until};
