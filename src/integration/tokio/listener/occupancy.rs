//! How many connections there are: all that are open, and those of each client.

use core::net::IpAddr;
use core::task::{Context, Waker};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::ListenerError;
use crate::policy::matcher::pattern::network::Network;

/// The counts of one listener, shared with its handshakes and streams.
#[derive(Debug, Default)]
pub(crate) struct Occupancy(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: usize,
    /// Handshakes and connections of each client that has any.
    clients: HashMap<Network, usize>,
    /// The listener's task, while it waits for a connection to end.
    waiting: Option<Waker>,
}

/// A place of one handshake and of the connection that it becomes; free when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    occupancy: Arc<Occupancy>,
    client: Option<Network>,
    is_open: bool,
}

impl Occupancy {
    /// Returns how many connections are open, and wakes this task when one ends.
    pub(super) fn watch(&self, context: &Context<'_>) -> usize {
        let mut counts = self.counts();
        match &mut counts.waiting {
            Some(waker) => waker.clone_from(context.waker()),
            None => counts.waiting = Some(context.waker().clone()),
        }
        counts.open
    }

    pub(super) fn open(&self) -> usize {
        self.counts().open
    }

    /// Nothing that holds the lock can panic in between.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    pub(super) fn new(occupancy: &Arc<Occupancy>) -> Self {
        Self {
            occupancy: Arc::clone(occupancy),
            client: None,
            is_open: false,
        }
    }

    /// Counts it for the client at this address.
    ///
    /// # Errors
    /// [`ListenerError::TooManyFromClient`] at the limit.
    pub(super) fn set_client(&mut self, ip: IpAddr, limit: usize) -> Result<(), ListenerError> {
        let ip = ip.to_canonical();
        let Some(client) = Network::around(ip, if ip.is_ipv4() { 32 } else { 64 }) else {
            return Ok(());
        };
        let mut counts = self.occupancy.counts();
        let count = counts.clients.entry(client).or_default();
        if *count >= limit {
            return Err(ListenerError::TooManyFromClient { limit });
        }
        *count = count.saturating_add(1);
        self.client = Some(client);
        Ok(())
    }

    /// Counts it as an open connection.
    pub(super) fn set_open(&mut self) {
        self.is_open = true;
        let mut counts = self.occupancy.counts();
        counts.open = counts.open.saturating_add(1);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.occupancy.counts();
        if let Some(client) = self.client
            && let Some(count) = counts.clients.get_mut(&client)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.clients.remove(&client);
            }
        }
        if self.is_open {
            counts.open = counts.open.saturating_sub(1);
            let waker = counts.waiting.take();
            drop(counts);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}
