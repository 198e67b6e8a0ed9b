//! Mutual TLS in front of a plain address.

use std::time::Duration;

use mtls::connection::ListenerLimits;
use mtls::{AsyncMtlsStream, MtlsListener, MtlsServer, PeerIdentity, Rustls};
use tokio::net::{TcpListener, TcpStream};

use super::Stop;
use super::address::{PlainAddress, set_up};
use super::forward::forward;
use crate::events::{EventLine, EventSender};
use crate::output::Finding;

/// Where the bytes of accepted clients go.
#[derive(Clone)]
pub(super) struct Upstream {
    pub(super) address: PlainAddress,
    pub(super) is_local: bool,
    pub(super) events: EventSender,
}

/// Serves until it is asked to stop, then lets connections finish, for at most this time.
pub(super) async fn serve(
    server: MtlsServer<Rustls>,
    tcp: TcpListener,
    max_connections: Option<usize>,
    upstream: Upstream,
    mut stop: Stop,
    drain: Duration,
) {
    let mut listener: MtlsListener<Rustls> = server.listener(tcp);
    if let Some(most) = max_connections {
        listener = listener.limits(ListenerLimits::new().max_connections(most));
    }
    loop {
        tokio::select! {
            (stream, _) = listener.accept() => upstream.clone().spawn(stream),
            () = stop.wait() => break,
        }
    }
    listener
        .shutdown(drain, |stream, _| upstream.clone().spawn(stream))
        .await;
}

impl Upstream {
    fn spawn(self, stream: AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>) {
        tokio::spawn(self.pass_on(stream));
    }

    async fn pass_on(self, mut stream: AsyncMtlsStream<TcpStream, PeerIdentity, Rustls>) {
        if let Err(error) = set_up(stream.get_ref()) {
            return self.events.send(unreachable(&self.address, &error));
        }
        match self.address.connect(self.is_local).await {
            // What ends a connection is in the metrics.
            Ok(mut plain) => _ = forward(&mut stream, &mut *plain).await,
            Err(error) => self.events.send(unreachable(&self.address, &error)),
        }
    }
}

/// Describes a failure to reach the place to which bytes are forwarded.
pub(super) fn unreachable(address: &PlainAddress, error: &std::io::Error) -> EventLine {
    metrics::counter!("mtls_proxy_forward_failures_total").increment(1);
    let finding = Finding::fault("forward_failed", format!("{address}: {error}"));
    let finding = finding.hint("start the program that listens there, or correct --forward");
    EventLine::new("forward_failed", "a connection was not passed on").with(finding)
}
