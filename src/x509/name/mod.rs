//! Directory names: taken apart, compared (RFC 5280, section 7.1) and in words (RFC 4514).

mod canonical;
mod string;

use core::fmt::Write;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, BmpString, Utf8StringRef};
use der::{Decode, Encode, ErrorKind, Length, Reader, Tag, Tagged};
use x509_cert::name::Name;

use super::cursor::Cursor;
pub(crate) use crate::error::path::is_hidden;
pub(crate) use canonical::{CanonicalName, is_same_name};
use string::Letters;

/// A `Name` as RFC 4514 writes it; bytes that are no name are said to be unreadable.
pub(crate) fn rfc4514(name: &[u8]) -> String {
    match Name::from_der(name) {
        Ok(name) if name.is_empty() => "(empty)".to_owned(),
        Ok(name) => escape_hidden(name.to_string()),
        Err(_) => "(unreadable)".to_owned(),
    }
}

/// A name that somebody wrote down in the form of RFC 4514, as [`rfc4514`] would write it; `None` for what is no name.
pub(crate) fn canonical_rfc4514(text: &str) -> Option<(String, CanonicalName)> {
    let name: Name = text.parse().ok()?;
    let canonical = CanonicalName::of(&name.to_der().ok()?);
    (!name.is_empty()).then(|| (escape_hidden(name.to_string()), canonical))
}

/// x509-cert escapes the control characters of ASCII. The others move the cursor, break lines or turn the
/// direction of text as well, and a name goes into logs before anybody has vouched for it.
fn escape_hidden(name: String) -> String {
    if !name.contains(is_hidden) {
        return name;
    }
    let mut escaped = String::with_capacity(name.len());
    for c in name.chars() {
        if is_hidden(c) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                // Writing into a string cannot fail.
                let _ = write!(escaped, "\\{byte:02x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Takes a `Name` with its header off the reader.
///
/// Its values are of types that X.509 has (RFC 5280, section 4.1.2.4), and those in Unicode are in it: OpenSSL cannot
/// decode a certificate with another.
pub(super) fn decode<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    decode_after(&[], r)
}

/// As [`decode`], where a name of these bytes was read already: that of a self-signed certificate stands in it twice.
pub(super) fn decode_after<'a>(read: &[u8], r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let (name, content) = r.element(Tag::Sequence)?;
    if name != read {
        each_attribute(content, |_, value| check_value(value))?;
    }
    Ok(name)
}

fn check_value(value: AnyRef<'_>) -> der::Result<()> {
    match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().map(drop),
        Tag::BmpString => value.decode_as::<BmpString>().map(drop),
        Tag::ContextSpecific { .. } | Tag::Application { .. } | Tag::Private { .. } => {
            Err(value.tag().value_error().into())
        }
        _ => Ok(()),
    }
}

/// The bits of an identifier octet after which the number of the tag follows (X.690, section 8.1.2.4). Values of directory
/// names have none of these.
const LONG_TAG: u8 = 0x1f;

/// The attributes of a `Name`, by the sets that they stand in.
struct Attributes<'a>(Cursor<'a>);

/// The attributes of one `RelativeDistinguishedName`.
struct AttributeSet<'a>(Cursor<'a>);

/// One attribute, its type and value as they are encoded: some have numbers or tags that the decoder does not know.
struct Attribute<'a> {
    /// Content of the OBJECT IDENTIFIER.
    kind: &'a [u8],
    /// Identifier octet of the value.
    tag: u8,
    value: &'a [u8],
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
            let tag = attribute.read_byte()?;
            if tag & LONG_TAG == LONG_TAG {
                return Err(attribute.error(ErrorKind::TagNumberInvalid));
            }
            let length = Length::decode(&mut attribute)?;
            let value = attribute.read_slice(length)?;
            attribute.finish()?;
            Ok(Attribute { kind, tag, value })
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

/// Gives the type of each attribute as it is encoded: some have numbers that our reader does not hold.
///
/// Takes the content of a `Name`.
fn each_attribute<'a>(
    names: &'a [u8],
    mut look: impl FnMut(&[u8], AnyRef<'a>) -> der::Result<()>,
) -> der::Result<()> {
    for set in Attributes(Cursor::new(names)?).sets() {
        for attribute in set? {
            let Attribute { kind, tag, value } = attribute?;
            look(kind, AnyRef::new(Tag::from_der(&[tag])?, value)?)?;
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
        each_attribute(content, |kind, _| {
            is_there |= kind == attribute.as_bytes();
            Ok(())
        })
    });
    // What cannot be read might be it.
    is_there || read.is_err()
}

/// Every value of each of these attribute types in a `Name`, in the order of the bytes.
///
/// Values that are no text, or not in their type's character set, are an error.
pub(crate) fn attribute_texts<const N: usize>(
    name: &[u8],
    attributes: [ObjectIdentifier; N],
) -> der::Result<[Vec<String>; N]> {
    let mut values = [const { Vec::new() }; N];
    each_attribute(content(name)?, |kind, value| {
        for (attribute, values) in attributes.iter().zip(&mut values) {
            if kind == attribute.as_bytes() {
                values.push(text(value)?);
            }
        }
        Ok(())
    })?;
    Ok(values)
}

fn text(value: AnyRef<'_>) -> der::Result<String> {
    match value.tag() {
        Tag::Utf8String => Ok(value.decode_as::<Utf8StringRef<'_>>()?.to_string()),
        Tag::PrintableString => Ok(value
            .decode_as::<der::asn1::PrintableStringRef<'_>>()?
            .to_string()),
        Tag::Ia5String => Ok(value
            .decode_as::<der::asn1::Ia5StringRef<'_>>()?
            .to_string()),
        Tag::TeletexString => Ok(value
            .decode_as::<der::asn1::TeletexStringRef<'_>>()?
            .to_string()),
        Tag::BmpString => Ok(value.decode_as::<BmpString>()?.to_string()),
        other => Err(other.value_error().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped() {
        for (common_name, shown) in [
            ("Zoë", "CN=Zoë"),
            ("a\nb", r"CN=a\0ab"),
            ("a\u{9b}b", r"CN=a\c2\9bb"),
            ("a\u{2028}b", r"CN=a\e2\80\a8b"),
            ("a\u{202e}b", r"CN=a\e2\80\aeb"),
        ] {
            let length = u8::try_from(common_name.len()).unwrap();
            let value = [&[0x0c, length], common_name.as_bytes()].concat();
            let name = [
                &[0x30, length + 11, 0x31, length + 9, 0x30, length + 7][..],
                &[0x06, 0x03, 0x55, 0x04, 0x03],
                &value,
            ]
            .concat();
            assert_eq!(rfc4514(&name), shown);
        }
    }
}
