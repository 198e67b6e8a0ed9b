//! What is seen only from inside a TLS library at the other end; here it is rustls.

mod config;
mod resumption;
mod wire;
