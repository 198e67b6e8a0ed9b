//! The `server` and `client` examples meet other people's programs: curl, openssl and node, on the certificates that
//! two widespread walk-throughs make.

#![allow(
    unreachable_pub,
    reason = "the modules of a test target are shared with no other crate"
)]

#[path = "../common/mod.rs"]
mod common;
mod examples;

mod curl;
mod node;
mod openssl;
mod options;
mod our_client;
mod our_own;
mod our_server;
mod proxy;
mod worlds;
