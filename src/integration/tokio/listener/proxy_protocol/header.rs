//! One header of the PROXY protocol, version 1 or 2
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).
//!
//! `proxy-header` parses it. Here is decided where it ends, so that no byte after it is read.

use core::net::SocketAddr;

use proxy_header::{ParseConfig, Protocol, ProxyHeader};

/// The length of the longest header in bytes. Version 1 needs 107, version 2 without extra fields
/// 52 (section 2).
pub(crate) const MAX_BYTES: usize = 4096;

/// Section 2.1.
const MAX_BYTES_OF_V1: usize = 107;
const BEGIN_OF_V1: &[u8] = b"PROXY ";
/// Section 2.2.
const BEGIN_OF_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The begin of a connection, as far as it has been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// All bytes belong to the header, and more are missing.
    Part,
    /// The first `length` bytes are the header. `None`: the header names no client, and the
    /// socket's address counts.
    Whole {
        length: usize,
        client: Option<SocketAddr>,
    },
}

/// The fault of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Malformed,
    Missing,
    TooLong,
}

/// Reads the begin of a connection.
pub(crate) fn read_begin(seen: &[u8]) -> Result<Begin, HeaderFault> {
    match length_of(seen)? {
        None => Ok(Begin::Part),
        Some(length) => {
            let header = seen.get(..length).ok_or(HeaderFault::Malformed)?;
            let client = client_of(header)?;
            Ok(Begin::Whole { length, client })
        }
    }
}

/// Returns the length of the header if it is there as a whole.
fn length_of(seen: &[u8]) -> Result<Option<usize>, HeaderFault> {
    if let Some(rest) = seen.strip_prefix(BEGIN_OF_V2) {
        let [_command, _family, high, low, ..] = *rest else {
            return Ok(None);
        };
        let more = usize::from(u16::from_be_bytes([high, low]));
        let length = more.saturating_add(BEGIN_OF_V2.len()).saturating_add(4);
        return match length {
            length if length > MAX_BYTES => Err(HeaderFault::TooLong),
            length => Ok((length <= seen.len()).then_some(length)),
        };
    }
    if seen.starts_with(BEGIN_OF_V1) {
        let line = seen.get(..MAX_BYTES_OF_V1).unwrap_or(seen);
        return match line.iter().position(|byte| *byte == b'\n') {
            Some(end) => Ok(Some(end.saturating_add(1))),
            None if line.len() == MAX_BYTES_OF_V1 => Err(HeaderFault::Malformed),
            None => Ok(None),
        };
    }
    if BEGIN_OF_V1.starts_with(seen) || BEGIN_OF_V2.starts_with(seen) {
        return Ok(None);
    }
    Err(HeaderFault::Missing)
}

fn client_of(header: &[u8]) -> Result<Option<SocketAddr>, HeaderFault> {
    let config = ParseConfig {
        include_tlvs: false,
        ..ParseConfig::default()
    };
    match ProxyHeader::parse(header, config) {
        Ok((parsed, length)) if length == header.len() => match parsed.proxied_address() {
            Some(address) if address.protocol == Protocol::Datagram => Err(HeaderFault::Malformed),
            address => Ok(address.map(|address| address.source)),
        },
        _ => Err(HeaderFault::Malformed),
    }
}
