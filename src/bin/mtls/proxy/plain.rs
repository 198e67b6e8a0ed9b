//! A plain port in front of a server to which we authenticate.

use std::sync::Arc;
use std::time::Duration;

use mtls::{MtlsClient, Rustls};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Stop;
use super::address::{Listening, Plain, PlainAddress};
use super::forward::forward;
use super::secure::unreachable;
use crate::events::{EventLine, EventSender};
use crate::output::Finding;

/// The most connections at a time, unless another limit is given.
const MAX_CONNECTIONS: usize = 8192;

/// The pause after an error of accepting, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The server to which plain connections are passed on.
#[derive(Clone)]
pub(super) struct Upstream {
    pub(super) client: MtlsClient<Rustls>,
    pub(super) name: Arc<str>,
    pub(super) address: PlainAddress,
    pub(super) events: EventSender,
}

/// Serves until it is asked to stop, then lets connections finish, for at most this time.
pub(super) async fn serve(
    upstream: Upstream,
    listening: Listening,
    max_connections: Option<usize>,
    mut stop: Stop,
    drain: Duration,
) {
    let max_connections = max_connections.unwrap_or(MAX_CONNECTIONS);
    let places = Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS)));
    loop {
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, listening.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.wait() => break,
        };
        match accepted {
            Ok(plain) => {
                let upstream = upstream.clone();
                tokio::spawn(async move {
                    upstream.pass_on(plain).await;
                    drop(place);
                });
            }
            Err(error) => {
                let finding = Finding::of_error(&error);
                let line = EventLine::new("accept_failed", "a connection was not accepted");
                upstream.events.send(line.with(finding));
                sleep(PAUSE).await;
            }
        }
    }
    drop(listening);
    let all = u32::try_from(max_connections).unwrap_or(u32::MAX);
    // Those that are still open then are cut.
    let _ = timeout(drain, places.acquire_many(all)).await;
}

impl Upstream {
    async fn pass_on(self, mut plain: Box<dyn Plain>) {
        let tcp = match self.address.connect_tcp().await {
            Ok(tcp) => tcp,
            Err(error) => return self.events.send(unreachable(&self.address, &error)),
        };
        // A failed handshake is an event of the client.
        if let Ok(mut stream) = self.client.connect_async(&self.name, tcp).await {
            // What ends a connection is in the metrics.
            let _ = forward(&mut stream, &mut *plain).await;
        }
    }
}
