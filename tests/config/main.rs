//! Clients and servers from files in TOML, YAML and JSON, and from the environment.

#[path = "../common/mod.rs"]
mod common;

mod environment;
mod followed;
mod guide;
mod place;
mod secrets;
mod wrong;
