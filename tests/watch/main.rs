//! Files that are watched: what becomes of a client or server while they change, well or badly.

#[path = "../common/mod.rs"]
mod common;

mod clocks;
mod faults;
#[cfg(unix)]
mod forked;
mod lists;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(unix)]
mod paths;
mod place;
#[cfg(all(feature = "openssl", feature = "encrypted-keys"))]
mod races;
#[cfg(target_os = "linux")]
mod shared;
#[cfg(all(unix, feature = "tokio"))]
mod signals;
mod source;
mod stage;
mod status;
mod suffer;
#[cfg(target_os = "linux")]
mod tools;
mod watches;
mod ways;
