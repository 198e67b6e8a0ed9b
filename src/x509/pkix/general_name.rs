use const_oid::ObjectIdentifier;
use der::asn1::{BmpString, Ia5String, OctetString, PrintableString, TeletexString};
use der::{
    Any, Decode, DecodeValue, Error, ErrorKind, FixedTag, Header, Reader, Result, Sequence, Tag,
    TagNumber,
};

use super::name::Name;
use super::{explicit, implicit};

/// `GeneralName` (RFC 5280, section 4.2.1.6), decoded.
///
/// X.400 addresses are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GeneralName {
    OtherName(OtherName),
    Rfc822Name(Ia5String),
    DnsName(Ia5String),
    DirectoryName(Name),
    EdiPartyName(EdiPartyName),
    UniformResourceIdentifier(Ia5String),
    IpAddress(OctetString),
    RegisteredId(ObjectIdentifier),
}

impl<'a> Decode<'a> for GeneralName {
    type Error = Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        let tag = Tag::peek(reader)?;
        let Tag::ContextSpecific {
            constructed,
            number: TagNumber(number),
        } = tag
        else {
            return Err(unexpected(tag, reader));
        };
        let name = match (number, constructed) {
            (0, true) => implicit(reader, 0)?.map(Self::OtherName),
            (1, false) => implicit(reader, 1)?.map(Self::Rfc822Name),
            (2, false) => implicit(reader, 2)?.map(Self::DnsName),
            (4, true) => explicit(reader, 4)?.map(Self::DirectoryName),
            (5, true) => implicit(reader, 5)?.map(Self::EdiPartyName),
            (6, false) => implicit(reader, 6)?.map(Self::UniformResourceIdentifier),
            (7, false) => implicit(reader, 7)?.map(Self::IpAddress),
            (8, false) => implicit(reader, 8)?.map(Self::RegisteredId),
            _ => None,
        };
        name.ok_or_else(|| unexpected(tag, reader))
    }
}

impl GeneralName {
    /// Returns whether a directory name is in its one form in DER; all others are.
    pub(super) fn is_der(&self) -> bool {
        !matches!(self, Self::DirectoryName(name) if !name.is_der())
    }
}

/// The error for a tag that no alternative of a CHOICE has.
pub(super) fn unexpected<'a>(actual: Tag, reader: &impl Reader<'a>) -> Error {
    let expected = None;
    Error::new(
        ErrorKind::TagUnexpected { expected, actual },
        reader.position(),
    )
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherName {
    type_id: ObjectIdentifier,
    value: Any,
}

impl<'a> DecodeValue<'a> for OtherName {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            type_id: reader.decode()?,
            value: required(explicit(reader, 0)?, reader)?,
        })
    }
}

impl Sequence<'_> for OtherName {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EdiPartyName {
    name_assigner: Option<DirectoryString>,
    party_name: DirectoryString,
}

impl<'a> DecodeValue<'a> for EdiPartyName {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            name_assigner: explicit(reader, 0)?,
            party_name: required(explicit(reader, 1)?, reader)?,
        })
    }
}

impl Sequence<'_> for EdiPartyName {}

fn required<'a, T>(found: Option<T>, reader: &mut impl Reader<'a>) -> Result<T> {
    found.ok_or_else(|| reader.error(Tag::Sequence.value_error()))
}

/// `DirectoryString` (RFC 5280, section 4.1.2.4), without `UniversalString`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DirectoryString {
    Printable(PrintableString),
    Teletex(TeletexString),
    Utf8(String),
    Bmp(BmpString),
}

impl<'a> Decode<'a> for DirectoryString {
    type Error = Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        Ok(match Tag::peek(reader)? {
            PrintableString::TAG => Self::Printable(reader.decode()?),
            TeletexString::TAG => Self::Teletex(reader.decode()?),
            Tag::Utf8String => Self::Utf8(reader.decode()?),
            BmpString::TAG => Self::Bmp(reader.decode()?),
            other => return Err(unexpected(other, reader)),
        })
    }
}
