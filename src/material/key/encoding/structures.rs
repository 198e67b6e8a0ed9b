//! The structures of private keys, in DER.
//!
//! `der` reads and writes the values. The crates `pkcs8`, `pkcs1`, `sec1` and `spki` do no more for
//! these fields, and bring much that is not used.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BitStringRef, ContextSpecific, ContextSpecificRef};
use der::asn1::{OctetStringRef, SequenceRef, UintRef};
use der::{
    Decode, DecodeValue, Encode, EncodeValue, Error, Header, Length, Reader, Result, Sequence,
    SliceReader, Tag, TagMode, TagNumber, Writer,
};

/// `AlgorithmIdentifier` (RFC 5280, section 4.1.1.2).
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) parameters: Option<AnyRef<'a>>,
}

impl<'a> DecodeValue<'a> for Algorithm<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            oid: reader.decode()?,
            parameters: reader.decode()?,
        })
    }
}

impl EncodeValue for Algorithm<'_> {
    fn value_len(&self) -> Result<Length> {
        self.oid.encoded_len()? + self.parameters.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        self.oid.encode(writer)?;
        self.parameters.encode(writer)
    }
}

impl<'a> Sequence<'a> for Algorithm<'a> {}

/// `OneAsymmetricKey` (RFC 5958, section 2); attributes are ignored.
pub(super) struct PrivateKeyInfo<'a> {
    pub(super) algorithm: Algorithm<'a>,
    pub(super) private_key: &'a OctetStringRef,
    /// Only read; what is written is version 1, which has none.
    pub(super) public_key: Option<BitStringRef<'a>>,
}

const ATTRIBUTES: TagNumber = TagNumber(0);
const PUBLIC_KEY: TagNumber = TagNumber(1);

impl<'a> DecodeValue<'a> for PrivateKeyInfo<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        let has_public_key = match u8::decode(reader)? {
            0 => false,
            1 => true,
            _ => return Err(reader.error(Tag::Integer.value_error())),
        };
        let algorithm = reader.decode()?;
        let private_key = <&OctetStringRef>::decode(reader)?;
        reader.context_specific::<&SequenceRef>(ATTRIBUTES, TagMode::Implicit)?;
        let public_key = reader.context_specific(PUBLIC_KEY, TagMode::Implicit)?;
        if has_public_key != public_key.is_some() {
            return Err(reader.error(Tag::BitString.value_error()));
        }
        while !reader.is_finished() {
            reader.decode::<ContextSpecific<AnyRef<'_>>>()?;
        }
        Ok(Self {
            algorithm,
            private_key,
            public_key,
        })
    }
}

impl EncodeValue for PrivateKeyInfo<'_> {
    fn value_len(&self) -> Result<Length> {
        0u8.encoded_len()? + self.algorithm.encoded_len()? + self.private_key.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        0u8.encode(writer)?;
        self.algorithm.encode(writer)?;
        self.private_key.encode(writer)
    }
}

impl<'a> Sequence<'a> for PrivateKeyInfo<'a> {}

impl<'a> PrivateKeyInfo<'a> {
    /// Reads a key as ring before 0.17 writes it.
    ///
    /// It is version 2, with the public key under an EXPLICIT tag where RFC 5958, section 2, has an
    /// IMPLICIT one.
    pub(super) fn of_old_ring(der: &'a [u8]) -> Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let info = reader.sequence(|r| {
            if u8::decode(r)? != 1 {
                return Err(r.error(Tag::Integer.value_error()));
            }
            Ok(Self {
                algorithm: r.decode()?,
                private_key: <&OctetStringRef>::decode(r)?,
                public_key: r.context_specific(PUBLIC_KEY, TagMode::Explicit)?,
            })
        })?;
        reader.finish()?;
        if info.public_key.is_none() {
            return Err(Tag::BitString.value_error().into());
        }
        Ok(info)
    }
}

/// `SubjectPublicKeyInfo` (RFC 5280, section 4.1).
pub(super) struct Spki<'a> {
    pub(super) algorithm: Algorithm<'a>,
    pub(super) subject_public_key: BitStringRef<'a>,
}

impl<'a> DecodeValue<'a> for Spki<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            algorithm: reader.decode()?,
            subject_public_key: reader.decode()?,
        })
    }
}

impl EncodeValue for Spki<'_> {
    fn value_len(&self) -> Result<Length> {
        self.algorithm.encoded_len()? + self.subject_public_key.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        self.algorithm.encode(writer)?;
        self.subject_public_key.encode(writer)
    }
}

impl<'a> Sequence<'a> for Spki<'a> {}

/// `ECPrivateKey` (RFC 5915, section 3).
pub(super) struct EcPrivateKey<'a> {
    pub(super) private_key: &'a [u8],
    /// The named curve. It is only read: the PKCS#8 around a key names it.
    pub(super) curve: Option<ObjectIdentifier>,
    pub(super) public_key: Option<&'a [u8]>,
}

const EC_VERSION: u8 = 1;
const EC_CURVE: TagNumber = TagNumber(0);
const EC_PUBLIC_KEY: TagNumber = TagNumber(1);

impl<'a> DecodeValue<'a> for EcPrivateKey<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        if u8::decode(reader)? != EC_VERSION {
            return Err(reader.error(Tag::Integer.value_error()));
        }
        Ok(Self {
            private_key: <&OctetStringRef>::decode(reader)?.as_bytes(),
            curve: reader.context_specific(EC_CURVE, TagMode::Explicit)?,
            public_key: reader
                .context_specific::<BitStringRef<'_>>(EC_PUBLIC_KEY, TagMode::Explicit)?
                .map(|bits| bits.as_bytes().ok_or_else(|| Tag::BitString.value_error()))
                .transpose()?,
        })
    }
}

impl EcPrivateKey<'_> {
    fn point(&self) -> Result<Option<BitStringRef<'_>>> {
        self.public_key.map(BitStringRef::from_bytes).transpose()
    }
}

/// The public key of an `ECPrivateKey` with its tag.
fn tagged<'a>(value: &'a BitStringRef<'a>) -> ContextSpecificRef<'a, BitStringRef<'a>> {
    ContextSpecificRef {
        tag_number: EC_PUBLIC_KEY,
        tag_mode: TagMode::Explicit,
        value,
    }
}

impl EncodeValue for EcPrivateKey<'_> {
    fn value_len(&self) -> Result<Length> {
        let point = self.point()?;
        EC_VERSION.encoded_len()?
            + OctetStringRef::new(self.private_key)?.encoded_len()?
            + point.as_ref().map(tagged).encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        EC_VERSION.encode(writer)?;
        OctetStringRef::new(self.private_key)?.encode(writer)?;
        self.point()?.as_ref().map(tagged).encode(writer)
    }
}

impl<'a> Sequence<'a> for EcPrivateKey<'a> {}

/// `RSAPrivateKey` of two primes (RFC 8017, appendix A.1.2).
pub(crate) struct RsaPrivateKey<'a> {
    pub(crate) modulus: UintRef<'a>,
    pub(crate) public_exponent: UintRef<'a>,
    pub(crate) private_exponent: UintRef<'a>,
    pub(crate) prime1: UintRef<'a>,
    pub(crate) prime2: UintRef<'a>,
    pub(crate) exponent1: UintRef<'a>,
    pub(crate) exponent2: UintRef<'a>,
    pub(crate) coefficient: UintRef<'a>,
}

impl<'a> DecodeValue<'a> for RsaPrivateKey<'a> {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        if u8::decode(reader)? != 0 {
            return Err(reader.error(Tag::Integer.value_error()));
        }
        Ok(Self {
            modulus: reader.decode()?,
            public_exponent: reader.decode()?,
            private_exponent: reader.decode()?,
            prime1: reader.decode()?,
            prime2: reader.decode()?,
            exponent1: reader.decode()?,
            exponent2: reader.decode()?,
            coefficient: reader.decode()?,
        })
    }
}

impl<'a> Sequence<'a> for RsaPrivateKey<'a> {}

/// `RSAPublicKey` (RFC 8017, appendix A.1.1).
pub(super) struct RsaPublicKey<'a> {
    pub(super) modulus: UintRef<'a>,
    pub(super) public_exponent: UintRef<'a>,
}

impl EncodeValue for RsaPublicKey<'_> {
    fn value_len(&self) -> Result<Length> {
        self.modulus.encoded_len()? + self.public_exponent.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        self.modulus.encode(writer)?;
        self.public_exponent.encode(writer)
    }
}

impl<'a> Sequence<'a> for RsaPublicKey<'a> {}
