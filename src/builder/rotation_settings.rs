//! What a builder says about rotation.

use core::time::Duration;

use super::Builder;
use crate::connection::LiveConnections;
use crate::rotation::{OnExpiry, OnSourceLost, SelfTrust, Source, SourceSlot};

impl<T> Builder<T> {
    /// Where identity, trust anchors, revocation lists or policy come from, and come again when they change. What it gives
    /// takes the place of what was given to the builder; the rest stays as it was given.
    ///
    /// `build` asks it on its own thread, and waits for it: in asynchronous code call `build` where waiting is allowed
    /// (`spawn_blocking`). After that a thread of the client's or server's own asks it (`mtls-rotation`), and ends with it.
    ///
    /// A clone of the builder shares the source, which only one client or server can take: give each clone its own, or
    /// its `build` returns [`BuildError::SourceTaken`](crate::BuildError::SourceTaken).
    #[must_use]
    pub fn source(mut self, source: impl Source) -> Self {
        self.settings.rotation.source = Some(SourceSlot::new(source));
        self
    }

    /// How often the source is asked whether or not it calls. Initially every 10 seconds; more than zero. After a failure it
    /// is asked sooner: after half a second first, then after twice the last pause, up to this.
    #[must_use]
    pub fn poll_interval(mut self, pause: Duration) -> Self {
        self.settings.rotation.poll_interval = pause;
        self
    }

    /// What becomes of handshakes when our own certificate has expired. Initially [`OnExpiry::KeepServing`].
    #[must_use]
    pub fn on_expiry(mut self, choice: OnExpiry) -> Self {
        self.settings.on_expiry = choice;
        self
    }

    /// What becomes of handshakes when the source gives nothing good any more. Initially [`OnSourceLost::KeepServing`].
    #[must_use]
    pub fn on_source_lost(mut self, choice: OnSourceLost) -> Self {
        self.settings.rotation.on_source_lost = choice;
        self
    }

    /// Whether our own trust anchors have to vouch for our own identity. Initially [`SelfTrust::Preserve`]. On native-tls nothing
    /// is checked, since the platform shows no signatures, and [`SelfTrust::Require`] is a
    /// [`BuildError`](crate::BuildError).
    #[must_use]
    pub fn self_trust(mut self, choice: SelfTrust) -> Self {
        self.settings.rotation.self_trust = choice;
        self
    }

    /// How long before a certificate of our own chain, a trust anchor or a revocation list runs out the observer is warned
    /// ([`Event::Expiring`](crate::Event::Expiring)): once for each of these times, and once when it has.
    ///
    /// Initially, where there is a [`source`](Self::source), once when a quarter of what it lasts is left, at most 30 days
    /// before: later than most issuers renew. Without a source nobody watches the clock unless this is called: then a thread does.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) -> mtls::ServerBuilder {
    /// use mtls::Event;
    /// use std::time::Duration;
    ///
    /// const DAY: Duration = Duration::from_secs(24 * 3600);
    /// builder
    ///     .warn_before_expiry([14 * DAY, 3 * DAY, DAY])
    ///     .observer(|event| match event {
    ///         Event::Expiring { what, subject, left, .. } => {
    ///             eprintln!("{what} ({subject}) runs out in {} hours", left.as_secs() / 3600);
    ///         }
    ///         Event::ReloadFailed(failure) => eprintln!("{failure}"),
    ///         _ => {}
    ///     })
    /// # }
    /// ```
    #[must_use]
    pub fn warn_before_expiry(mut self, times: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.rotation.warn_before = Some(times.into_iter().collect());
        self
    }

    /// What becomes of connections whose peer would not be admitted any more: by a new revision, or since its
    /// certificate has expired. Initially [`LiveConnections::Untracked`]: nothing.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) -> mtls::ServerBuilder {
    /// use mtls::Event;
    /// use mtls::connection::LiveConnections;
    ///
    /// builder
    ///     .live_connections(LiveConnections::Close)
    ///     .observer(|event| match event {
    ///         Event::ConnectionRejected { peer, rejection, .. } => {
    ///             eprintln!("{peer} was shut out: {rejection}");
    ///         }
    ///         _ => {}
    ///     })
    /// # }
    /// ```
    #[must_use]
    pub fn live_connections(mut self, setting: LiveConnections) -> Self {
        self.settings.rotation.live = setting;
        self
    }
}
