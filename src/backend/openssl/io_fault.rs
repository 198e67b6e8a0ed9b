use std::io;

use openssl::ssl::Error;

/// Why a call on a connection failed.
pub(super) enum IoFault {
    /// The peer has sent its `close_notify`.
    End,
    /// The transport failed, or is not ready.
    Io(io::Error),
    Tls(Error),
}
