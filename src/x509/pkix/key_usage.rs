use const_oid::ObjectIdentifier;
use der::asn1::BitStringRef;
use der::{DecodeValue, Error, ErrorKind, FixedTag, Header, Reader, Result, Tag};

use super::{extension, like};

/// A key usage (RFC 5280, section 4.2.1.3), by its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyUsages {
    DigitalSignature = 0,
    NonRepudiation = 1,
    KeyEncipherment = 2,
    DataEncipherment = 3,
    KeyAgreement = 4,
    KeyCertSign = 5,
    CRLSign = 6,
    EncipherOnly = 7,
    DecipherOnly = 8,
}

/// Both BIT STRINGs of RFC 5280 have nine named bits.
const NAMED: u16 = 0x1ff;
const MOST_BITS: usize = 16;

/// A BIT STRING of named bits, the first of which is the lowest here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamedBits {
    bits: u16,
    is_der: bool,
}

impl NamedBits {
    /// Reads the usual form, which has one octet of bits; `None` for others, and for all faults.
    pub(in crate::x509) fn usual(encoded: &[u8]) -> Option<Self> {
        let [0x03, 2, unused @ ..8, octet] = *encoded else {
            return None;
        };
        let used = u8::MAX.wrapping_shl(unused.into());
        Some(Self {
            bits: (octet & used).reverse_bits().into(),
            is_der: octet.trailing_zeros() == u32::from(unused),
        })
    }

    pub(crate) fn contains(&self, usage: KeyUsages) -> bool {
        1u16.checked_shl(usage as u32)
            .is_some_and(|bit| self.bits & bit != 0)
    }

    pub(crate) fn bits(&self) -> u16 {
        self.bits
    }

    /// Returns whether it has no trailing zero bits (X.690, section 11.2.2), and no unnamed ones.
    pub(crate) fn is_der(&self) -> bool {
        self.is_der
    }
}

impl FixedTag for NamedBits {
    const TAG: Tag = Tag::BitString;
}

impl<'a> DecodeValue<'a> for NamedBits {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self> {
        let position = reader.position();
        let string = BitStringRef::decode_value(reader, header)?;
        if string.bit_len() > MOST_BITS {
            return Err(Error::new(ErrorKind::Overlength, position));
        }
        let mut all = 0u16;
        for (index, _) in (0u32..).zip(string.bits()).filter(|(_, bit)| *bit) {
            all |= 1u16.checked_shl(index).unwrap_or(0);
        }
        let bits = all & NAMED;
        let is_minimal = match string.raw_bytes().last() {
            Some(last) => last.trailing_zeros() == u32::from(string.unused_bits()),
            None => string.unused_bits() == 0,
        };
        Ok(Self {
            bits,
            is_der: is_minimal && bits == all,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUsage(pub(crate) NamedBits);

like!(KeyUsage, NamedBits);
extension!(KeyUsage, ID_CE_KEY_USAGE);

/// `ReasonFlags` (RFC 5280, section 4.2.1.13).
pub(crate) type ReasonFlags = NamedBits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExtendedKeyUsage(pub(crate) Vec<ObjectIdentifier>);

like!(ExtendedKeyUsage, Vec<ObjectIdentifier>);
extension!(ExtendedKeyUsage, ID_CE_EXT_KEY_USAGE);
