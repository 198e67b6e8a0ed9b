use std::io::{self, IoSlice};

/// The most bytes of one record (RFC 8446, section 5.1).
const RECORD: usize = 16 * 1024;

/// Bytes that were accepted from the writer while the transport was not ready.
///
/// OpenSSL requires exactly these bytes again, and the writer may come back with others.
#[derive(Debug, Default)]
pub(crate) struct PendingWrite(Vec<u8>);

impl PendingWrite {
    /// Sends the pending bytes, as far as the transport accepts them.
    pub(crate) fn send(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !self.0.is_empty() {
            let sent = write(&self.0)?;
            self.0.drain(..sent.min(self.0.len()));
        }
        Ok(())
    }

    /// Writes one record, and keeps it if the transport is not ready. Nothing may be pending.
    pub(crate) fn write(
        &mut self,
        bytes: &[u8],
        write: impl FnOnce(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let record = bytes.get(..RECORD).unwrap_or(bytes);
        match write(record) {
            Err(error) if is_not_ready(&error) => {
                self.0.extend_from_slice(record);
                Ok(record.len())
            }
            result => result,
        }
    }
}

/// Whether a write may be repeated. A blocking transport fails so after its write time-out.
pub(crate) fn is_not_ready(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

/// Returns what one record takes of `slices`, in one piece.
pub(crate) fn record_of(slices: &[IoSlice<'_>]) -> Vec<u8> {
    let mut record = Vec::new();
    for slice in slices {
        let left = RECORD.saturating_sub(record.len());
        record.extend_from_slice(slice.get(..left).unwrap_or(slice));
    }
    record
}
