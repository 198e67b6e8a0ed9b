use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::last_rejections::LastRejections;
use crate::backend::{ClientBackend, DefaultBackend, HandshakeError};
use crate::client::{MtlsClient, parse};
use crate::connection::ConnectionContext;
use crate::integration::tokio::AsyncMtlsStream;
use crate::peer::PeerIdentity;

/// A connector for hyper-util's client and others that take a `tower` service of `Uri`.
///
/// It resolves the host by the system, connects by TCP, and performs the handshake, each within the
/// client's [`handshake_timeout`](crate::ClientBuilder::handshake_timeout). Every connection is
/// TLS, also for the scheme `http`, which only has another port by default. The server is verified
/// by the host of the URI.
///
/// Its connections follow the rotation when they are opened; a pool above it keeps them longer. See
/// [`Client`](super::Client).
///
/// ```no_run
/// # async fn f(client: mtls::MtlsClient) -> Result<(), Box<dyn std::error::Error>> {
/// use http_body_util::Empty;
/// use hyper::body::Bytes;
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
///
/// let connector = mtls::hyper::Connector::new(&client);
/// let pool: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
/// let response = pool.get("https://api.internal/".parse()?).await?;
/// # Ok(())
/// # }
/// ```
pub struct Connector<B: ClientBackend = DefaultBackend> {
    client: MtlsClient<B>,
    /// The name to verify in place of the URI's host.
    server_name: Option<Arc<str>>,
    /// Shared by the clones with the same name.
    last: LastRejections,
}

impl<B: ClientBackend> Connector<B> {
    /// Makes a connector with a clone of `client`.
    ///
    /// The client's `alpn(["h2", "http/1.1"])` selects the HTTP version; without it, it is
    /// HTTP/1.1.
    pub fn new(client: &MtlsClient<B>) -> Self {
        Self {
            client: client.clone(),
            server_name: None,
            last: LastRejections::default(),
        }
    }

    /// How the last connections were rejected.
    pub(in crate::integration) fn last_rejections(&self) -> &LastRejections {
        &self.last
    }

    /// Sets the name that the server is verified by, in place of the URI's host.
    ///
    /// It is also sent as server name indication.
    ///
    /// # Errors
    /// [`HandshakeError::InvalidServerName`].
    pub fn server_name(mut self, name: &str) -> Result<Self, HandshakeError> {
        parse(name)?;
        self.server_name = Some(name.into());
        // Another name is another server, also at the same address.
        self.last = LastRejections::default();
        Ok(self)
    }

    async fn connect(self, uri: Uri) -> Result<ClientStream<B>, HandshakeError> {
        let host = uri.host().unwrap_or_default();
        // An IPv6 address has brackets in a URI.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = self.server_name.as_deref().unwrap_or(host);
        parse(name)?;
        let is_plain = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let connecting = TcpStream::connect((host, port));
        let tcp = timeout(self.client.handshake_timeout(), connecting).await;
        let connect = async {
            let tcp = tcp.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            // Requests are small, and wait for nothing.
            tcp.set_nodelay(true)?;
            let address = tcp.peer_addr()?;
            Ok::<_, io::Error>((tcp, address))
        };
        let (tcp, address) = connect.await.map_err(HandshakeError::Io)?;
        let context = ConnectionContext::new().remote_addr(address);
        let client = self.client.with_context(context);
        let stream = client.connect_async(name, tcp).await?;
        self.last.watch(&uri, stream.connection());
        Ok(TokioIo::new(stream))
    }
}

/// A connection for hyper.
type ClientStream<B> = TokioIo<AsyncMtlsStream<TcpStream, PeerIdentity, B>>;

impl<B: ClientBackend> Service<Uri> for Connector<B> {
    type Response = ClientStream<B>;
    type Error = HandshakeError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

impl<B: ClientBackend> Clone for Connector<B> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            server_name: self.server_name.clone(),
            last: self.last.clone(),
        }
    }
}

impl<B: ClientBackend> fmt::Debug for Connector<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("client", &self.client)
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests {
    use std::time::Instant;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;
    use crate::backend::values::Rustls;
    use crate::material::{MtlsIdentity, TrustAnchors};

    fn client() -> MtlsClient<Rustls> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf = CertificateParams::new(["client.test".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let chain = leaf.signed_by(&key, &ca).unwrap().pem();
        let key = key.serialize_pem();
        MtlsClient::builder()
            .identity(MtlsIdentity::from_pem(chain.as_bytes(), key.as_bytes()).unwrap())
            .trust_anchors(TrustAnchors::from_pem(ca.pem().as_bytes()).unwrap())
            .build(Rustls::default())
            .unwrap()
    }

    #[test]
    fn a_rejection_concerns_clones_of_the_same_name_alone() {
        let (begun, uri) = (Instant::now(), Uri::from_static("https://one.test/"));
        let connector = Connector::new(&client());
        let clone = connector.clone();
        let other = connector.clone().server_name("two.test").unwrap();
        let error = HandshakeError::Cancelled;
        connector.last_rejections().record(&uri, Arc::new(error));
        let is_known = |by: &Connector<_>| by.last_rejections().since(begun, &uri).is_some();
        assert!(is_known(&connector) && is_known(&clone));
        assert!(!is_known(&other));
    }
}
