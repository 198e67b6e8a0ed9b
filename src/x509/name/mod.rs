//! Directory names: taken apart, compared (RFC 5280, section 7.1) and in words (RFC 4514).

mod canonical;
mod string;
mod words;

use std::borrow::Cow;

use const_oid::ObjectIdentifier;
use der::{Decode, ErrorKind, Length, Reader, Tag};

use super::cursor::Cursor;
pub(crate) use crate::error::path::is_hidden;
pub(crate) use canonical::{CanonicalName, is_same_name};
use string::Letters;
pub(crate) use words::{canonical_rfc4514, rfc4514, rfc4514_whole};

/// Takes a `Name` with its header off the reader.
///
/// Its values are of types that X.509 has (RFC 5280, section 4.1.2.4), and those in Unicode are in
/// it: OpenSSL cannot decode a certificate with another.
pub(super) fn decode<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    decode_after(&[], r)
}

/// As [`decode`], where a name of these bytes was read already: that of a self-signed certificate
/// stands in it twice.
pub(super) fn decode_after<'a>(read: &[u8], r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
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
struct Attributes<'a>(Cursor<'a>);

/// The attributes of one `RelativeDistinguishedName`.
struct AttributeSet<'a>(Cursor<'a>);

/// One attribute, its type and value as they are encoded: some have numbers or tags that the
/// decoder does not know.
struct Attribute<'a> {
    /// Content of the OBJECT IDENTIFIER.
    kind: &'a [u8],
    /// Identifier octet of the value.
    tag: u8,
    value: &'a [u8],
    /// The value with its header.
    element: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Takes a `Name` that fills the bytes.
    fn of(name: &'a [u8]) -> der::Result<Self> {
        content(name).and_then(Cursor::new).map(Self)
    }

    /// Ends with the first set that cannot be read.
    fn sets(mut self) -> impl Iterator<Item = der::Result<AttributeSet<'a>>> {
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
    fn letters(&self) -> Option<Letters<'a>> {
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

pub(super) fn has_attribute(name: &[u8], attribute: ObjectIdentifier) -> bool {
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
