use core::time::Duration;

use crate::backend::capability::{Capability, Support};
use crate::error::{BackendKind, SettingProblem};
use crate::policy::BuildError;

/// Whether a client and a server may resume an earlier session.
///
/// See RFC 8446, section 2.2, and RFC 5246, section 7.3. Resumption is a shorter handshake without
/// certificates. It saves both sides a signature and the transfer of certificates. Here the peer is
/// verified again all the same, so that it saves about a fifth of the time
/// (`benches/cost.sh`).
///
/// Elsewhere a session outlives the conditions under which the peer was accepted. This was measured
/// with plain rustls 0.23 and OpenSSL 3.0, in TLS 1.2 and 1.3. A session was resumed after its
/// trust anchor had been removed from a live configuration; 690 hours after a certificate of 24
/// hours had been issued; and, when it had been made without a client certificate, where one was
/// required by then. So resumption is off by default on every backend, and only rustls can bind a
/// session to the revision in force.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
/// use mtls::connection::Resumption;
/// use std::time::Duration;
///
/// let client = MtlsClient::builder()
///     .identity(MtlsIdentity::from_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_file("ca.crt")?)
///     .resumption(Resumption::BoundToRevision { max_age: Duration::from_secs(3600) })
///     .build(Rustls::default())?;
/// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
/// let stream = client.connect("db.internal", tcp)?;
/// println!("{}: resumed: {}", stream.peer(), stream.session().is_resumed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resumption {
    /// Every handshake is a full one, on every backend.
    #[default]
    Off,
    /// Sessions are resumed within one revision, and each resumption verifies the peer again.
    ///
    /// The peer is verified as in a full handshake: its whole chain, by the current time, the
    /// revocation lists, the server's name and the matcher. If that rejects the peer, a full
    /// handshake follows, which reports the reason. Only rustls supports this; elsewhere it is a
    /// [`BuildError::Unsupported`]. OpenSSL keeps only the leaf in a ticket, and native-tls shows
    /// us nothing of it.
    ///
    /// - Both sides keep sessions in memory only; there is no key that opens tickets. A rotation
    ///   starts without sessions, and two clients or servers share none, whatever they are built
    ///   from. A server keeps 1024 sessions; a client keeps those with 256 servers, at most 8 with
    ///   each. The oldest are removed first.
    /// - Only `connect`, `accept` and their asynchronous twins resume, because only they verify the
    ///   peer again. The configurations of `config()` and `live_config()` never resume.
    /// - No data is sent or accepted before the handshake is complete (0-RTT, RFC 8446, section 8),
    ///   because it could be replayed.
    /// - Sessions of clients without a certificate are not kept, because strangers could fill the
    ///   store.
    /// - In TLS 1.2 the peer must support the extended master secret (RFC 7627), as all current
    ///   libraries do. Without it, a resumed session can be spliced into another with the client's
    ///   certificate.
    BoundToRevision {
        /// The time after the full handshake in which a session may be resumed.
        ///
        /// It starts when the peer proved its key, and runs by the monotonic clock and by the [one
        /// given](crate::ClientBuilder::clock). Resuming does not prolong it. More than zero, at
        /// most [`MAX_AGE`](Self::MAX_AGE).
        max_age: Duration,
    },
}

impl Resumption {
    /// The longest `max_age` of [`BoundToRevision`](Self::BoundToRevision): one day.
    ///
    /// RFC 8446, section 4.6.1, allows seven days. One day is what rustls' servers announce to
    /// their clients.
    pub const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

    /// Checks that the backend supports this setting, and that `max_age` is in its range.
    pub(crate) fn check(self, backend: BackendKind) -> Result<(), BuildError> {
        let Self::BoundToRevision { max_age } = self else {
            return Ok(());
        };
        if let Support::None(_) = Capability::Resumption.on(backend) {
            return Err(BuildError::Unsupported {
                setting: "resumption",
                backend,
                what: "resumption that is bound to the revision (`.resumption(..)`)",
                reason: "it cannot verify the peer again when a session is resumed",
            });
        }
        let problem = if max_age.is_zero() {
            SettingProblem::ZeroMaxAge
        } else if max_age > Self::MAX_AGE {
            SettingProblem::MaxAgeTooLong {
                max_age,
                limit: Self::MAX_AGE,
            }
        } else {
            return Ok(());
        };
        Err(BuildError::InvalidSetting {
            setting: "resumption",
            problem,
        })
    }
}
