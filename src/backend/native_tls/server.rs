//! There is no server: native-tls has no call to request a client certificate, on any platform, so there would be
//! nobody to judge. `NativeTls` leaves [`ServerBackend`](crate::backend::ServerBackend) out, and the compiler says why:
//! `tests/compile_fail/native_tls_server.rs`.
