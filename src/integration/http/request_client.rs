use super::forwarded_peer::ForwardedPeer;

/// The client of a request, as [`ForwardedHeaders::take`](super::ForwardedHeaders::take) finds it.
///
/// Never use the gateway's identity for [`Unnamed`](Self::Unnamed): its client could be anyone.
///
/// ```
/// # use mtls::PeerIdentity;
/// use mtls::http::RequestClient;
///
/// fn may_pay(client: &RequestClient, sender: Option<&PeerIdentity>) -> bool {
///     let id = match client {
///         RequestClient::Forwarded(peer) => peer.spiffe_id(),
///         RequestClient::Sender => sender.and_then(|peer| peer.spiffe_id()),
///         RequestClient::Unnamed => None,
///     };
///     id.is_some_and(|id| id.as_str() == "spiffe://prod.example/payments")
/// }
/// # assert!(!may_pay(&RequestClient::Unnamed, None));
/// ```
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an application has to decide about each"
)]
pub enum RequestClient {
    /// The sender is a gateway, and says that this is its client.
    Forwarded(ForwardedPeer),
    /// The sender is no gateway: it is the client itself, with a certificate or without.
    Sender,
    /// The sender is a gateway, and names no client: that one presented no certificate.
    Unnamed,
}
