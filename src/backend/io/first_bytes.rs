//! Recognises a peer that speaks another protocol, or an old version of TLS.

use crate::backend::handshake_error::{HandshakeError, NotTls};

/// The header of a record and of a hello, and the version in it (RFC 8446, section 5.1 and 4.1.2).
const LENGTH: usize = 11;

/// The first bytes that a peer sent.
#[derive(Debug, Default)]
pub(crate) struct FirstBytes {
    bytes: [u8; LENGTH],
    length: u8,
}

impl FirstBytes {
    /// Adds bytes that were read.
    #[inline]
    pub(crate) fn see(&mut self, read: &[u8]) {
        if usize::from(self.length) < LENGTH {
            self.add(read);
        }
    }

    fn add(&mut self, read: &[u8]) {
        let free = self.bytes.iter_mut().skip(usize::from(self.length));
        for (free, byte) in free.zip(read) {
            *free = *byte;
            self.length = self.length.saturating_add(1);
        }
    }

    /// Replaces an error by the fact that explains it, if the bytes show one.
    pub(crate) fn explain(&self, error: HandshakeError) -> HandshakeError {
        match error {
            HandshakeError::Backend(_) | HandshakeError::Io(_) => self.fault().unwrap_or(error),
            error => error,
        }
    }

    fn fault(&self) -> Option<HandshakeError> {
        let bytes = self.bytes.get(..usize::from(self.length))?;
        match *bytes {
            [] => None,
            // A hello, of a client or a server. TLS 1.3 has the version of TLS 1.2 there.
            [22, 3, _, _, _, 1 | 2, _, _, _, 3, minor @ 0..=2] => {
                Some(HandshakeError::UnsupportedVersion {
                    version: match minor {
                        0 => "SSL 3.0",
                        1 => "TLS 1.0",
                        _ => "TLS 1.1",
                    },
                })
            }
            // Records of change_cipher_spec, alerts, handshakes and application data.
            [20..=23, 3, ..] | [20..=23] => None,
            _ => Some(HandshakeError::NotTls {
                found: protocol(bytes),
            }),
        }
    }
}

impl HandshakeError {
    /// Recognises a peer without TLS, or with an old version, by the first bytes that it sent.
    ///
    /// `None`: they may be TLS, or there are none. 11 bytes are enough; more are ignored.
    ///
    /// ```
    /// use mtls::HandshakeError;
    /// use mtls::error::NotTls;
    ///
    /// let error = HandshakeError::from_first_bytes(b"SSH-2.0-OpenSSH_9.2\r\n");
    /// assert!(matches!(error, Some(HandshakeError::NotTls { found: NotTls::Ssh })));
    /// assert!(HandshakeError::from_first_bytes(&[22, 3, 3]).is_none());
    /// ```
    pub fn from_first_bytes(bytes: &[u8]) -> Option<Self> {
        let mut first = FirstBytes::default();
        first.see(bytes);
        first.fault()
    }
}

/// How some protocols begin, without TLS.
const BEGINNINGS: &[(&[u8], NotTls)] = &[
    (b"CONNECT ", NotTls::Http),
    (b"DELETE ", NotTls::Http),
    (b"GET ", NotTls::Http),
    (b"HEAD ", NotTls::Http),
    (b"HTTP/", NotTls::Http),
    (b"OPTIONS ", NotTls::Http),
    (b"PATCH ", NotTls::Http),
    (b"POST ", NotTls::Http),
    (b"PRI * HTTP", NotTls::Http),
    (b"PUT ", NotTls::Http),
    (b"TRACE ", NotTls::Http),
    // The preface of HTTP/2 is a frame of settings on the server's side.
    (b"\0\0\x12\x04\0\0\0\0\0", NotTls::Http),
    (b"PROXY ", NotTls::ProxyHeader),
    (b"\r\n\r\n\0\r\nQUIT", NotTls::ProxyHeader),
    // A request for TLS, the protocol 3.0, and 3.2.
    (b"\0\0\0\x08\x04\xd2\x16\x2f", NotTls::PostgreSql),
    (b"SSH-", NotTls::Ssh),
    // SMTP and FTP, IMAP, POP3.
    (b"220", NotTls::Greeting),
    (b"* OK", NotTls::Greeting),
    (b"+OK", NotTls::Greeting),
];

fn protocol(bytes: &[u8]) -> NotTls {
    // OpenSSL reads 5 bytes before it fails.
    let known = BEGINNINGS.iter().find(|(beginning, _)| {
        bytes.starts_with(beginning) || bytes.len() >= 5 && beginning.starts_with(bytes)
    });
    known.map_or(NotTls::Unknown, |(_, protocol)| *protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(chunks: &[&[u8]]) -> HandshakeError {
        let mut first = FirstBytes::default();
        chunks.iter().for_each(|chunk| first.see(chunk));
        first.explain(HandshakeError::backend("the library's error"))
    }

    #[test]
    fn a_protocol_is_known_by_its_beginning_however_it_is_cut() {
        for (text, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], NotTls::Http),
            (b"HTTP/1.1 400 Bad Request\r\n", NotTls::Http),
            (b"PROXY TCP4 10.0.0.1", NotTls::ProxyHeader),
            (b"SSH-2.0-OpenSSH", NotTls::Ssh),
            (b"220 mail ESMTP", NotTls::Greeting),
            (b"\0\0\0\x08\x04\xd2\x16\x2f", NotTls::PostgreSql),
            (b"hello", NotTls::Unknown),
            (b"\x16\xfe\xfd", NotTls::Unknown),
        ] {
            for cut in [0, 1, 3, text.len()] {
                let (a, b) = text.split_at(cut.min(text.len()));
                match explained(&[a, b]) {
                    HandshakeError::NotTls { found } => assert_eq!(found, expected),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn tls_is_the_library_s_affair_unless_it_is_old() {
        for (bytes, expected) in [
            (&[22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 1][..], Some("TLS 1.0")),
            (&[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 2], Some("TLS 1.1")),
            (&[22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3], None),
            (&[21, 3, 3, 0, 2, 2, 40], None),
            (&[22, 3], None),
            (&[22], None),
            (&[], None),
        ] {
            match (explained(&[bytes]), expected) {
                (HandshakeError::UnsupportedVersion { version }, Some(old)) => {
                    assert_eq!(version, old);
                }
                (HandshakeError::Backend(_), None) => {}
                (other, _) => panic!("{bytes:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_verdict_stays() {
        let mut first = FirstBytes::default();
        first.see(b"GET /");
        let error = first.explain(HandshakeError::Timeout);
        assert!(matches!(error, HandshakeError::Timeout));
    }
}
