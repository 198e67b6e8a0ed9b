//! Handshakes and connections of other libraries.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use pki_types::CertificateDer;

use super::MtlsServer;
#[cfg(doc)]
use super::ServerBuilder;
use crate::backend::{ConnectionInfo, LiveServer, NativeServer, Pass, ServerBackend, ToNative};
use crate::connection::{ClientAuth, ConnectionContext, ConnectionHandle};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;
use crate::side::Side;

impl<B: ServerBackend, A: ClientAuth> MtlsServer<B, A> {
    /// Returns the backend's own configuration of the current revision, for other libraries.
    ///
    /// It is a snapshot that a later revision does not change: it goes on presenting the identity
    /// and accepting the clients of its revision. Two things still change: the time, and whether
    /// the source counts as lost ([`OnSourceLost`](crate::rotation::OnSourceLost)). It never
    /// resumes a session, whatever [`Resumption`](crate::connection::Resumption) is set.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// let connection = rustls::ServerConnection::new(server.config())?;
    /// assert!(connection.is_handshaking());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> B::Native
    where
        B: NativeServer,
    {
        self.revision().config.to_native()
    }

    /// Returns the backend's own configuration, which follows the rotation. On rustls.
    ///
    /// It is for libraries that take a configuration once and keep it (quinn, an acceptor of
    /// tokio-rustls).
    ///
    /// Each handshake takes our certificate from the revision that is current at that moment, and
    /// verifies the client by the one that is current then. Neither is older than the revision that
    /// was current when the handshake began. If a rotation happens in between, the verification may
    /// be of a later revision than the certificate. The TLS versions, the application protocols and
    /// whether a certificate is required do not rotate. No session is ever resumed. Open
    /// connections are not affected.
    ///
    /// The certificate request does not contain the trust anchors' names, since rustls cannot
    /// rotate them: a client with several certificates has to know which one to present.
    ///
    /// The configuration keeps this server and its [`Source`](crate::Source) alive, also after all
    /// clones of the server are dropped. Where each connection can be given a configuration,
    /// [`config`](Self::config) costs less and is of one revision.
    ///
    /// A library that takes the configuration by value, and not in an `Arc`, gets a copy
    /// (`ServerConfig::clone(&config)`), which follows the rotation as well. In short, such a
    /// library does this:
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    /// use std::net::TcpListener;
    /// use std::sync::Arc;
    ///
    /// let config: Arc<rustls::ServerConfig> = server.live_config(); // once
    /// for tcp in TcpListener::bind("127.0.0.1:8443")?.incoming() {
    ///     let connection = rustls::ServerConnection::new(Arc::clone(&config))?; // for each connection
    ///     let mut stream = rustls::StreamOwned::new(connection, tcp?);
    ///     if let Err(error) = stream.write_all(b"hello") { // the handshake
    ///         eprintln!("{}", mtls::Report::new(&error));
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn live_config(&self) -> B::Native
    where
        B: LiveServer,
    {
        let service = Arc::clone(&self.service);
        B::live_server(Arc::new(move || service.load().config.clone()))
    }

    /// Identifies a client by the chain that it presented to another library.
    ///
    /// **It does not prove that the client has the private key.** Use it only for the certificates
    /// of a handshake that ran on [`config`](Self::config) or [`live_config`](Self::live_config) of
    /// this server, where the library has checked the client's signature: the chain of a connection
    /// of quinn, axum-server or tonic.
    ///
    /// The client is verified by the current revision, as in a handshake: path, dates, revocation
    /// and policy. So it may be rejected although the handshake accepted it under an earlier one.
    /// `chain` begins with the leaf, such as `connection.peer_certificates()` of rustls or
    /// [`CertificateChain::as_slice`](crate::CertificateChain::as_slice). No event is sent.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let server = pki::server_builder().build(mtls::Rustls::default())?;
    /// # let shown = pki::client_identity();
    /// # let chain = shown.chain().as_slice(); // such as `connection.peer_certificates()`
    /// use mtls::connection::ConnectionContext;
    ///
    /// let peer = server.identify(chain)?;
    /// let handle = server.track(&peer, ConnectionContext::new())?;
    /// assert_eq!(handle.peer(), Some(&peer));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [`Rejection`] of a handshake that would begin now.
    pub fn identify(&self, chain: &[CertificateDer<'_>]) -> Result<PeerIdentity, Rejection> {
        let verifier = &self.revision().verifier;
        verifier.client(chain, Pass::Unreported).verdict
    }

    /// Tracks a connection with the client `peer` that another library holds.
    ///
    /// An example is a connection made through [`config`](Self::config). This crate never closes
    /// such a connection, whatever [`live_connections`](ServerBuilder::live_connections) is set to:
    /// its holder is notified of the rejection and closes it.
    ///
    /// The peer is verified at once by the current revision, so the connection may have been made
    /// under any.
    ///
    /// ```no_run
    /// # fn f(server: mtls::MtlsServer<mtls::Rustls>, peer: mtls::PeerIdentity, tcp: std::net::TcpStream)
    /// # -> std::io::Result<()> {
    /// use mtls::connection::ConnectionContext;
    ///
    /// let handle = server.track(&peer, ConnectionContext::new())?;
    /// handle.on_end(move |_| {
    ///     let _ = tcp.shutdown(std::net::Shutdown::Both);
    /// });
    /// // Keep `handle` with the connection: it is tracked until that is dropped.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The system's, if no thread for the verification can be started.
    pub fn track(
        &self,
        peer: &PeerIdentity,
        context: ConnectionContext,
    ) -> io::Result<ConnectionHandle> {
        let info = ConnectionInfo {
            id: context.id_or_next(),
            remote_addr: context.address_or(|| None),
            side: Side::Server,
            backend: B::KIND,
            revision: context.revision_or(self.revision().number),
            peer: Some(peer.clone()),
            session: None,
            opened_at: Instant::now(),
        };
        self.service.live().track(info, None)
    }
}
