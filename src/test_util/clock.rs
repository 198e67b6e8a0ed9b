use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pki_types::UnixTime;

/// A clock that a test sets, in whole seconds. Clones are the same clock.
///
/// Give [`reader`](Self::reader) to a builder: certificates are verified by it, on every backend
/// (native-tls verifies the path by the system's clock in any case). It stands still until it is
/// set. Time-outs and polling intervals do not follow it.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::test_util::{TestCa, TestClock, connect_pair};
/// use mtls::{MtlsClient, MtlsServer, Rustls, VerifierPolicy};
/// use std::time::Duration;
///
/// let (ca, clock) = (TestCa::new("Example CA"), TestClock::now());
/// let server = MtlsServer::builder()
///     .identity(ca.leaf("server").dns("db.example").issue())
///     .trust_anchors(ca.anchors())
///     .policy(VerifierPolicy::allow_any_authenticated())
///     .clock(clock.reader())
///     .build(Rustls::default())?;
/// let client = MtlsClient::builder()
///     .identity(ca.leaf("payments").issue())
///     .trust_anchors(ca.anchors())
///     .build(Rustls::default())?;
/// assert!(connect_pair(&client, &server, "db.example").1.is_ok());
/// clock.advance(Duration::from_secs(31 * 86_400));
/// assert!(connect_pair(&client, &server, "db.example").1.is_err());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc-rs"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct TestClock(Arc<AtomicU64>);

impl TestClock {
    /// Creates a clock that shows the system's time, and stands still.
    pub fn now() -> Self {
        Self::at(UnixTime::now())
    }

    /// Creates a clock that shows this time.
    pub fn at(time: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(time.as_secs())))
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, time: UnixTime) {
        self.0.store(time.as_secs(), Ordering::SeqCst);
    }

    /// Moves the clock forward, by whole seconds. What is less is left out.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// Returns the time that it shows.
    pub fn time(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::SeqCst)))
    }

    /// Returns a function for [`ServerBuilder::clock`](crate::ServerBuilder::clock) and
    /// [`ClientBuilder::clock`](crate::ClientBuilder::clock).
    pub fn reader(&self) -> impl Fn() -> UnixTime + Send + Sync + use<> + 'static {
        let clock = self.clone();
        move || clock.time()
    }
}
