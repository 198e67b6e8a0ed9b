//! Builder settings of time.

use core::time::Duration;
use std::sync::Arc;

use pki_types::UnixTime;

use super::Builder;

impl<T> Builder<T> {
    /// Sets the clock that certificates are verified by. The default is the system's clock.
    ///
    /// native-tls verifies the path by the system's clock in any case.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let builder = pki::client_builder();
    /// use mtls::pki_types::UnixTime;
    /// use std::time::Duration;
    ///
    /// let at = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
    /// let client = builder.clock(move || at).build(mtls::Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> UnixTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Sets how far the clock of a peer or its CA may be ahead of ours.
    ///
    /// A peer's certificate, a trust anchor or a revocation list that begins at most so much later
    /// counts as begun. Nothing counts longer than it lasts, and our own certificate serves from
    /// its first second. In whole seconds, at most
    /// [`PeerVerifier::MAX_CLOCK_SKEW`](crate::PeerVerifier::MAX_CLOCK_SKEW) (10 minutes); the
    /// default is zero. Not on native-tls.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let builder = pki::server_builder();
    /// let builder = builder.clock_skew(std::time::Duration::from_secs(30));
    /// let server = builder.build(mtls::Rustls::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock_skew(mut self, at_most: Duration) -> Self {
        self.settings.clock_skew = at_most;
        self
    }
}
