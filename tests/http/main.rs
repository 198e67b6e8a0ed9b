//! The headers of gateways: what is written, what is read, and what never survives.

#[path = "../common/mod.rs"]
mod common;

mod hyper_gateway;
mod peers;
mod reading;
mod survivors;
mod writing;
mod xfcc;
