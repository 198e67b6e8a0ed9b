//! Builder settings of the rotation, the source and open connections.

use core::time::Duration;

use super::Builder;
use crate::connection::LiveConnections;
use crate::rotation::{
    OnExpiry, OnSourceLost, OnWithdrawal, SelfTrust, SelfValidity, Source, SourceSlot,
};

impl<T> Builder<T> {
    /// Sets the source of identity, trust anchors, revocation lists or policy, also for later
    /// changes.
    ///
    /// What it gives replaces what the builder was given; other settings stay.
    ///
    /// `build` polls it on the calling thread and waits for it, once unless
    /// [`wait_for_first`](Self::wait_for_first) is set: asynchronous code calls `build` where
    /// blocking is allowed (`spawn_blocking`). After that a thread of the client or server
    /// (`mtls-rotation`) polls it. The thread ends with the client or server.
    ///
    /// Threads do not survive a fork: build the client or server in the process that uses it. In a
    /// forked one it serves what it had, and [`Status::degraded`](crate::Status::degraded) says so.
    ///
    /// Clones of the builder share the source, and only the first `build` takes it, even if it
    /// fails. Give each clone its own source; otherwise `build` returns
    /// [`BuildError::SourceTaken`](crate::BuildError::SourceTaken).
    ///
    /// ```
    /// # use mtls::{BuildError, ServerBuilder, Source};
    /// # fn f(builder: ServerBuilder, vault: impl Source) -> Result<(), BuildError> {
    /// let server = builder
    ///     .source(vault)
    ///     .poll_interval(std::time::Duration::from_secs(60))
    ///     .build(mtls::Rustls::default())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn source(mut self, source: impl Source) -> Self {
        self.settings.rotation.source = Some(SourceSlot::new(source));
        self
    }

    /// Sets how long `build` waits until the source gives everything that is required.
    ///
    /// For services that start before their certificate: a sidecar or agent that has yet to write
    /// or issue it. By default the source is polled once, and what is missing is an error. With
    /// this, `build` polls again after half a second, then after twice the previous pause (at most
    /// [`poll_interval`](Self::poll_interval)), and at once when the source calls its trigger.
    /// After this time it returns the error of the last poll. A poll that has begun is not ended,
    /// so it may take longer by the source's own time limit.
    ///
    /// It blocks the thread, also under a runtime: asynchronous code calls `build` by
    /// `tokio::task::spawn_blocking`. Under Kubernetes, which restarts and counts what does not
    /// become ready, it is shorter than the startup probe.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder, files: impl mtls::Source) -> Result<(), mtls::BuildError> {
    /// use std::time::Duration;
    ///
    /// let server = builder
    ///     .source(files)
    ///     .wait_for_first(Duration::from_secs(60))
    ///     .build(mtls::Rustls::default())?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn wait_for_first(mut self, at_most: Duration) -> Self {
        self.settings.rotation.wait_for_first = Some(at_most);
        self
    }

    /// Sets how often the source is polled without a trigger. The default is 10 seconds; it must
    /// be more than zero.
    ///
    /// After a failure the source is polled sooner: first after half a second, then after twice the
    /// previous pause, up to this interval. If it gave an identity that begins sooner than that, it
    /// is polled when that begins.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let builder = mtls::MtlsServer::builder().poll_interval(Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn poll_interval(mut self, pause: Duration) -> Self {
        self.settings.rotation.poll_interval = pause;
        self
    }

    /// Sets what happens to handshakes when our own certificate has expired. The default
    /// is [`OnExpiry::KeepServing`].
    ///
    /// ```
    /// use mtls::rotation::OnExpiry;
    /// let builder = mtls::MtlsServer::builder().on_expiry(OnExpiry::Reject);
    /// ```
    #[must_use]
    pub fn on_expiry(mut self, choice: OnExpiry) -> Self {
        self.settings.on_expiry = choice;
        self
    }

    /// Sets what happens to handshakes when the source keeps failing. The default is
    /// [`OnSourceLost::KeepServing`].
    ///
    /// ```
    /// use mtls::rotation::OnSourceLost;
    /// let limit = OnSourceLost::RejectAfter(std::time::Duration::from_secs(3600));
    /// let builder = mtls::MtlsServer::builder().on_source_lost(limit);
    /// ```
    #[must_use]
    pub fn on_source_lost(mut self, choice: OnSourceLost) -> Self {
        self.settings.rotation.on_source_lost = choice;
        self
    }

    /// Sets what happens to handshakes when the source withdraws our identity. The default is
    /// [`OnWithdrawal::Reject`].
    ///
    /// ```
    /// use mtls::rotation::OnWithdrawal;
    /// let builder = mtls::MtlsServer::builder().on_withdrawal(OnWithdrawal::KeepServing);
    /// ```
    #[must_use]
    pub fn on_withdrawal(mut self, choice: OnWithdrawal) -> Self {
        self.settings.rotation.on_withdrawal = choice;
        self
    }

    /// Sets whether our own trust anchors must prove our own identity. The default is
    /// [`SelfTrust::Preserve`].
    ///
    /// On native-tls nothing is verified, since the platform does not expose signature
    /// verification, and [`SelfTrust::Require`] is a [`BuildError`](crate::BuildError).
    ///
    /// ```
    /// use mtls::rotation::SelfTrust;
    /// let builder = mtls::MtlsServer::builder().self_trust(SelfTrust::Require);
    /// ```
    #[must_use]
    pub fn self_trust(mut self, choice: SelfTrust) -> Self {
        self.settings.rotation.self_trust = choice;
        self
    }

    /// Sets what `build` does when our own certificate has expired or is not valid yet. The default
    /// is [`SelfValidity::Warn`].
    ///
    /// [`on_expiry`](Self::on_expiry) is about handshakes, later.
    ///
    /// ```
    /// use mtls::rotation::SelfValidity;
    /// let builder = mtls::MtlsServer::builder().self_validity(SelfValidity::Require);
    /// ```
    #[must_use]
    pub fn self_validity(mut self, choice: SelfValidity) -> Self {
        self.settings.rotation.self_validity = choice;
        self
    }

    /// Sets how long before an expiry the observer is warned
    /// ([`Event::Expiring`](crate::Event::Expiring)).
    ///
    /// This covers the certificates of our own chain, the trust anchors and the revocation lists.
    /// There is one warning for each of these times, and one after the expiry.
    ///
    /// By default, with a [`source`](Self::source), there is one warning when a quarter of the
    /// lifetime is left, at most 30 days before the expiry, which is later than most issuers renew.
    /// Without a source expiries are watched only if this is called: it starts a thread.
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
    ///             eprintln!("{what} ({subject}) expires in {} hours", left.as_secs() / 3600);
    ///         }
    ///         Event::ReloadFailed(failure) => eprintln!("{}", mtls::Report::new(*failure)),
    ///         _ => {}
    ///     })
    /// # }
    /// ```
    #[must_use]
    pub fn warn_before_expiry(mut self, times: impl IntoIterator<Item = Duration>) -> Self {
        self.settings.rotation.warn_before = Some(times.into_iter().collect());
        self
    }

    /// Sets what happens to open connections whose peer would now be rejected.
    ///
    /// The cause is a new revision, or the expiry of a certificate in the peer's path. The default
    /// is [`LiveConnections::Untracked`]: nothing happens.
    ///
    /// ```no_run
    /// # fn f(builder: mtls::ServerBuilder) -> mtls::ServerBuilder {
    /// use mtls::Event;
    /// use mtls::connection::LiveConnections;
    ///
    /// builder
    ///     .live_connections(LiveConnections::Close)
    ///     .observer(|event| match event {
    ///         Event::ConnectionEnding { connection, reason, .. } => {
    ///             eprintln!("{:?} has to go: {reason}", connection.peer());
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

    /// Ends connections from before a change of our identity or trust, gracefully within a time.
    ///
    /// Without it, a connection that stays open goes on with the old certificate, and with a peer
    /// that was proved by the old trust anchors. When a revision changes our identity, the trust
    /// anchors or the trust bundles, each connection from before gets the end reason
    /// [`Retired`](crate::connection::EndReason::Retired): its
    /// [handle](crate::ConnectionHandle::ended) tells those who hold it to end it, such as by
    /// GOAWAY in HTTP/2. What is still open after `within` is closed, as if by
    /// [`LiveConnections::Close`]: reads and writes fail with a
    /// [`RetiredError`](crate::error::RetiredError). A change of policy or revocation lists alone
    /// retires nothing.
    ///
    /// Every connection is tracked then, anonymous clients' too, which costs a descriptor for each
    /// blocking stream. A connection that another library holds is never closed: its handle reports
    /// the retirement.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = mtls::MtlsServer::builder().retire_connections(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn retire_connections(mut self, within: Duration) -> Self {
        self.settings.rotation.retires_within = Some(within);
        self
    }
}
