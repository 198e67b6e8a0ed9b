//! Telling DER structures apart by their outermost elements.

use der::{Decode, Header, Reader, SliceReader, Tag};

/// What bytes look like from outside; the insides are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `SEQUENCE { SEQUENCE, SEQUENCE, .. }`: a certificate (RFC 5280, section 4.1) or its like.
    Certificate,
    /// `SEQUENCE` of six INTEGERs: a DSA key of OpenSSL.
    Dsa,
    /// `EncryptedPrivateKeyInfo` (RFC 5958, section 3).
    EncryptedPkcs8,
    /// `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    Pkcs1,
    /// `OneAsymmetricKey` (RFC 5958, section 2).
    Pkcs8,
    /// `PFX` (RFC 7292, section 4).
    Pkcs12,
    /// `ECPrivateKey` (RFC 5915, section 3).
    Sec1,
}

impl Shape {
    /// The shape of one DER value that fills `der`.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let mut reader = SliceReader::new(der).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let content = reader.read_slice(header.length()).ok()?;
        if header.tag() != Tag::Sequence || !reader.is_finished() {
            return None;
        }
        let mut content = SliceReader::new(content).ok()?;
        match Tag::peek(&content).ok()? {
            Tag::Sequence => {
                content.tlv_bytes().ok()?;
                match Tag::peek(&content).ok()? {
                    Tag::OctetString => Some(Self::EncryptedPkcs8),
                    Tag::Sequence => Some(Self::Certificate),
                    _ => None,
                }
            }
            Tag::Integer => Self::after_version(&mut content),
            _ => None,
        }
    }

    fn after_version(content: &mut SliceReader<'_>) -> Option<Self> {
        let version = content.tlv_bytes().ok()?;
        match Tag::peek(content).ok()? {
            Tag::OctetString => Some(Self::Sec1),
            Tag::Sequence if version.ends_with(&[3]) => Some(Self::Pkcs12),
            Tag::Sequence => Some(Self::Pkcs8),
            Tag::Integer => {
                let mut integers: usize = 1;
                while !content.is_finished() && Tag::peek(content).ok()? == Tag::Integer {
                    content.tlv_bytes().ok()?;
                    integers = integers.saturating_add(1);
                }
                Some(if integers == 6 {
                    Self::Dsa
                } else {
                    Self::Pkcs1
                })
            }
            _ => None,
        }
    }
}
