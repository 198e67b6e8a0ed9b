use core::cmp::Ordering;

use const_oid::ObjectIdentifier;
use const_oid::db::DB;
use const_oid::db::rfc3280::EMAIL_ADDRESS;
use const_oid::db::rfc4519::{COUNTRY_NAME, DOMAIN_COMPONENT, SERIAL_NUMBER};

use der::asn1::SetOfVec;
use der::{
    Any, Decode, DecodeValue, DerOrd, Encode, EncodeValue, Error, FixedTag, Header, Length, Reader,
    Result, Sequence, SliceReader, Tag, ValueOrd, Writer,
};

/// `Name` (RFC 5280, section 4.1.2.4), with the attributes of each set in DER's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name(Vec<RelativeDistinguishedName>);

impl Name {
    /// Parses the form of RFC 4514, section 3.
    ///
    /// `#` before hexadecimal digits is a value in DER.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut sets = Vec::new();
        for part in split(text, b',') {
            let attributes = split(part, b'+').map(Attribute::parse);
            let attributes: Vec<Attribute> = attributes.collect::<Option<_>>()?;
            sets.push(RelativeDistinguishedName::of(attributes.try_into().ok()?));
        }
        sets.reverse();
        Some(Self(sets))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn to_der(&self) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        for set in &self.0 {
            set.encode_to_vec(&mut content)?;
        }
        Any::new(Tag::Sequence, content)?.to_der()
    }

    pub(super) fn is_der(&self) -> bool {
        self.0.iter().all(RelativeDistinguishedName::is_der)
    }
}

impl FixedTag for Name {
    const TAG: Tag = Tag::Sequence;
}

impl<'a> DecodeValue<'a> for Name {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self> {
        Vec::decode_value(reader, header).map(Self)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RelativeDistinguishedName {
    attributes: SetOfVec<Attribute>,
    /// Whether they were read in DER's order.
    is_der: bool,
}

impl RelativeDistinguishedName {
    fn of(attributes: SetOfVec<Attribute>) -> Self {
        Self {
            attributes,
            is_der: true,
        }
    }

    /// Appends it in DER.
    pub(crate) fn encode_to_vec(&self, to: &mut Vec<u8>) -> Result<Length> {
        self.attributes.encode_to_vec(to)
    }

    pub(super) fn is_der(&self) -> bool {
        self.is_der
    }
}

/// The order in which they were read does not count.
impl PartialEq for RelativeDistinguishedName {
    fn eq(&self, other: &Self) -> bool {
        self.attributes == other.attributes
    }
}

impl Eq for RelativeDistinguishedName {}

impl FixedTag for RelativeDistinguishedName {
    const TAG: Tag = Tag::Set;
}

impl<'a> DecodeValue<'a> for RelativeDistinguishedName {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self> {
        let content = reader.read_slice(header.length())?;
        let attributes = SetOfVec::decode_value(&mut SliceReader::new(content)?, header)?;
        let mut sorted = Vec::new();
        for attribute in attributes.iter() {
            Attribute::encode_to_vec(attribute, &mut sorted)?;
        }
        Ok(Self {
            attributes,
            is_der: sorted == content,
        })
    }
}

/// `AttributeTypeAndValue` (RFC 5280, section 4.1.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    oid: ObjectIdentifier,
    value: Any,
}

impl Attribute {
    fn parse(text: &str) -> Option<Self> {
        let (key, value) = text.split_once('=')?;
        let oid = match DB.by_name(key) {
            Some(oid) => *oid,
            None => ObjectIdentifier::new(key).ok()?,
        };
        let value = match value.strip_prefix('#') {
            Some(digits) => Any::from_der(&octets(digits)?).ok()?,
            None => Any::new(string_type(oid), unescaped(value)?).ok()?,
        };
        Some(Self { oid, value })
    }
}

impl<'a> DecodeValue<'a> for Attribute {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            oid: reader.decode()?,
            value: reader.decode()?,
        })
    }
}

impl EncodeValue for Attribute {
    fn value_len(&self) -> Result<Length> {
        self.oid.encoded_len()? + self.value.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> Result<()> {
        self.oid.encode(writer)?;
        self.value.encode(writer)
    }
}

impl Sequence<'_> for Attribute {}

impl ValueOrd for Attribute {
    fn value_cmp(&self, other: &Self) -> Result<Ordering> {
        match self.oid.der_cmp(&other.oid)? {
            Ordering::Equal => self.value.der_cmp(&other.value),
            unequal => Ok(unequal),
        }
    }
}

/// The string types that RFC 5280, appendix A.1, requires.
fn string_type(attribute: ObjectIdentifier) -> Tag {
    match attribute {
        COUNTRY_NAME | SERIAL_NUMBER => Tag::PrintableString,
        DOMAIN_COMPONENT | EMAIL_ADDRESS => Tag::Ia5String,
        _ => Tag::Utf8String,
    }
}

/// Splits a text at the separators that no backslash escapes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let before = move |at: usize, places: usize| {
        let byte = at.checked_sub(places).and_then(|at| bytes.get(at));
        byte == Some(&b'\\')
    };
    let places = (0..bytes.len())
        .filter(move |at| bytes.get(*at) == Some(&separator))
        .filter(move |at| !before(*at, 1) || before(*at, 2));
    let mut start = 0;
    places.chain([bytes.len()]).map(move |end| {
        let part = text.get(start..end).unwrap_or_default();
        start = end.saturating_add(1);
        part
    })
}

/// Undoes the escapes of RFC 4514, section 2.4; an unfinished one at the end is dropped.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut octets = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            octets.push(byte);
            continue;
        }
        let Some(escaped) = bytes.next() else { break };
        if b" \"#=\\+,;<>".contains(&escaped) {
            octets.push(escaped);
            continue;
        }
        let high = digit(escaped)?;
        let Some(low) = bytes.next() else { break };
        octets.push(high << 4 | digit(low)?);
    }
    Some(octets)
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let octet = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(octet).collect()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
