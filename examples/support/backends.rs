//! The value of each backend, for code that runs on all of them: the examples and the tests.

#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each program uses a part of it"
)]

/// Runs code with the client backend of a kind; `None` if it is not compiled in.
macro_rules! with_client_backend {
    ($kind:expr, |$backend:ident| $run:expr) => {
        match $kind {
            #[cfg(feature = "rustls")]
            mtls::backend::BackendKind::Rustls => {
                let $backend = mtls::Rustls::default();
                Some($run)
            }
            #[cfg(feature = "openssl")]
            mtls::backend::BackendKind::OpenSsl => {
                let $backend = mtls::OpenSsl::default();
                Some($run)
            }
            #[cfg(feature = "native-tls")]
            mtls::backend::BackendKind::NativeTls => {
                let $backend = mtls::NativeTls::default();
                Some($run)
            }
            _ => None,
        }
    };
}

/// Runs code with the server backend of a kind; `None` if it is not compiled in or is no server.
macro_rules! with_server_backend {
    ($kind:expr, |$backend:ident| $run:expr) => {
        match $kind {
            #[cfg(feature = "rustls")]
            mtls::backend::BackendKind::Rustls => {
                let $backend = mtls::Rustls::default();
                Some($run)
            }
            #[cfg(feature = "openssl")]
            mtls::backend::BackendKind::OpenSsl => {
                let $backend = mtls::OpenSsl::default();
                Some($run)
            }
            _ => None,
        }
    };
}

pub(crate) use {with_client_backend, with_server_backend};
