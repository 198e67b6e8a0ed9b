//! The SPIFFE Workload API as a source.

mod error;
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
use shared::Shared;
use stream_worker::StreamWorker;
use svid_update::{SvidSelector, SvidUpdate};

/// Identity and trust bundles from the SPIFFE Workload API, as an agent (SPIRE's, for one) serves it on a socket; cargo
/// feature `spiffe`.
///
/// A thread of its own keeps the stream of X.509 contexts open (SPIFFE Workload API, section 5.2.1), from the first
/// load until the client or server, and so the source, is dropped. A message is taken whole or not at all: the chosen
/// SVID becomes the [identity](crate::MtlsIdentity), the bundle of its trust domain and the federated ones the
/// [trust bundles](crate::TrustBundles), all by the same strict loaders as files. A federated bundle that is empty
/// leaves its trust domain out; one that cannot be read refuses the message, as an empty one of our own does.
///
/// Only the trust domain of a peer is asked of the bundles. Who is admitted says the policy: on a server
/// [`PeerMatcher::spiffe_id`](crate::PeerMatcher::spiffe_id) or `trust_domain`; on a client
/// [`VerifierPolicy::server_spiffe`](crate::VerifierPolicy::server_spiffe), since SVIDs rarely hold a DNS name.
///
/// ```no_run
/// # #[cfg(feature = "rustls")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{MtlsServer, PeerMatcher, Rustls, SpiffeSource, VerifierPolicy};
///
/// let server = MtlsServer::builder()
///     .source(SpiffeSource::at("unix:///run/spire/agent.sock")?)
///     .policy(VerifierPolicy::allow(PeerMatcher::spiffe_id("spiffe://prod.example/web")?))
///     .build(Rustls::default())?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "rustls"))]
/// # fn main() {}
/// ```
///
/// # While the agent is away
///
/// A stream that breaks is opened again, first after a quarter to half a second, then after pauses that double up to 30
/// seconds. Meanwhile a load fails and says why, so that `status()` shows it and
/// [`OnSourceLost`](crate::rotation::OnSourceLost) counts from there, and the last good revision serves. That is so, too, when the
/// agent takes the identity back (`PermissionDenied`). The standard wants an SVID that was taken back to be used no longer:
/// give `OnSourceLost::RejectAfter` with the time that an agent may take to restart.
///
/// An agent that hangs looks like one with nothing new. So it is asked anew, on a new connection, at each
/// [`retry_interval`](Self::retry_interval). Where that fails the stream that is open is kept, and the agent is asked
/// twice more, after pauses as above; when it fails the third time, the stream is given up. A message that comes on it
/// meanwhile shows that it is alive, and an agent that answers that it issues no identity is believed at once.
///
/// # Limits
///
/// A message has at most 4 MiB (gRPC's usual bound, which the client library sets), at most
/// [`MAX_SVIDS`](Self::MAX_SVIDS) SVIDs and [`MAX_TRUST_DOMAINS`](Self::MAX_TRUST_DOMAINS) trust domains, and each chain
/// and bundle has the limits of [`CertificateChain`](crate::CertificateChain) and
/// [`TrustAnchors`](crate::TrustAnchors).
///
/// - The revocation lists of the Workload API (field `crl`) are not looked at: the library that is used does not show
///   them, and SPIRE sends none.
/// - Private keys are wiped where this crate and the SPIFFE library hold them. The buffers of the gRPC library in which
///   they arrived are not.
#[must_use = "it has no effect before it is given to a builder's `source`"]
pub struct SpiffeSource {
    endpoint: Endpoint,
    address: String,
    response_timeout: Duration,
    retry_interval: Duration,
    choice: SvidSelector,
    running: Option<WorkerThread>,
}

/// The thread, and what is known of it.
struct WorkerThread {
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
    /// Until when the first message is waited for.
    until: Instant,
}

/// The variable that names the endpoint (SPIFFE Workload Endpoint, section 4).
const VARIABLE: &str = "SPIFFE_ENDPOINT_SOCKET";
const DEFAULT_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_ASK_AGAIN: Duration = Duration::from_secs(300);
/// Asking more often would keep the agent busy with nothing else.
const SHORTEST: Duration = Duration::from_millis(100);

impl SpiffeSource {
    /// The most SVIDs that one message may hold.
    pub const MAX_SVIDS: usize = svid_update::MAX_SVIDS;
    /// The most trust domains that one message may hold the bundles of.
    pub const MAX_TRUST_DOMAINS: usize = svid_update::MAX_TRUST_DOMAINS;

    /// The Workload API at the address in the environment variable `SPIFFE_ENDPOINT_SOCKET` (SPIFFE Workload Endpoint,
    /// section 4).
    ///
    /// # Errors
    /// [`SpiffeError::NoAddress`] where it is not set, and the errors of [`at`](Self::at).
    pub fn from_env() -> Result<Self, SpiffeError> {
        let address = env::var_os(VARIABLE).filter(|address| !address.is_empty());
        Self::at(&address.ok_or(SpiffeError::NoAddress)?.to_string_lossy())
    }

    /// The Workload API at this address: `unix:///path/of/agent.sock`, or `tcp://` with an address of this host and a
    /// port. Nothing is opened before the first load.
    ///
    /// # Errors
    /// [`SpiffeError::Address`] for anything else: over TCP the private key comes in clear text, so it must not come from
    /// another host. It does not show what may be secret in the address: user name, password, query, fragment.
    pub fn at(address: &str) -> Result<Self, SpiffeError> {
        // The parser of URLs passes over some of them.
        if address.contains(|c: char| c.is_control() || c.is_whitespace()) {
            let problem = "it holds a space or a control character";
            return Err(SpiffeError::address(address, problem));
        }
        let endpoint = Endpoint::parse(address)
            .map_err(|error| SpiffeError::address(address, error.to_string()))?;
        match endpoint {
            Endpoint::Unix(_) => {}
            Endpoint::Tcp { host, .. } if host.is_loopback() => {}
            _ => {
                return Err(SpiffeError::address(
                    address,
                    "private keys would come in clear text from another host",
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

    /// How long the agent may take to answer, and the first load (so `build`) to wait for the first message, tries that
    /// fail included. Initially 10 seconds; at least 100 milliseconds are taken.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout.max(SHORTEST);
        self
    }

    /// How long the stream may be silent before the agent is asked anew, which shows whether it hangs: when three tries
    /// failed, which takes up to three times [`response_timeout`](Self::response_timeout) and 1.5 seconds. Initially 5
    /// minutes; at least 100 milliseconds are taken.
    pub fn retry_interval(mut self, pause: Duration) -> Self {
        self.retry_interval = pause.max(SHORTEST);
        self
    }

    /// Takes the SVID of this SPIFFE ID where the agent gives several, in place of the first (SPIFFE Workload API, section
    /// 5.3). Takes the place of [`hint`](Self::hint), too.
    pub fn spiffe_id(mut self, id: SpiffeId) -> Self {
        self.choice = SvidSelector::Id(id);
        self
    }

    /// Takes the first SVID with this hint where the agent gives several (SPIFFE Workload API, section 5.2.1). Takes the
    /// place of [`spiffe_id`](Self::spiffe_id), too.
    ///
    /// Hints are words that the operator put beside the entry. They are no part of the SVID, and the agent vouches for
    /// them.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.choice = SvidSelector::Hint(hint.into());
        self
    }

    /// The thread that listens: started by the first load, and again should it ever end.
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
        let follower = StreamWorker {
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
            .spawn(move || follower.run())
            .map_err(|error| {
                SpiffeError::ours(&self.address, format!("no thread can be started: {error}"))
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
    /// A [`SpiffeError`].
    fn load(&mut self, reload: &ReloadTrigger) -> Result<Rotation, SourceError> {
        let (address, within) = (self.address.clone(), self.response_timeout);
        let running = self.running(reload)?;
        let silence = || SpiffeError::NoAnswer {
            address: address.clone(),
            within,
        };
        let SvidUpdate { identity, bundles } =
            running.shared.given(running.until, reload, silence)?;
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

/// The clone asks the same agent, on a connection of its own.
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
