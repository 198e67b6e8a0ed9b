//! The attributes of directory names.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::{Reader, Tag};

use super::string::{self, Letters};
use crate::x509::cursor::Cursor;

/// Reads a `Name` with its header.
///
/// Its values must have string types of X.509 (RFC 5280, section 4.1.2.4), and Unicode types must
/// hold valid Unicode: OpenSSL cannot decode a certificate with other values.
pub(in crate::x509) fn decode<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    decode_after(&[], r)
}

/// Reads a `Name` like [`decode`]; skips validation if its bytes equal `read`.
///
/// A self-signed certificate contains the same name twice.
pub(in crate::x509) fn decode_after<'a>(read: &[u8], r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let (name, content) = r.element(Tag::Sequence)?;
    if name != read {
        each_attribute(content, check_value)?;
    }
    Ok(name)
}

/// Rejects values that OpenSSL cannot decode, and at which it aborts the handshake.
fn check_value(attribute: &Attribute<'_>) -> der::Result<()> {
    let is_universal = attribute.tag & CLASS == 0;
    let is_unicode = matches!(
        attribute.tag,
        string::UTF8_STRING | string::BMP_STRING | string::UNIVERSAL_STRING
    );
    if is_universal && (!is_unicode || attribute.letters().is_some()) {
        Ok(())
    } else {
        Err(Tag::Utf8String.value_error().into())
    }
}

/// The class of a tag in its identifier octet (X.690, section 8.1.2.2).
const CLASS: u8 = 0xc0;

/// The attributes of a `Name`, grouped by their sets.
pub(super) struct Attributes<'a>(Cursor<'a>);

/// The attributes of one `RelativeDistinguishedName`.
pub(super) struct AttributeSet<'a>(Cursor<'a>);

/// One attribute with encoded type and value; the decoder does not support all of them.
pub(super) struct Attribute<'a> {
    /// Content of the OBJECT IDENTIFIER.
    pub(super) kind: &'a [u8],
    /// Identifier octet of the value.
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    /// The value with its header.
    pub(super) element: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Creates the attributes of a `Name`; the bytes must end with it.
    pub(super) fn of(name: &'a [u8]) -> der::Result<Self> {
        content(name).and_then(Cursor::new).map(Self)
    }

    /// Returns the sets; stops after the first invalid one.
    pub(super) fn sets(mut self) -> impl Iterator<Item = der::Result<AttributeSet<'a>>> {
        core::iter::from_fn(move || {
            next(&mut self.0, |names| {
                names
                    .content(Tag::Set)
                    .and_then(Cursor::new)
                    .map(AttributeSet)
            })
        })
    }
}

impl<'a> Iterator for AttributeSet<'a> {
    type Item = der::Result<Attribute<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.0, |set| {
            let mut attribute = Cursor::new(set.content(Tag::Sequence)?)?;
            let kind = attribute.content(Tag::ObjectIdentifier)?;
            let element = attribute.rest();
            let (tag, value) = attribute.any()?;
            attribute.finish()?;
            Ok(Attribute {
                kind,
                tag,
                value,
                element,
            })
        })
    }
}

impl<'a> Attribute<'a> {
    pub(super) fn letters(&self) -> Option<Letters<'a>> {
        Letters::of(self.tag, self.value)
    }
}

/// Reads the next element; returns `None` after an error.
#[inline]
fn next<'a, T>(
    r: &mut Cursor<'a>,
    read: impl FnOnce(&mut Cursor<'a>) -> der::Result<T>,
) -> Option<der::Result<T>> {
    if r.is_finished() {
        return None;
    }
    let element = read(r);
    if element.is_err() {
        *r = Cursor::EMPTY;
    }
    Some(element)
}

/// Calls `look` for every attribute in the content of a `Name`.
fn each_attribute<'a>(
    names: &'a [u8],
    mut look: impl FnMut(&Attribute<'a>) -> der::Result<()>,
) -> der::Result<()> {
    for set in Attributes(Cursor::new(names)?).sets() {
        for attribute in set? {
            look(&attribute?)?;
        }
    }
    Ok(())
}

/// Returns the content of a `Name`; the bytes must end with it.
fn content(name: &[u8]) -> der::Result<&[u8]> {
    let mut reader = Cursor::new(name)?;
    let content = reader.content(Tag::Sequence)?;
    reader.finish()?;
    Ok(content)
}

pub(in crate::x509) fn has_attribute(name: &[u8], attribute: ObjectIdentifier) -> bool {
    let mut is_there = false;
    let read = content(name).and_then(|content| {
        each_attribute(content, |other| {
            is_there |= other.kind == attribute.as_bytes();
            Ok(())
        })
    });
    // An unreadable name may have the attribute.
    is_there || read.is_err()
}

/// The value of an attribute.
pub(crate) struct AttributeText<'a> {
    /// The encoded value.
    pub(crate) value: &'a [u8],
    /// The text; an error if it is not in the character set of its type, or the type is not a text
    /// type.
    pub(crate) text: Result<Cow<'a, str>, NotText>,
    /// Whether it contains a control character in any reading.
    pub(crate) has_control: bool,
}

/// The error of an attribute value that is not a text of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// Calls `look` with every value of these attribute types in a `Name`, in order.
///
/// The index is that of the type in `attributes`.
pub(crate) fn attribute_texts<'a, const N: usize>(
    name: &'a [u8],
    attributes: [ObjectIdentifier; N],
    mut look: impl FnMut(usize, AttributeText<'a>),
) -> der::Result<()> {
    each_attribute(content(name)?, |attribute| {
        let kind = attributes
            .iter()
            .position(|kind| kind.as_bytes() == attribute.kind);
        if let Some(kind) = kind {
            let mut letters = attribute.letters().into_iter().flatten();
            look(
                kind,
                AttributeText {
                    value: attribute.value,
                    text: string::text(attribute.tag, attribute.value).ok_or(NotText),
                    has_control: letters.any(char::is_control),
                },
            );
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a name with one common name, whose value has this tag.
    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        let tlv = |tag: u8, content: &[u8]| {
            let length = u8::try_from(content.len()).unwrap();
            [&[tag, length], content].concat()
        };
        let attribute = [b"\x06\x03\x55\x04\x03", &*tlv(tag, value)].concat();
        tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)))
    }

    #[test]
    fn a_value_has_to_be_one_that_openssl_decodes() {
        for (tag, value, is_decoded) in [
            (0x0c, "Zü".as_bytes(), true),
            (0x0c, b"Z\xfc", false),
            (0x1e, b"\0Z", true),
            (0x1e, b"\0Z\0", false),
            (0x1c, b"\0\0\0Z", true),
            (0x1c, b"\0Z", false),
            (0x13, b"a_b", true),
            (0x14, b"\xfc", true),
            (0x02, b"\x01", true),
            // Values of other classes, and one with a long tag number.
            (0x4c, b"Z", false),
            (0x80, b"Z", false),
            (0xcc, b"Z", false),
            (0x1f, b"\x01", false),
        ] {
            let name = common_name(tag, value);
            let decoded = |read| decode_after(read, &mut Cursor::new(&name).unwrap()).is_ok();
            assert_eq!(decoded(&[]), is_decoded, "{tag:#x} {value:02x?}");
            // A name that was read is not read again.
            assert!(decoded(&name), "{tag:#x} {value:02x?}");
        }
    }
}
