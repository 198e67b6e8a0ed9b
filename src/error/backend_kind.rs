// What backends send and can do is said in their own folders, above this floor: `backend/kind.rs`
// and `backend/mod.rs` have those methods.

use super::unknown_name::stable_names;

/// The TLS library of a client or a server, named like its crate.
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

stable_names!(BackendKind, "backend", {
    NativeTls => "native-tls",
    OpenSsl => "openssl",
    Rustls => "rustls",
});
