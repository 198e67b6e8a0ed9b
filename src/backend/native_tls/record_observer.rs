//! Observes the TLS records below native-tls for what native-tls has no calls.
//!
//! The negotiated version comes from the server's hello, which is plain text (RFC 8446, section
//! 4.1.3) and later authenticated by both sides. TLS 1.2 renegotiation cannot be switched off, and
//! a server may present another certificate in it, after verification: a handshake record on an
//! established connection is an error. native-tls also takes a cut connection for a closed one; the
//! end of the transport, which is read only without a `close_notify`, shows the difference.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::backend::ProtocolVersion;
use crate::backend::io::detachable::Detachable;
use crate::backend::io::first_bytes::FirstBytes;

/// The content type of handshake records (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// The bytes of a record's header.
const HEADER: usize = 5;
/// The most bytes of a server's hello; one has some 120 bytes.
const MAX_HELLO: usize = 1 << 14;

/// A transport whose inbound records are observed.
#[derive(Debug)]
pub(super) struct RecordObserver<IO> {
    pub(super) io: Detachable<IO>,
    first: Arc<Mutex<FirstBytes>>,
    pub(super) records: RecordParser,
    /// The kind of the last call's error. OpenSSL since 3.2 does not pass it on.
    pub(super) failure: Option<io::ErrorKind>,
}

impl<IO> RecordObserver<IO> {
    /// `first` receives the first bytes: native-tls drops the transport of a failed handshake.
    pub(super) fn new(io: IO, first: Arc<Mutex<FirstBytes>>) -> Self {
        Self {
            io: Detachable::new(io),
            first,
            records: RecordParser::default(),
            failure: None,
        }
    }

    /// Repeats interrupted calls, because OpenSSL takes a signal for a broken transport.
    fn call(
        &mut self,
        mut call: impl FnMut(&mut Detachable<IO>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match call(&mut self.io) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => {
                    self.failure = done.as_ref().err().map(io::Error::kind);
                    return done;
                }
            }
        }
    }
}

impl<IO: Read> Read for RecordObserver<IO> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.call(|io| io.read(buf))?;
        self.records.has_ended |= read == 0 && !buf.is_empty();
        let read_bytes = buf.get(..read).unwrap_or_default();
        if !self.records.is_established {
            self.first
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .see(read_bytes);
        }
        self.records.see(read_bytes)?;
        Ok(read)
    }
}

impl<IO: Write> Write for RecordObserver<IO> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.call(|io| io.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io.flush()
    }
}

/// The position in the stream of records, and what was found in it.
#[derive(Debug, Default)]
pub(super) struct RecordParser {
    /// The received part of the next header.
    header: Vec<u8>,
    content_type: u8,
    /// The number of bytes that the current record still lacks.
    left: usize,
    hello: Vec<u8>,
    version: Option<ProtocolVersion>,
    is_established: bool,
    has_ended: bool,
}

impl RecordParser {
    /// Returns the version that the server chose, once its hello has come.
    pub(super) fn version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// Whether the transport has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Rejects every handshake record from now on.
    pub(super) fn establish(&mut self) {
        self.is_established = true;
    }

    fn see(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        // TLS 1.3 has no renegotiation, and all its records look alike.
        while !bytes.is_empty() && self.version != Some(ProtocolVersion::Tls13) {
            let wanted = match self.left {
                0 => HEADER.saturating_sub(self.header.len()),
                left => left,
            };
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            match self.left {
                0 => self.see_header(now)?,
                left => {
                    self.left = left.saturating_sub(now.len());
                    self.see_body(now);
                }
            }
        }
        Ok(())
    }

    fn see_header(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.header.extend_from_slice(bytes);
        if let [content_type, _, _, high, low] = *self.header.as_slice() {
            self.header.clear();
            self.content_type = content_type;
            self.left = usize::from(u16::from_be_bytes([high, low]));
            if self.is_established && content_type == HANDSHAKE {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the server began a TLS renegotiation, in which its certificate would not be verified",
                ));
            }
        }
        Ok(())
    }

    fn see_body(&mut self, bytes: &[u8]) {
        let is_awaited = self.version.is_none() && self.hello.len() <= MAX_HELLO;
        if self.content_type != HANDSHAKE || !is_awaited {
            return;
        }
        self.hello.extend_from_slice(bytes);
        self.version = chosen_version(&self.hello);
        if self.version.is_some() {
            self.hello = Vec::new();
        }
    }
}

/// Reads the version in a server's hello (RFC 8446, section 4.1.3); `None` while incomplete.
fn chosen_version(message: &[u8]) -> Option<ProtocolVersion> {
    const SERVER_HELLO: u8 = 2;
    const SUPPORTED_VERSIONS: [u8; 2] = [0, 43];

    let mut message = FieldReader(message);
    if message.take(1)? != [SERVER_HELLO] {
        return None;
    }
    let mut hello = FieldReader(message.vector(3)?);
    let legacy_version = hello.take(2)?;
    hello.take(32)?; // random
    hello.vector(1)?; // session id
    hello.take(3)?; // cipher suite, compression method
    // A TLS 1.2 server without extensions omits the list and its length.
    let mut extensions = FieldReader(hello.vector(2).unwrap_or_default());
    while let Some(extension) = extensions.take(2) {
        let content = extensions.vector(2)?;
        if extension == SUPPORTED_VERSIONS {
            return (content == [3, 4]).then_some(ProtocolVersion::Tls13);
        }
    }
    (legacy_version == [3, 3]).then_some(ProtocolVersion::Tls12)
}

/// The unread fields of a handshake message.
struct FieldReader<'a>(&'a [u8]);

impl<'a> FieldReader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// Reads a vector after its length (RFC 8446, section 3.4).
    fn vector(&mut self, length_bytes: usize) -> Option<&'a [u8]> {
        let length = self.take(length_bytes)?;
        self.take(
            length
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([2, 1, 1, 0x13, 0x01, 0]);
        body.extend(extensions);
        let mut message = vec![2, 0, 0, body.len() as u8];
        message.extend(body);
        message
    }

    fn record(content_type: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![content_type, 3, 3, 0, body.len() as u8];
        record.extend(body);
        record
    }

    #[test]
    fn the_hello_reports_the_version_however_it_is_cut() {
        let tls13 = hello(&[0, 6, 0, 43, 0, 2, 3, 4]);
        let tls12 = hello(&[0, 5, 0xff, 1, 0, 1, 0]);
        let bare = hello(&[]);
        let unknown = hello(&[0, 6, 0, 43, 0, 2, 3, 5]);
        for (hello, expected) in [
            (tls13, Some(ProtocolVersion::Tls13)),
            (tls12, Some(ProtocolVersion::Tls12)),
            (bare, Some(ProtocolVersion::Tls12)),
            (unknown, None),
        ] {
            let (first, second) = hello.split_at(9);
            let two_records = [record(HANDSHAKE, first), record(HANDSHAKE, second)].concat();
            for bytes in [record(HANDSHAKE, &hello), two_records] {
                for step in 1..=bytes.len() {
                    let mut records = RecordParser::default();
                    bytes
                        .chunks(step)
                        .for_each(|chunk| records.see(chunk).unwrap());
                    assert_eq!(records.version(), expected, "in steps of {step}");
                }
            }
        }
    }

    #[test]
    fn a_renegotiation_is_rejected_and_data_is_not() {
        let mut records = RecordParser::default();
        records.see(&record(HANDSHAKE, &hello(&[]))).unwrap();
        records.establish();
        records.see(&record(23, &[HANDSHAKE; 64])).unwrap();
        let error = records.see(&record(HANDSHAKE, &[0; 16])).unwrap_err();
        assert!(error.to_string().contains("renegotiation"), "{error}");
    }

    #[test]
    fn an_endless_hello_is_not_collected() {
        let mut records = RecordParser::default();
        for _ in 0..1000 {
            records.see(&record(HANDSHAKE, &[2; 200])).unwrap();
        }
        assert!(records.hello.len() <= MAX_HELLO + 200);
    }
}
