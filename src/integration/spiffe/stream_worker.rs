//! The thread that keeps the agent's stream open.

use core::pin::{Pin, pin};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use ::spiffe::transport::Endpoint;
use ::spiffe::{WorkloadApiClient, WorkloadApiError, X509Context};
use ::tokio::runtime;
use ::tokio::time::{sleep, timeout};
use futures_util::future::select;
use futures_util::{Stream, StreamExt};

use super::error::{SpiffeError, is_about_content};
use super::problem::SpiffeStreamProblem;
use super::shared::Shared;
use super::svid_update::{SvidSelector, SvidUpdate};
use crate::rotation::ReloadTrigger;

/// The pause before a second try, and the longest pause.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The failed tries in a row after which an open stream is closed.
const MAX_FAILED: u32 = 3;

/// Reads the agent's messages until the source is dropped.
pub(super) struct StreamWorker {
    pub(super) endpoint: Endpoint,
    pub(super) address: String,
    pub(super) response_timeout: Duration,
    pub(super) retry_interval: Duration,
    pub(super) choice: SvidSelector,
    pub(super) shared: Arc<Shared>,
    pub(super) reload: ReloadTrigger,
}

/// A stream, and the client that owns its connection.
struct OpenStream {
    _client: WorkloadApiClient,
    contexts: Contexts,
}

type Contexts = Pin<Box<dyn Stream<Item = Result<X509Context, WorkloadApiError>> + Send>>;

/// The result of a message. The outer error ends the stream.
type MessageResult = Result<Result<SvidUpdate, SpiffeError>, SpiffeError>;

impl StreamWorker {
    pub(super) fn run(&self) {
        // If this thread panics, its last update is withdrawn.
        let _end = WorkerGuard(self);
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => {
                let over = pin!(self.shared.over.notified());
                runtime.block_on(select(over, pin!(self.follow())));
            }
            Err(error) => {
                let text = error.to_string();
                let problem = SpiffeStreamProblem::NoThread { text };
                self.lose(SpiffeError::ended(&self.address, problem));
            }
        }
    }

    async fn follow(&self) {
        let mut pause = Backoff(FIRST_PAUSE);
        while !self.reload.is_over() {
            let error = self.listen(&mut pause).await;
            self.lose(error);
            sleep(pause.next()).await;
        }
    }

    /// Opens a stream and processes its messages, until it breaks.
    async fn listen(&self, pause: &mut Backoff) -> SpiffeError {
        let mut stream = match self.open().await {
            Ok(stream) => stream,
            Err(error) => return error,
        };
        *pause = Backoff(FIRST_PAUSE);
        let mut failed = RetryCount::none();
        while !self.reload.is_over() {
            // An agent that hangs looks like one without an update, so the source connects again.
            let wait = failed.pause().unwrap_or(self.retry_interval);
            match timeout(wait, stream.contexts.next()).await {
                Ok(next) => match self.read(next) {
                    Ok(update) => self.settle(update),
                    Err(error) => return error,
                },
                Err(_) => match self.open().await {
                    Ok(anew) => stream = anew,
                    // An answer, not a failure: it withdraws the last update.
                    Err(error @ SpiffeError::NoIdentity { .. }) => return error,
                    Err(_) if failed.again() => continue,
                    Err(error) => return error,
                },
            }
            failed = RetryCount::none();
        }
        SpiffeError::ended(&self.address, SpiffeStreamProblem::Closed)
    }

    /// Opens a stream on a connection of its own, and processes its first message.
    async fn open(&self) -> Result<OpenStream, SpiffeError> {
        let opened = async {
            let client = WorkloadApiClient::connect(self.endpoint.clone()).await?;
            let mut contexts: Contexts = Box::pin(client.stream_x509_contexts().await?);
            let first = contexts.next().await;
            let stream = OpenStream {
                _client: client,
                contexts,
            };
            Ok::<_, WorkloadApiError>((first, stream))
        };
        let (first, stream) = timeout(self.response_timeout, opened)
            .await
            .map_err(|_| SpiffeError::NoAnswer {
                address: self.address.clone(),
                within: self.response_timeout,
            })?
            .map_err(|error| SpiffeError::of(&self.address, &error))?;
        self.settle(self.read(first)?);
        Ok(stream)
    }

    fn read(&self, next: Option<Result<X509Context, WorkloadApiError>>) -> MessageResult {
        match next {
            None => Err(SpiffeError::ended(
                &self.address,
                SpiffeStreamProblem::Closed,
            )),
            Some(Ok(context)) => Ok(SvidUpdate::of(&context, &self.choice, &self.address)),
            Some(Err(error)) if is_about_content(&error) => {
                Ok(Err(SpiffeError::of(&self.address, &error)))
            }
            Some(Err(error)) => Err(SpiffeError::of(&self.address, &error)),
        }
    }

    fn settle(&self, update: Result<SvidUpdate, SpiffeError>) {
        match update {
            Ok(given) => {
                self.shared.give(given);
                self.reload.now();
            }
            Err(error) => self.lose(error),
        }
    }

    fn lose(&self, error: SpiffeError) {
        if self.shared.lose(error) {
            self.reload.now();
        }
    }
}

struct WorkerGuard<'a>(&'a StreamWorker);

impl Drop for WorkerGuard<'_> {
    fn drop(&mut self) {
        let address = &self.0.address;
        self.0.lose(SpiffeError::ended(
            address,
            SpiffeStreamProblem::ThreadEnded,
        ));
    }
}

/// The failed tries in a row to connect again, while the open stream may work.
struct RetryCount {
    times: u32,
    pause: Backoff,
}

impl RetryCount {
    fn none() -> Self {
        Self {
            times: 0,
            pause: Backoff(FIRST_PAUSE),
        }
    }

    /// Counts a failure. Returns whether the open stream is kept.
    fn again(&mut self) -> bool {
        self.times = self.times.saturating_add(1);
        self.times < MAX_FAILED
    }

    /// Returns the pause before the next try; `None` if none has failed.
    fn pause(&mut self) -> Option<Duration> {
        (self.times > 0).then(|| self.pause.next())
    }
}

/// A pause that doubles each time.
struct Backoff(Duration);

impl Backoff {
    /// Returns a random pause between half and all of it, to spread the workloads of a node.
    fn next(&mut self) -> Duration {
        let whole = self.0;
        self.0 = whole.saturating_mul(2).min(LONGEST_PAUSE);
        // The hash map keys of the standard library are random: that suffices for a pause.
        let random = RandomState::new().hash_one(0_u8) & 0xffff;
        let share = 0.5 + 0.5 * (random as f64 / 65_536.0);
        whole.mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_to_its_bound_and_is_never_short() {
        let mut pause = Backoff(FIRST_PAUSE);
        let mut whole = FIRST_PAUSE;
        for _ in 0..20 {
            let next = pause.next();
            assert!(next <= whole && next >= whole / 2, "{next:?} of {whole:?}");
            whole = (whole * 2).min(LONGEST_PAUSE);
        }
        assert_eq!(pause.0, LONGEST_PAUSE);
    }
}
