use core::time::Duration;

use super::capability::{Capability, Support};
use crate::error::{BackendKind, BuildError};

/// Whether a client and a server that met before may do a shorter handshake, which shows no certificates (RFC 8446,
/// section 2.2; RFC 5246, section 7.3).
///
/// It saves both ends a signature and the sending of certificates; and since here the peer is judged again all the same,
/// no more: about a fifth of the time (`benches/handshake.rs`). What it costs elsewhere was measured with plain rustls 0.23
/// and OpenSSL 3.0, in TLS 1.2 and 1.3: a session outlives what admitted it. It was resumed after the trust anchor had
/// been removed from a live configuration, 690 hours after a certificate of 24 hours had been issued, and, made without a
/// client certificate, where one was required by then. So it is off, on every backend, unless it is asked for; and then
/// only rustls can hold it to what is in force.
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
/// println!("{}: resumed: {}", stream.peer(), stream.resumed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resumption {
    /// Every handshake is a full one, on every backend.
    #[default]
    Off,
    /// Sessions are resumed within one revision, and the peer is judged at each resumption as in a full handshake: its
    /// whole chain, by the clock of the moment, the revocation lists, the server's name and the matcher. Whom that
    /// refuses gets a full handshake, which tells why. On rustls; elsewhere it is a
    /// [`BuildError::Unsupported`]. OpenSSL keeps the leaf alone in a ticket, and native-tls shows us nothing of it.
    ///
    /// - Sessions are kept in memory, at either end, and nowhere else: no key that would open tickets is made. A rotation
    ///   begins with none, and two clients or servers share none, whatever they are built from. A server keeps 1024, a client
    ///   those with 256 servers and of each at most 8; the oldest make room.
    /// - Only `connect`, `accept` and their asynchronous twins resume, since only there the peer is judged again. What
    ///   `config()` and `live_config()` give never does.
    /// - Never is data sent or taken before the handshake is over (0-RTT, RFC 8446, section 8): it could be replayed.
    /// - Sessions of clients without a certificate are not kept: strangers could fill the room.
    /// - In TLS 1.2 the peer must have the extended master secret (RFC 7627), as all current libraries do: without it,
    ///   a resumed session can be spliced into another with the client's certificate.
    BoundToRevision {
        /// How long after the full handshake, in which the peer proved its key, a session may be resumed, by the monotonic
        /// clock and by the [one given](crate::ClientBuilder::clock); resuming does not prolong it. More than zero, at most
        /// [`MAX_AGE`](Self::MAX_AGE).
        max_age: Duration,
    },
}

impl Resumption {
    /// The longest `max_age` of [`BoundToRevision`](Self::BoundToRevision): a day. RFC 8446, section 4.6.1, allows seven; a day is what
    /// rustls' servers tell their clients.
    pub const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

    /// That a backend can hold it to its terms.
    pub(crate) fn check(self, backend: BackendKind) -> Result<(), BuildError> {
        let Self::BoundToRevision { max_age } = self else {
            return Ok(());
        };
        if let Support::None(_) = Capability::Resumption.on(backend) {
            return Err(BuildError::Unsupported {
                backend,
                what: "resumption that is bound to the revision (`.resumption(..)`), where the peer is judged again",
            });
        }
        let problem = if max_age.is_zero() {
            "no session can be resumed in no time; leave it out, and nothing is resumed".to_owned()
        } else if max_age > Self::MAX_AGE {
            format!(
                "a session is kept for at most {} seconds (24 hours), not {}",
                Self::MAX_AGE.as_secs(),
                max_age.as_secs_f64()
            )
        } else {
            return Ok(());
        };
        Err(BuildError::InvalidSetting {
            setting: "resumption",
            problem,
        })
    }
}
