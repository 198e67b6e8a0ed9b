//! Directory names, taken apart.

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::{Decode, ErrorKind, Length, Reader, Tag};

use super::string::{self, Letters};
use crate::x509::cursor::Cursor;

/// Takes a `Name` with its header off the reader.
///
/// Its values are of types that X.509 has (RFC 5280, section 4.1.2.4), and those in Unicode are in
/// it: OpenSSL cannot decode a certificate with another.
pub(in crate::x509) fn decode<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    decode_after(&[], r)
}

/// As [`decode`], where a name of these bytes was read already: that of a self-signed certificate
/// stands in it twice.
pub(in crate::x509) fn decode_after<'a>(read: &[u8], r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let (name, content) = r.element(Tag::Sequence)?;
    if name != read {
        each_attribute(content, check_value)?;
    }
    Ok(name)
}

/// What OpenSSL cannot decode, and so ends the handshake at.
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

/// The bits of an identifier octet after which the number of the tag follows (X.690, section
/// 8.1.2.4). Values of directory names have none of these.
const LONG_TAG: u8 = 0x1f;

/// The attributes of a `Name`, by the sets that they stand in.
pub(super) struct Attributes<'a>(Cursor<'a>);

/// The attributes of one `RelativeDistinguishedName`.
pub(super) struct AttributeSet<'a>(Cursor<'a>);

/// One attribute, its type and value as they are encoded: some have numbers or tags that the
/// decoder does not know.
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
    /// Takes a `Name` that fills the bytes.
    pub(super) fn of(name: &'a [u8]) -> der::Result<Self> {
        content(name).and_then(Cursor::new).map(Self)
    }

    /// Ends with the first set that cannot be read.
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

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.0, |set| {
            let mut attribute = Cursor::new(set.content(Tag::Sequence)?)?;
            let kind = attribute.content(Tag::ObjectIdentifier)?;
            let element = attribute.rest();
            let tag = attribute.read_byte()?;
            if tag & LONG_TAG == LONG_TAG {
                return Err(attribute.error(ErrorKind::TagNumberInvalid));
            }
            let length = Length::decode(&mut attribute)?;
            let value = attribute.read_slice(length)?;
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

/// The next element; nothing more after an error.
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

/// Takes the content of a `Name`.
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

/// The content of a `Name` that fills the bytes.
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
    // What cannot be read might be it.
    is_there || read.is_err()
}

/// The value of an attribute.
pub(crate) struct AttributeText<'a> {
    /// As it stands in the name.
    pub(crate) value: &'a [u8],
    /// Its text; an error where it is not in the character set of its type, or its type is none for
    /// text.
    pub(crate) text: Result<Cow<'a, str>, NotText>,
    /// Whether it holds a control character, however it is read.
    pub(crate) has_control: bool,
}

/// The value of an attribute cannot be read as a text of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// Gives every value of these attribute types in a `Name`, with the place of its type among them,
/// in the order of the bytes.
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

    /// A name with one common name, whose value has this tag.
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
            // Of other classes, and with a number in octets of its own.
            (0x4c, b"Z", false),
            (0x80, b"Z", false),
            (0xcc, b"Z", false),
            (0x1f, b"\x01", false),
        ] {
            let name = common_name(tag, value);
            let decoded = |read| decode_after(read, &mut Cursor::new(&name).unwrap()).is_ok();
            assert_eq!(decoded(&[]), is_decoded, "{tag:#x} {value:02x?}");
            // One that was read is not read again.
            assert!(decoded(&name), "{tag:#x} {value:02x?}");
        }
    }
}
