//! What a bag says about itself (RFC 7292, section 4.2), as far as it is of use.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

use super::elements::{elements, malformed};
use crate::error::MaterialProblem;
use crate::x509::is_hidden;

/// The most attributes of a bag; ordinary ones have two or three.
const MAX_ATTRIBUTES: usize = 32;
/// The most characters of a name that a message shows.
const MAX_SHOWN: usize = 64;

const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) friendly_name: Option<String>,
    pub(crate) local_key_id: Option<&'a [u8]>,
}

impl<'a> Attributes<'a> {
    /// Reads the content of the SET, in whatever order it is.
    pub(crate) fn read(set: &'a [u8]) -> Result<Self, MaterialProblem> {
        let mut attributes = Self::default();
        let mut count = 0_usize;
        elements(set, |reader| {
            count = count.saturating_add(1);
            if count > MAX_ATTRIBUTES {
                return Err(MaterialProblem::TooMany {
                    limit: MAX_ATTRIBUTES,
                    what: "attributes of a bag",
                });
            }
            let (kind, values) = attribute(reader).map_err(malformed)?;
            // Some have numbers that our reader does not hold; so they are compared as bytes.
            if kind == FRIENDLY_NAME.as_bytes() {
                attributes.friendly_name = only(values).map_err(malformed)?.and_then(bmp_text);
            } else if kind == LOCAL_KEY_ID.as_bytes() {
                attributes.local_key_id = only(values)
                    .map_err(malformed)?
                    .and_then(|id| id.decode_as::<&OctetStringRef>().ok())
                    .map(OctetStringRef::as_bytes);
            }
            Ok(())
        })?;
        Ok(attributes)
    }
}

/// Type and values of an attribute, without their headers.
fn attribute<'a>(reader: &mut SliceReader<'a>) -> der::Result<(&'a [u8], &'a [u8])> {
    reader.sequence(|r: &mut SliceReader<'a>| {
        let kind = AnyRef::decode(r)?;
        kind.tag().assert_eq(Tag::ObjectIdentifier)?;
        let values = AnyRef::decode(r)?;
        values.tag().assert_eq(Tag::Set)?;
        Ok((kind.value(), values.value()))
    })
}

/// The one value of an attribute that has one.
fn only(values: &[u8]) -> der::Result<Option<AnyRef<'_>>> {
    match values {
        [] => Ok(None),
        one => AnyRef::from_der(one).map(Some),
    }
}

/// Java puts two units for a character beyond the BMP, so it is read as UTF-16.
fn bmp_text(value: AnyRef<'_>) -> Option<String> {
    if value.tag() != Tag::BmpString {
        return None;
    }
    let units = value.value().chunks(2).map(|unit| match unit {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

/// A name as a message may show it: somebody else chose its characters.
pub(crate) fn shown(name: &str) -> String {
    let mut text = String::from("`");
    for (at, c) in name.chars().enumerate() {
        if at == MAX_SHOWN {
            text.push_str("..");
            break;
        }
        match c {
            c if is_hidden(c) => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text.push('`');
    text
}
