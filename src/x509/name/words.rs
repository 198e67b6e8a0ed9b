//! Text form of directory names (RFC 4514).

use core::fmt::Write;

use const_oid::ObjectIdentifier;
use const_oid::db::DB;

use super::attributes::{Attribute, AttributeSet, Attributes};
use super::canonical::CanonicalName;
use super::string::Letters;
use crate::error::path::is_hidden;
use crate::x509::pkix::Name;

/// The most attributes in a message, because a peer chooses its names.
const MAX_SHOWN: usize = 8;
/// The most characters of each attribute.
const MAX_LETTERS: usize = 256;

/// Limits of the text form of a name.
#[derive(Clone, Copy)]
struct Limits {
    attributes: usize,
    letters: usize,
}

/// Formats a `Name` by RFC 4514, for messages.
///
/// Of many attributes it shows the most specific, of long values the beginning. Bytes that are not
/// a name are shown as unreadable.
pub(crate) fn rfc4514(name: &[u8]) -> String {
    let limits = Limits {
        attributes: MAX_SHOWN,
        letters: MAX_LETTERS,
    };
    write(name, limits)
}

/// Formats a whole `Name` by RFC 4514.
pub(crate) fn rfc4514_whole(name: &[u8]) -> String {
    let limits = Limits {
        attributes: usize::MAX,
        letters: usize::MAX,
    };
    write(name, limits)
}

/// Parses a name in the form of RFC 4514; returns the form that [`rfc4514_whole`] writes.
///
/// Returns `None` if the text is not a name.
pub(crate) fn canonical_rfc4514(text: &str) -> Option<(String, CanonicalName)> {
    let name = Name::parse(text)?;
    let der = name.to_der().ok()?;
    (!name.is_empty()).then(|| (rfc4514_whole(&der), CanonicalName::of(&der)))
}

fn write(name: &[u8], limits: Limits) -> String {
    let sets = Attributes::of(name).and_then(|attributes| attributes.sets().collect());
    let Ok(sets): der::Result<Vec<AttributeSet<'_>>> = sets else {
        return "(unreadable)".to_owned();
    };
    if sets.is_empty() {
        return "(empty)".to_owned();
    }
    let mut words = String::new();
    let mut left = limits.attributes;
    for (index, set) in sets.into_iter().rev().enumerate() {
        if left == 0 {
            words.push_str(",..");
            break;
        }
        if index > 0 {
            words.push(',');
        }
        if write_set(set, &mut left, limits, &mut words).is_err() {
            return "(unreadable)".to_owned();
        }
    }
    words
}

fn write_set(
    set: AttributeSet<'_>,
    left: &mut usize,
    limits: Limits,
    words: &mut String,
) -> der::Result<()> {
    for (index, attribute) in set.enumerate() {
        let Some(fewer) = left.checked_sub(1) else {
            words.push_str("+..");
            return Ok(());
        };
        *left = fewer;
        if index > 0 {
            words.push('+');
        }
        write_attribute(&attribute?, limits.letters, words);
    }
    Ok(())
}

fn write_attribute(attribute: &Attribute<'_>, most: usize, words: &mut String) {
    let kind = ObjectIdentifier::from_bytes(attribute.kind);
    let short = kind.as_ref().ok().and_then(short_name);
    match (short, attribute.letters()) {
        (Some(name), Some(letters)) => {
            words.push_str(&name.to_ascii_uppercase());
            words.push('=');
            write_letters(letters, most, words);
        }
        _ => {
            match kind {
                Ok(kind) => words.push_str(&kind.to_string()),
                Err(_) => words.push_str("(unreadable)"),
            }
            words.push_str("=#");
            for byte in attribute.element.iter().take(most / 2) {
                hex(*byte, words);
            }
            if attribute.element.len() > most / 2 {
                words.push_str("..");
            }
        }
    }
}

/// Escapes by RFC 4514, section 2.4.
///
/// It also escapes characters that move the cursor, break a line or change the direction of text,
/// because names are logged before they are authenticated.
fn write_letters(letters: Letters<'_>, most: usize, words: &mut String) {
    let mut letters = letters.enumerate().peekable();
    while let Some((index, letter)) = letters.next() {
        if index >= most {
            words.push_str("..");
            break;
        }
        let is_at_end = index == 0 || letters.peek().is_none();
        match letter {
            '#' if index == 0 => words.push_str("\\#"),
            ' ' if is_at_end => words.push_str("\\ "),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => words.extend(['\\', letter]),
            _ if is_hidden(letter) || letter.is_control() => {
                for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                    words.push('\\');
                    hex(byte, words);
                }
            }
            _ => words.push(letter),
        }
    }
}

fn hex(byte: u8, words: &mut String) {
    // Writing into a string cannot fail.
    let _ = write!(words, "{byte:02x}");
}

/// Returns the shortest name of an attribute type.
fn short_name(kind: &ObjectIdentifier) -> Option<&'static str> {
    let mut shortest: Option<&str> = None;
    for name in DB.find_names_for_oid(*kind) {
        if shortest.is_none_or(|other| name.len() < other.len()) {
            shortest = Some(name);
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use core::str::FromStr;

    use der::{Any, Encode};
    use x509_cert::attr::AttributeTypeAndValue;
    use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

    use super::*;

    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        let length = u8::try_from(value.len()).unwrap();
        [
            &[0x30, length + 11, 0x31, length + 9, 0x30, length + 7][..],
            &[0x06, 0x03, 0x55, 0x04, 0x03],
            &[tag, length],
            value,
        ]
        .concat()
    }

    #[test]
    fn every_string_type_is_shown_as_text() {
        for (tag, value, shown) in [
            (0x13, &b"kafka_1"[..], "CN=kafka_1"),
            (0x14, b"Z\xfcrich", "CN=Zürich"),
            (0x1c, b"\0\0\0Z\0\x01\xf6\x00", "CN=Z😀"),
            (0x1e, b"\0Z\x03\xb1", "CN=Zα"),
            (0x02, b"\x01", "2.5.4.3=#020101"),
        ] {
            assert_eq!(rfc4514(&common_name(tag, value)), shown);
        }
    }

    #[test]
    fn messages_hold_a_part_of_what_is_long() {
        let attribute = &common_name(0x0c, b"many")[2..];
        let mut content = attribute.repeat(9);
        content.splice(0..0, [0x30, 0x81, u8::try_from(content.len()).unwrap()]);
        assert_eq!(rfc4514(&content).matches("CN=many").count(), 8);
        assert!(rfc4514(&content).ends_with(",.."));
        assert_eq!(rfc4514_whole(&content).matches("CN=many").count(), 9);
        let long = "a".repeat(1_000);
        let name = Name::from_str(&format!("CN={long}"))
            .unwrap()
            .to_der()
            .unwrap();
        assert_eq!(rfc4514(&name), format!("CN={}..", &long[..256]));
        assert_eq!(rfc4514_whole(&name), format!("CN={long}"));
    }

    #[test]
    fn attributes_of_one_set_are_joined_by_a_plus() {
        let attribute = &common_name(0x0c, b"a")[4..];
        let length = u8::try_from(attribute.len() * 2).unwrap();
        let set = [&[0x30, length + 2, 0x31, length], attribute, attribute].concat();
        assert_eq!(rfc4514(&set), "CN=a+CN=a");
    }

    #[test]
    fn values_that_are_no_text_are_shown_in_part() {
        let most = MAX_LETTERS / 2;
        for (length, is_cut) in [(most - 1, false), (most, false), (most + 1, true)] {
            // Tag and length take three octets where there are 128 or more of the value.
            let value = vec![7; length - if length < 131 { 2 } else { 3 }];
            let attribute = AttributeTypeAndValue {
                oid: ObjectIdentifier::new_unwrap("2.5.4.3"),
                value: Any::new(der::Tag::OctetString, value).unwrap(),
            };
            let set = RelativeDistinguishedName::try_from(vec![attribute]).unwrap();
            let shown = rfc4514(&RdnSequence::from(vec![set]).to_der().unwrap());
            let hex = shown.strip_prefix("2.5.4.3=#04").unwrap();
            assert_eq!(hex.ends_with(".."), is_cut, "{length}: {shown}");
            assert_eq!(hex.trim_end_matches("..").len(), (length.min(most) - 1) * 2);
        }
    }

    #[test]
    fn of_the_names_of_a_type_the_shortest_is_shown() {
        for (oid, name) in [
            ("2.5.4.6", "C"),
            ("2.5.4.8", "ST"),
            ("2.5.4.7", "L"),
            ("2.5.4.10", "O"),
            ("2.5.4.11", "OU"),
            ("0.9.2342.19200300.100.1.25", "DC"),
            ("0.9.2342.19200300.100.1.1", "UID"),
        ] {
            let shown = short_name(&ObjectIdentifier::new_unwrap(oid)).unwrap();
            assert_eq!(shown.to_ascii_uppercase(), name, "{oid}");
        }
    }

    #[test]
    fn hidden_characters_are_escaped() {
        for (common_name, shown) in [
            ("Zoë", "CN=Zoë"),
            ("#a", r"CN=\#a"),
            ("a#b", "CN=a#b"),
            ("a\nb", r"CN=a\0ab"),
            ("a\u{9b}b", r"CN=a\c2\9bb"),
            ("a\u{2028}b", r"CN=a\e2\80\a8b"),
            ("a\u{202e}b", r"CN=a\e2\80\aeb"),
        ] {
            assert_eq!(
                rfc4514(&self::common_name(0x0c, common_name.as_bytes())),
                shown
            );
        }
    }
}
