//! The SPIFFE Workload API as a source.

mod error;
mod problem;
mod shared;
pub(crate) mod stream_worker;
pub(crate) mod svid_update;

use core::fmt;
use core::time::Duration;
use std::env;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use ::spiffe::transport::Endpoint;

use crate::peer::SpiffeId;
use crate::rotation::{ReloadTrigger, Rotation, Source, SourceError};

pub use error::SpiffeError;
pub(crate) use error::hint_of;
pub use problem::{
    SpiffeAddressProblem, SpiffeConnectProblem, SpiffePart, SpiffePartProblem, SpiffeStreamProblem,
};
use shared::Shared;
use stream_worker::StreamWorker;
use svid_update::{SvidSelector, SvidUpdate};

/// A source of identity and trust bundles from the SPIFFE Workload API.
///
/// An agent, such as SPIRE's, serves the API on a socket. Needs the cargo feature `spiffe`.
///
/// A thread keeps the stream of X.509 contexts open (SPIFFE Workload API, section 5.2.1). It runs
/// from the first load until the client or server, and so the source, is dropped. Each message is
/// accepted completely or not at all. The chosen SVID becomes the [identity](crate::MtlsIdentity).
/// The bundle of its trust domain and the federated ones become the [trust
/// bundles](crate::TrustBundles). All are loaded as strictly as files. An empty federated bundle
/// removes its trust domain. An unreadable one rejects the message, as does an empty bundle of our
/// own trust domain.
///
/// The bundles authenticate a peer by its trust domain. The policy authorizes it: on a server with
/// [`PeerMatcher::spiffe_id`](crate::PeerMatcher::spiffe_id) or `trust_domain`; on a client with
/// [`VerifierPolicy::server_spiffe`](crate::VerifierPolicy::server_spiffe), because SVIDs rarely
/// have a DNS name.
///
/// ```no_run
/// # #[cfg(feature = "rustls")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsServer, PeerMatcher, Rustls, SpiffeSource, VerifierPolicy};
///
/// let server = MtlsServer::builder()
///     .source(SpiffeSource::from_address("unix:///run/spire/agent.sock")?)
///     .policy(VerifierPolicy::allow(PeerMatcher::spiffe_id("spiffe://prod.example/web")?))
///     .build(Rustls::default())?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rustls"))]
/// # fn main() {}
/// ```
///
/// # When the agent is not available
///
/// A broken stream is opened again after a quarter to half a second, then after pauses that double
/// up to 30 seconds. Until then each load returns the error. `status()` shows it,
/// [`OnSourceLost`](crate::rotation::OnSourceLost) counts from it, and the last valid revision
/// stays in force.
///
/// # When the agent has no identity for us
///
/// That is an answer: `PermissionDenied`, or a message without the chosen SVID. It withdraws the
/// identity, which must not be used any more (SPIFFE Workload API, section 5.2.1). So every
/// handshake is rejected until the agent issues one again, unless
/// [`OnWithdrawal::KeepServing`](crate::rotation::OnWithdrawal::KeepServing) is set.
/// [`Status::is_withdrawn`](crate::Status::is_withdrawn) and
/// [`ReloadFailure::is_withdrawal`](crate::error::ReloadFailure::is_withdrawal) tell it from an
/// agent that is away.
///
/// An agent that hangs looks like one without an update. So the source opens a new connection to it
/// after each [`retry_interval`](Self::retry_interval) without a message. If that fails, the open
/// stream is kept, and the source tries twice more, after pauses as above. After the third failure
/// the stream is closed. A message on the open stream before that ends the tries. The answer that
/// the agent issues no identity takes effect at once.
///
/// # Limits
///
/// A message has at most 4 MiB (gRPC's usual limit, which the client library sets), at most
/// [`MAX_SVIDS`](Self::MAX_SVIDS) SVIDs and [`MAX_TRUST_DOMAINS`](Self::MAX_TRUST_DOMAINS) trust
/// domains. Each chain and bundle has the limits of [`CertificateChain`](crate::CertificateChain)
/// and [`TrustAnchors`](crate::TrustAnchors).
///
/// - The revocation lists of the Workload API (field `crl`) are ignored: the client library does
///   not show them, and SPIRE sends none.
/// - Private keys are wiped where this crate and the SPIFFE library hold them. The buffers of the
///   gRPC library in which they arrived are not wiped.
#[must_use = "it has no effect before it is given to a builder's `source`"]
pub struct SpiffeSource {
    endpoint: Endpoint,
    address: String,
    response_timeout: Duration,
    retry_interval: Duration,
    choice: SvidSelector,
    running: Option<WorkerThread>,
}

/// The thread, and what it shares with the source.
struct WorkerThread {
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
    /// The end of the wait for the first message.
    until: Instant,
}

/// The environment variable of the endpoint (SPIFFE Workload Endpoint, section 4).
const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
const DEFAULT_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_ASK_AGAIN: Duration = Duration::from_secs(300);
/// The shortest time-out and interval; a shorter interval would overload the agent.
const SHORTEST: Duration = Duration::from_millis(100);

impl SpiffeSource {
    /// The most SVIDs in one message.
    pub const MAX_SVIDS: usize = svid_update::MAX_SVIDS;
    /// The most trust domains with bundles in one message.
    pub const MAX_TRUST_DOMAINS: usize = svid_update::MAX_TRUST_DOMAINS;

    /// Uses the address in the environment variable `SPIFFE_ENDPOINT_SOCKET`.
    ///
    /// See SPIFFE Workload Endpoint, section 4.
    ///
    /// ```no_run
    /// use mtls::SpiffeSource;
    /// use std::time::Duration;
    ///
    /// let source = SpiffeSource::from_env()?
    ///     .response_timeout(Duration::from_secs(5))
    ///     .retry_interval(Duration::from_secs(60))
    ///     .spiffe_id("spiffe://prod.example/web".parse()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SpiffeError::NoAddress`] when it is not set, and the errors of
    /// [`from_address`](Self::from_address).
    pub fn from_env() -> Result<Self, SpiffeError> {
        let address = env::var_os(VARIABLE).filter(|address| !address.is_empty());
        Self::from_address(&address.ok_or(SpiffeError::NoAddress)?.to_string_lossy())
    }

    /// Uses the Workload API at this address.
    ///
    /// It is `unix:///path/of/agent.sock`, or `tcp://` with a loopback address of this host and a
    /// port. Nothing is opened before the first load.
    ///
    /// # Errors
    /// [`SpiffeError::Address`] for anything else: over TCP the private key is sent in clear text,
    /// so it must not come from another host. The error omits the parts that may be secret: user
    /// name, password, query and fragment.
    pub fn from_address(address: &str) -> Result<Self, SpiffeError> {
        // The URL parser ignores some of these characters.
        if address.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(SpiffeError::address(address, SpiffeAddressProblem::Space));
        }
        let endpoint = Endpoint::parse(address)
            .map_err(|error| SpiffeError::address(address, error.into()))?;
        match endpoint {
            Endpoint::Unix(_) => {}
            Endpoint::Tcp { host, .. } if host.is_loopback() => {}
            _ => {
                return Err(SpiffeError::address(
                    address,
                    SpiffeAddressProblem::OtherHost,
                ));
            }
        }
        Ok(Self {
            endpoint,
            address: address.to_owned(),
            response_timeout: DEFAULT_ANSWER_TIMEOUT,
            retry_interval: DEFAULT_ASK_AGAIN,
            choice: SvidSelector::First,
            running: None,
        })
    }

    /// Sets how long the agent may take to respond.
    ///
    /// The first load, and so `build`, also waits this long for the first message, failed tries
    /// included. The default is 10 seconds, the minimum 100 milliseconds.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout.max(SHORTEST);
        self
    }

    /// Sets how long the stream may be silent before the source connects again.
    ///
    /// That detects an agent that hangs, after three failed tries, which take up to three times
    /// [`response_timeout`](Self::response_timeout) and 1.5 seconds. The default is 5 minutes, the
    /// minimum 100 milliseconds.
    pub fn retry_interval(mut self, pause: Duration) -> Self {
        self.retry_interval = pause.max(SHORTEST);
        self
    }

    /// Chooses the SVID with this SPIFFE ID, instead of the first.
    ///
    /// See SPIFFE Workload API, section 5.3. Replaces a [`svid_hint`](Self::svid_hint).
    pub fn spiffe_id(mut self, id: SpiffeId) -> Self {
        self.choice = SvidSelector::Id(id);
        self
    }

    /// Chooses the first SVID with this hint (SPIFFE Workload API, section 5.2.1).
    ///
    /// Replaces a [`spiffe_id`](Self::spiffe_id). A hint is a text of the operator beside the
    /// entry. It is no part of the SVID; only the agent confirms it.
    ///
    /// ```
    /// # fn f(source: mtls::SpiffeSource) {
    /// let source = source.svid_hint("internal");
    /// # }
    /// ```
    pub fn svid_hint(mut self, hint: impl Into<String>) -> Self {
        self.choice = SvidSelector::Hint(hint.into());
        self
    }

    /// Returns the worker thread; starts it at the first load, or if it ended.
    fn running(&mut self, reload: &ReloadTrigger) -> Result<&WorkerThread, SpiffeError> {
        let alive = self.running.take().filter(|r| !r.thread.is_finished());
        let running = match alive {
            Some(running) => running,
            None => self.start(reload)?,
        };
        Ok(self.running.insert(running))
    }

    fn start(&self, reload: &ReloadTrigger) -> Result<WorkerThread, SpiffeError> {
        let shared = Arc::new(Shared::new());
        let worker = StreamWorker {
            endpoint: self.endpoint.clone(),
            address: self.address.clone(),
            response_timeout: self.response_timeout,
            retry_interval: self.retry_interval,
            choice: self.choice.clone(),
            shared: shared.clone(),
            reload: reload.clone(),
        };
        let thread = thread::Builder::new()
            .name("mtls-spiffe".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| {
                let text = error.to_string();
                SpiffeError::ended(&self.address, SpiffeStreamProblem::NoThread { text })
            })?;
        let now = Instant::now();
        Ok(WorkerThread {
            thread,
            shared,
            until: now.checked_add(self.response_timeout).unwrap_or(now),
        })
    }
}

impl Source for SpiffeSource {
    /// # Errors
    /// A [`SpiffeError`], within a [`Withdrawal`](crate::error::Withdrawal) if the agent issues no
    /// identity to us, or not the chosen one.
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let (address, within) = (self.address.clone(), self.response_timeout);
        let running = self.running(reload).map_err(SpiffeError::of_source)?;
        let silence = || SpiffeError::NoAnswer {
            address: address.clone(),
            within,
        };
        let given = running.shared.given(running.until, reload, silence);
        let SvidUpdate { identity, bundles } = given.map_err(SpiffeError::of_source)?;
        Ok(Rotation::new()
            .identity(identity)
            .trust_bundles(bundles)
            .origin(format!("SPIFFE Workload API at {address}")))
    }
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        self.shared.over.notify_one();
    }
}

/// A clone connects to the same agent, on a connection of its own.
impl Clone for SpiffeSource {
    fn clone(&self) -> Self {
        Self {
            endpoint: self.endpoint.clone(),
            address: self.address.clone(),
            response_timeout: self.response_timeout,
            retry_interval: self.retry_interval,
            choice: self.choice.clone(),
            running: None,
        }
    }
}

impl fmt::Debug for SpiffeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpiffeSource")
            .field("address", &self.address)
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}
