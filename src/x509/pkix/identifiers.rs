use const_oid::ObjectIdentifier;
use der::asn1::{Int, OctetString};
use der::{Decode, DecodeValue, Error, FixedTag, Header, Reader, Result, Sequence, Tag};

use super::general_name::GeneralName;
use super::{extension, implicit, like};

/// `AuthorityKeyIdentifier` (RFC 5280, section 4.2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityKeyIdentifier {
    pub(crate) key_identifier: Option<OctetString>,
    pub(crate) authority_cert_issuer: Option<Vec<GeneralName>>,
    pub(crate) authority_cert_serial_number: Option<SerialNumber>,
}

extension!(AuthorityKeyIdentifier, ID_CE_AUTHORITY_KEY_IDENTIFIER);

impl<'a> DecodeValue<'a> for AuthorityKeyIdentifier {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            key_identifier: implicit(reader, 0)?,
            authority_cert_issuer: implicit(reader, 1)?,
            authority_cert_serial_number: implicit(reader, 2)?,
        })
    }
}

impl Sequence<'_> for AuthorityKeyIdentifier {}

/// A serial number of at most 21 octets: 20 (RFC 5280, section 4.1.2.2), and one of the sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SerialNumber(Int);

const MOST_OCTETS: usize = 21;

impl SerialNumber {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl FixedTag for SerialNumber {
    const TAG: Tag = Tag::Integer;
}

impl<'a> DecodeValue<'a> for SerialNumber {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self> {
        let number = Int::decode_value(reader, header)?;
        if number.as_bytes().len() > MOST_OCTETS {
            return Err(Tag::Integer.value_error().into());
        }
        Ok(Self(number))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SubjectKeyIdentifier(pub(crate) OctetString);

like!(SubjectKeyIdentifier, OctetString);
extension!(SubjectKeyIdentifier, ID_CE_SUBJECT_KEY_IDENTIFIER);

/// `AuthorityInfoAccessSyntax` (RFC 5280, section 4.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorityInfoAccessSyntax(pub(crate) Vec<AccessDescription>);

like!(AuthorityInfoAccessSyntax, Vec<AccessDescription>);
extension!(AuthorityInfoAccessSyntax, ID_PE_AUTHORITY_INFO_ACCESS);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessDescription {
    pub(crate) access_method: ObjectIdentifier,
    pub(crate) access_location: GeneralName,
}

impl<'a> DecodeValue<'a> for AccessDescription {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            access_method: reader.decode()?,
            access_location: GeneralName::decode(reader)?,
        })
    }
}

impl Sequence<'_> for AccessDescription {}
