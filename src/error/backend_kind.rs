use core::fmt;

/// The TLS library of a client or a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendKind {
    /// native-tls: the platform's own TLS library.
    NativeTls,
    /// The openssl crate.
    OpenSsl,
    /// rustls.
    Rustls,
}

impl BackendKind {
    /// All of them, in the order of the tables in the documentation.
    pub const ALL: &[Self] = &[Self::Rustls, Self::OpenSsl, Self::NativeTls];
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NativeTls => "native-tls",
            Self::OpenSsl => "OpenSSL",
            Self::Rustls => "rustls",
        })
    }
}
