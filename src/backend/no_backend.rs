use core::marker::PhantomData;
use std::io::{self, Read, Write};

use pki_types::ServerName;

use super::adapter::{Adapter, ClientAdapter, Handshake, ServerAdapter, TlsStream};
use super::handshake_error::HandshakeError;
use super::handshake_result::HandshakeResult;
use super::session::session_info::Crypto;
use super::settings::{ClientSettings, ServerSettings};
use crate::error::BackendKind;
use crate::error::alert::Alert;
use crate::policy::{BuildError, SignatureAlgorithms};

/// The backend of a client or server that is not built yet. It has no values.
///
/// ```
/// use mtls::backend::NoBackend;
/// use mtls::{Builder, ClientBuilder, MtlsClient};
///
/// let builder: Builder<MtlsClient<NoBackend>> = MtlsClient::builder();
/// let builder: ClientBuilder = builder; // its short name
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it has no values")]
pub enum NoBackend {}

/// The stream and the handshake of [`NoBackend`]; it has no values.
pub(crate) enum Never<IO> {
    #[expect(
        dead_code,
        reason = "there is none: it holds a value of a type without values"
    )]
    Of(NoBackend, PhantomData<fn() -> IO>),
}

impl<IO> Never<IO> {
    fn never(&self) -> ! {
        match *self {
            Self::Of(none, _) => match none {},
        }
    }
}

impl Adapter for NoBackend {
    // A constant needs a value, and this one stands for none: no client or server has this backend.
    const LIBRARY: BackendKind = BackendKind::Rustls;

    type Stream<IO: Read + Write + Send> = Never<IO>;

    fn algorithms(&self) -> Result<Option<SignatureAlgorithms>, BuildError> {
        match *self {}
    }
}

impl ClientAdapter for NoBackend {
    type ClientConfig = Self;
    type ClientHandshake<IO: Read + Write + Send> = Never<IO>;

    fn build_client(&self, _: ClientSettings) -> Result<Self, BuildError> {
        match *self {}
    }

    fn client_crypto(config: &Self) -> Crypto {
        match *config {}
    }

    fn start_client<IO: Read + Write + Send>(
        config: &Self,
        _: &ServerName<'static>,
        _: IO,
    ) -> Result<Never<IO>, HandshakeError> {
        match *config {}
    }
}

impl ServerAdapter for NoBackend {
    type ServerConfig = Self;
    type ServerHandshake<IO: Read + Write + Send> = Never<IO>;

    fn build_server(&self, _: ServerSettings) -> Result<Self, BuildError> {
        match *self {}
    }

    fn server_crypto(config: &Self) -> Crypto {
        match *config {}
    }

    fn start_server<IO: Read + Write + Send>(
        config: &Self,
        _: IO,
    ) -> Result<Never<IO>, HandshakeError> {
        match *config {}
    }
}

impl<IO> Handshake<IO> for Never<IO> {
    type Stream = Self;

    fn advance(&mut self) -> Result<HandshakeResult<Self>, HandshakeError> {
        self.never()
    }

    fn io_mut(&mut self) -> Option<&mut IO> {
        self.never()
    }
}

impl<IO> TlsStream<IO> for Never<IO> {
    fn io(&self) -> &IO {
        self.never()
    }

    fn io_mut(&mut self) -> &mut IO {
        self.never()
    }

    fn close_notify(&mut self) -> io::Result<()> {
        self.never()
    }

    fn into_io(self) -> IO {
        self.never()
    }

    fn received_alert(_: &io::Error) -> Option<Alert> {
        None
    }
}

impl<IO> Read for Never<IO> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.never()
    }
}

impl<IO> Write for Never<IO> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.never()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.never()
    }
}
