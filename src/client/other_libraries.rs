//! Handshakes and connections of other libraries.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use pki_types::{CertificateDer, ServerName};

#[cfg(doc)]
use super::ClientBuilder;
use super::MtlsClient;
use crate::backend::{
    ClientBackend, ConnectionInfo, DangerNativeClient, LiveClient, NativeClient, Pass, ToNative,
};
use crate::connection::{ConnectionContext, ConnectionHandle};
use crate::peer::PeerIdentity;
use crate::policy::Rejection;
use crate::side::Side;

impl<B: ClientBackend> MtlsClient<B> {
    /// Returns the backend's own configuration of the current revision, for other libraries.
    ///
    /// It is a snapshot that a later revision does not change: it goes on presenting the identity
    /// and accepting the servers of its revision. Two things still change: the time, and whether
    /// the source counts as lost ([`OnSourceLost`](crate::rotation::OnSourceLost)). It never
    /// resumes a session, whatever [`Resumption`](crate::connection::Resumption) is set.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let client = pki::client_builder().build(mtls::Rustls::default())?;
    /// use mtls::pki_types::ServerName;
    ///
    /// let name = ServerName::try_from("db.internal")?;
    /// let connection = rustls::ClientConnection::new(client.config(), name)?;
    /// assert!(connection.is_handshaking());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn config(&self) -> B::Native
    where
        B: NativeClient,
    {
        self.revision().config.to_native()
    }

    /// Returns the backend's own configuration, which follows the rotation. On rustls.
    ///
    /// It is for libraries that take a configuration once and keep it (reqwest, quinn).
    ///
    /// Each handshake verifies the server by the revision that is current at that moment, and takes
    /// our certificate from the one that is current then. Neither is older than the revision that
    /// was current when the handshake began. If a rotation happens in between, the presented
    /// certificate may be of a later revision than the verification. The TLS versions and the
    /// application protocols do not rotate. No session is ever resumed. Open connections are not
    /// affected.
    ///
    /// The configuration keeps this client and its [`Source`](crate::Source) alive, also after all
    /// clones of the client are dropped. Where each connection can be given a configuration,
    /// [`config`](Self::config) costs less and is of one revision.
    ///
    /// A library that takes the configuration by value, and not in an `Arc`, gets a copy
    /// (`ClientConfig::clone(&config)`), which follows the rotation as well. In short, such a
    /// library does this:
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::io::Write;
    /// use std::net::TcpStream;
    /// use std::sync::Arc;
    ///
    /// use mtls::pki_types::ServerName;
    ///
    /// let config: Arc<rustls::ClientConfig> = client.live_config(); // once
    /// loop {
    ///     let name = ServerName::try_from("db.internal")?;
    ///     let connection = rustls::ClientConnection::new(Arc::clone(&config), name)?; // for each connection
    ///     let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect("db.internal:5433")?);
    ///     stream.write_all(b"hello")?; // the handshake, under the current revision
    ///     std::thread::sleep(std::time::Duration::from_secs(60));
    /// }
    /// # }
    /// ```
    pub fn live_config(&self) -> B::Native
    where
        B: LiveClient,
    {
        let service = Arc::clone(&self.service);
        B::live_client(Arc::new(move || service.load().config.clone()))
    }

    /// Returns the backend's own configuration, which does **not** verify the peer by the policy.
    ///
    /// Its user has to do that.
    ///
    /// ```
    /// # #[cfg(feature = "native-tls")]
    /// # use mtls::{MtlsClient, NativeTls};
    /// # #[cfg(feature = "native-tls")]
    /// # fn f(client: MtlsClient<NativeTls>) -> Result<(), Box<dyn std::error::Error>> {
    /// let connector = client.danger_config();
    /// let tcp = std::net::TcpStream::connect("db.internal:5433")?;
    /// let stream = connector.connect("db.internal", tcp)?; // the platform's verification alone
    /// # Ok(())
    /// # }
    /// ```
    pub fn danger_config(&self) -> <B as DangerNativeClient>::Native
    where
        B: DangerNativeClient,
    {
        self.revision().config.to_native()
    }

    /// Identifies a server by the chain that it presented to another library.
    ///
    /// **It does not prove that the server has the private key.** Use it only for the certificates
    /// of a handshake that ran on [`config`](Self::config) or [`live_config`](Self::live_config) of
    /// this client, where the library has checked the server's signature.
    ///
    /// The server is verified by the current revision, as in a handshake: path, dates, revocation,
    /// its name and the policy. So it may be rejected although the handshake accepted it under an
    /// earlier one. `chain` begins with the leaf. No event is sent.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let client = pki::client_builder().build(mtls::Rustls::default())?;
    /// # let shown = pki::server_identity();
    /// # let chain = shown.chain().as_slice(); // such as `connection.peer_certificates()`
    /// use mtls::pki_types::ServerName;
    ///
    /// let peer = client.identify(chain, &ServerName::try_from("db.internal")?)?;
    /// println!("{peer}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The [`Rejection`] of a handshake that would begin now.
    pub fn identify(
        &self,
        chain: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
    ) -> Result<PeerIdentity, Rejection> {
        let verifier = &self.revision().verifier;
        verifier
            .server(chain, server_name, Pass::Unreported)
            .verdict
    }

    /// Tracks a connection with the server `peer` that another library holds.
    ///
    /// An example is a connection made through [`config`](Self::config). `server_name` is the name
    /// that the server was verified for. This crate never closes such a connection, whatever
    /// [`live_connections`](ClientBuilder::live_connections) is set to: its holder is notified of
    /// the rejection and closes it.
    ///
    /// The peer is verified at once by the current revision, so the connection may have been made
    /// under any.
    ///
    /// ```no_run
    /// # fn f(client: mtls::MtlsClient<mtls::Rustls>, peer: mtls::PeerIdentity, tcp: std::net::TcpStream)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// use mtls::connection::ConnectionContext;
    /// use mtls::pki_types::ServerName;
    ///
    /// let name = ServerName::try_from("db.internal")?;
    /// let handle = client.track(&peer, &name, ConnectionContext::new())?;
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
        server_name: &ServerName<'_>,
        context: ConnectionContext,
    ) -> io::Result<ConnectionHandle> {
        let info = ConnectionInfo {
            id: context.id_or_next(),
            remote_addr: context.address_or(|| None),
            side: Side::Client,
            backend: B::KIND,
            revision: context.revision_or(self.revision().number),
            peer: Some(peer.clone()),
            session: None,
            opened_at: Instant::now(),
        };
        let asked = Some(server_name.to_owned());
        self.service.live().track(info, asked)
    }
}
