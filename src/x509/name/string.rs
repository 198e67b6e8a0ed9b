//! The string types of directory names (X.520; RFC 5280, section 4.1.2.4).

use core::iter::Copied;
use core::slice;
use core::str::Chars;
use std::borrow::Cow;

use der::asn1::PrintableStringRef;

/// Identifier octets of the string types (X.680, section 8.4).
pub(super) const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
pub(super) const UNIVERSAL_STRING: u8 = 0x1c;
pub(super) const BMP_STRING: u8 = 0x1e;

/// The characters of a string of any type.
#[derive(Clone)]
pub(super) enum Letters<'a> {
    /// One octet each. `TeletexString` is Latin-1 in practice, and so are non-ASCII octets in the
    /// ASCII types, where they are not allowed: OpenSSL reads both this way.
    Latin1(Copied<slice::Iter<'a, u8>>),
    Ucs2(slice::ChunksExact<'a, u8>),
    Ucs4(slice::ChunksExact<'a, u8>),
    Utf8(Chars<'a>),
}

impl<'a> Letters<'a> {
    /// Returns the characters of a value.
    ///
    /// Returns `None` for a value of another type, and for octets that are not characters of its
    /// type.
    pub(super) fn of(tag: u8, value: &'a [u8]) -> Option<Self> {
        let letters = match tag {
            // The same letters, of one octet each.
            UTF8_STRING if value.is_ascii() => Self::Latin1(value.iter().copied()),
            UTF8_STRING => Self::Utf8(core::str::from_utf8(value).ok()?.chars()),
            NUMERIC_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING | VISIBLE_STRING => {
                Self::Latin1(value.iter().copied())
            }
            BMP_STRING => Self::Ucs2(value.chunks_exact(2)),
            UNIVERSAL_STRING => Self::Ucs4(value.chunks_exact(4)),
            _ => return None,
        };
        let is_whole = match &letters {
            Self::Latin1(_) | Self::Utf8(_) => true,
            Self::Ucs2(units) | Self::Ucs4(units) => {
                units.remainder().is_empty() && units.clone().all(|unit| letter(unit).is_some())
            }
        };
        is_whole.then_some(letters)
    }
}

impl Iterator for Letters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Latin1(octets) => octets.next().map(char::from),
            Self::Ucs2(units) | Self::Ucs4(units) => units.next().and_then(letter),
            Self::Utf8(letters) => letters.next(),
        }
    }
}

/// Returns whether all readers decode a value to the same characters.
///
/// In the types with one octet per character, readers decode octets beyond ASCII as Latin-1 or as
/// UTF-8.
pub(super) fn is_certain(tag: u8, value: &[u8]) -> bool {
    match tag {
        NUMERIC_STRING | PRINTABLE_STRING | TELETEX_STRING | IA5_STRING | VISIBLE_STRING => {
            value.is_ascii()
        }
        _ => Letters::of(tag, value).is_some(),
    }
}

/// Returns the text of a string if all readers agree on it.
///
/// The octets must be in the character set of its type.
pub(super) fn text(tag: u8, value: &[u8]) -> Option<Cow<'_, str>> {
    match tag {
        UTF8_STRING => core::str::from_utf8(value).ok().map(Cow::Borrowed),
        PRINTABLE_STRING => {
            let text = PrintableStringRef::new(value).ok()?;
            Some(Cow::Borrowed(text.as_str()))
        }
        IA5_STRING | TELETEX_STRING if value.is_ascii() => {
            core::str::from_utf8(value).ok().map(Cow::Borrowed)
        }
        BMP_STRING => Letters::of(tag, value).map(|letters| Cow::Owned(letters.collect())),
        _ => None,
    }
}

/// Decodes a big-endian code point.
fn letter(unit: &[u8]) -> Option<char> {
    let code = unit
        .iter()
        .fold(0_u32, |code, octet| code.rotate_left(8) | u32::from(*octet));
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_in_the_character_set_of_its_type() {
        for (tag, value, expected) in [
            (UTF8_STRING, "Zü".as_bytes(), Some("Zü")),
            (UTF8_STRING, b"Z\xfc", None),
            (PRINTABLE_STRING, b"a.test", Some("a.test")),
            (PRINTABLE_STRING, b"a_b", None),
            (IA5_STRING, b"a_b", Some("a_b")),
            (TELETEX_STRING, b"a_b", Some("a_b")),
            // Some readers decode these octets as UTF-8, others as two characters of Latin-1.
            (IA5_STRING, "ü".as_bytes(), None),
            (TELETEX_STRING, "ü".as_bytes(), None),
            (BMP_STRING, b"\0Z\0\xfc", Some("Zü")),
            (BMP_STRING, b"\0Z\0", None),
            (UNIVERSAL_STRING, b"\0\0\0Z", None),
        ] {
            assert_eq!(
                text(tag, value).as_deref(),
                expected,
                "{tag:#x} {value:02x?}"
            );
        }
    }
}
