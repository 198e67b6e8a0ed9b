use core::ops::{Deref, DerefMut};
use std::io::{self, Read, Write};

use rustls::{ClientConnection, CommonState, IoState, Reader, ServerConnection, Writer};

use crate::backend::key_export::BoxError;

/// A rustls connection of either side, on the heap, because futures hold the stream.
///
/// rustls' own `Connection` takes the memory of the larger side for both.
pub(in crate::backend::rustls) enum SideConnection {
    Client(Box<ClientConnection>),
    Server(Box<ServerConnection>),
}

/// Calls the same method of either side.
macro_rules! either {
    ($connection:expr, $it:ident => $call:expr) => {
        match $connection {
            SideConnection::Client($it) => $call,
            SideConnection::Server($it) => $call,
        }
    };
}

impl SideConnection {
    pub(super) fn read_tls(&mut self, io: &mut dyn Read) -> io::Result<usize> {
        either!(self, it => it.read_tls(io))
    }

    pub(super) fn write_tls(&mut self, io: &mut dyn Write) -> io::Result<usize> {
        either!(self, it => it.write_tls(io))
    }

    pub(super) fn process_new_packets(&mut self) -> Result<IoState, rustls::Error> {
        either!(self, it => it.process_new_packets())
    }

    pub(super) fn complete_io<IO: Read + Write>(
        &mut self,
        io: &mut IO,
    ) -> io::Result<(usize, usize)> {
        either!(self, it => it.complete_io(io))
    }

    pub(super) fn reader(&mut self) -> Reader<'_> {
        either!(self, it => it.reader())
    }

    pub(super) fn writer(&mut self) -> Writer<'_> {
        either!(self, it => it.writer())
    }

    pub(super) fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<(), BoxError> {
        either!(self, it => it.export_keying_material(output, label, context))?;
        Ok(())
    }
}

impl Deref for SideConnection {
    type Target = CommonState;

    fn deref(&self) -> &CommonState {
        either!(self, it => it)
    }
}

impl DerefMut for SideConnection {
    fn deref_mut(&mut self) -> &mut CommonState {
        either!(self, it => it)
    }
}

impl From<ClientConnection> for SideConnection {
    fn from(connection: ClientConnection) -> Self {
        Self::Client(Box::new(connection))
    }
}

impl From<ServerConnection> for SideConnection {
    fn from(connection: ServerConnection) -> Self {
        Self::Server(Box::new(connection))
    }
}
