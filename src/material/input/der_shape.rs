//! Detection of DER structures by their outermost elements.

use der::{Decode, Header, Reader, SliceReader, Tag, TagNumber};

/// The outer form of a DER structure; its inner elements are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DerShape {
    /// `SEQUENCE { SEQUENCE, SEQUENCE, .. }`: a certificate (RFC 5280, section 4.1) or similar.
    Certificate,
    /// `CertificationRequest` (RFC 2986, section 4.2).
    CertificateRequest,
    /// `SEQUENCE` of six INTEGERs: a DSA key of OpenSSL.
    Dsa,
    /// `EncryptedPrivateKeyInfo` (RFC 5958, section 3).
    EncryptedPkcs8,
    /// `RSAPrivateKey` (RFC 8017, appendix A.1.2).
    Pkcs1,
    /// `ContentInfo` (RFC 2315, section 7, and RFC 5652, section 3).
    Pkcs7,
    /// `OneAsymmetricKey` (RFC 5958, section 2).
    Pkcs8,
    /// `PFX` (RFC 7292, section 4).
    Pkcs12,
    /// `SubjectPublicKeyInfo` (RFC 5280, section 4.1), or `RSAPublicKey` (RFC 8017, appendix
    /// A.1.1).
    PublicKey,
    /// `CertificateList` (RFC 5280, section 5.1).
    RevocationList,
    /// `ECPrivateKey` (RFC 5915, section 3).
    Sec1,
}

impl DerShape {
    /// Returns the shape of one DER value that fills `der`.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let mut content = only_sequence(der)?;
        match Tag::peek(&content).ok()? {
            Tag::Sequence => {
                let first = content.tlv_bytes().ok()?;
                match Tag::peek(&content).ok()? {
                    Tag::BitString => Some(Self::PublicKey),
                    Tag::OctetString => Some(Self::EncryptedPkcs8),
                    Tag::Sequence if is_encrypted_store(first) => None,
                    Tag::Sequence => Some(Self::of_signed(first).unwrap_or(Self::Certificate)),
                    _ => None,
                }
            }
            Tag::Integer => Self::after_version(&mut content),
            Tag::ObjectIdentifier => {
                content.tlv_bytes().ok()?;
                (Tag::peek(&content).ok()? == EXPLICIT_0).then_some(Self::Pkcs7)
            }
            _ => None,
        }
    }

    /// Tells the signed structures apart that consist of signed content, algorithm and signature.
    ///
    /// `None` if the content is neither a revocation list nor a request.
    fn of_signed(signed: &[u8]) -> Option<Self> {
        let mut content = only_sequence(signed)?;
        let has_version = Tag::peek(&content).ok()? == Tag::Integer;
        if has_version {
            content.tlv_bytes().ok()?;
        }
        // The algorithm and the issuer, or the subject and its key.
        for _ in 0..2 {
            if Tag::peek(&content).ok()? != Tag::Sequence {
                return None;
            }
            content.tlv_bytes().ok()?;
        }
        match Tag::peek(&content) {
            Ok(Tag::UtcTime | Tag::GeneralizedTime) => Some(Self::RevocationList),
            // The attributes, which some programs omit.
            Ok(EXPLICIT_0) if has_version => Some(Self::CertificateRequest),
            Err(_) if has_version => Some(Self::CertificateRequest),
            _ => None,
        }
    }

    fn after_version(content: &mut SliceReader<'_>) -> Option<Self> {
        content.tlv_bytes().ok()?;
        match Tag::peek(content).ok()? {
            Tag::OctetString => Some(Self::Sec1),
            Tag::Sequence if is_content_info(content.tlv_bytes().ok()?) => Some(Self::Pkcs12),
            Tag::Sequence => Some(Self::Pkcs8),
            Tag::Integer => {
                let mut integers: usize = 1;
                while !content.is_finished() && Tag::peek(content).ok()? == Tag::Integer {
                    content.tlv_bytes().ok()?;
                    integers = integers.saturating_add(1);
                }
                Some(match integers {
                    2 => Self::PublicKey,
                    6 => Self::Dsa,
                    _ => Self::Pkcs1,
                })
            }
            _ => None,
        }
    }
}

/// Returns whether it is `SEQUENCE { OBJECT IDENTIFIER, [0] .. }`.
///
/// An `AlgorithmIdentifier` has no context-specific parameters.
fn is_content_info(der: &[u8]) -> bool {
    DerShape::of(der) == Some(DerShape::Pkcs7)
}

/// Returns whether it is a BCFKS keystore of BouncyCastle: `SEQUENCE { store, integrity check }`.
pub(crate) fn is_bcfks(der: &[u8]) -> bool {
    let is_store = |mut content: SliceReader<'_>| {
        let store = content.tlv_bytes().ok()?;
        // The integrity check: algorithms and a MAC, or a signature.
        content.tlv_bytes().ok()?;
        Some(content.is_finished() && is_encrypted_store(store))
    };
    only_sequence(der).and_then(is_store).unwrap_or(false)
}

/// Returns whether it is `SEQUENCE { AlgorithmIdentifier, OCTET STRING }`.
///
/// No signed content begins with that.
fn is_encrypted_store(der: &[u8]) -> bool {
    let tags = |mut content: SliceReader<'_>| {
        let first = Tag::peek(&content).ok()?;
        content.tlv_bytes().ok()?;
        let second = Tag::peek(&content).ok()?;
        content.tlv_bytes().ok()?;
        Some([first, second] == [Tag::Sequence, Tag::OctetString] && content.is_finished())
    };
    only_sequence(der).and_then(tags).unwrap_or(false)
}

const EXPLICIT_0: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// Returns the content of the one SEQUENCE that fills `der`.
fn only_sequence(der: &[u8]) -> Option<SliceReader<'_>> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let content = reader.read_slice(header.length()).ok()?;
    if header.tag() != Tag::Sequence || !reader.is_finished() {
        return None;
    }
    SliceReader::new(content).ok()
}
