//! There is no server: native-tls cannot request a client certificate on any platform.
//!
//! `NativeTls` does not implement [`ServerBackend`](crate::backend::ServerBackend), and the
//! compiler names the reason: `tests/compile_fail/native_tls_server.rs`.
