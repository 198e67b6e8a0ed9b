//! The attributes of a bag (RFC 7292, section 4.2) that are needed.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

use super::elements::{elements, malformed};
use crate::error::MaterialProblem;
use crate::x509::is_hidden;

/// The maximum number of attributes of a bag; two or three are usual.
const MAX_ATTRIBUTES: usize = 32;
/// The maximum length of a name in a message, in characters.
const MAX_SHOWN: usize = 64;

const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) friendly_name: Option<String>,
    pub(crate) local_key_id: Option<&'a [u8]>,
}

impl<'a> Attributes<'a> {
    /// Reads the content of the SET, in any order.
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
            // Compared as bytes, because some identifiers have numbers that our parser cannot hold.
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

/// Reads type and values of an attribute, without their headers.
fn attribute<'a>(reader: &mut SliceReader<'a>) -> der::Result<(&'a [u8], &'a [u8])> {
    reader.sequence(|r: &mut SliceReader<'a>| {
        let kind = AnyRef::decode(r)?;
        kind.tag().assert_eq(Tag::ObjectIdentifier)?;
        let values = AnyRef::decode(r)?;
        values.tag().assert_eq(Tag::Set)?;
        Ok((kind.value(), values.value()))
    })
}

/// Returns the one value of an attribute, if it has any.
fn only(values: &[u8]) -> der::Result<Option<AnyRef<'_>>> {
    match values {
        [] => Ok(None),
        one => AnyRef::from_der(one).map(Some),
    }
}

/// Reads a `BMPString` as UTF-16, because Java writes two units for a character beyond the BMP.
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

/// Returns a name for messages, cut and escaped because the container's author chose it.
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
