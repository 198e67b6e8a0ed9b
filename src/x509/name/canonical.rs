//! Equality of directory names (RFC 5280, section 7.1).
//!
//! One CA writes its name as `PrintableString` and its revocation lists as `UTF8String`; another
//! changes case or blanks. So values are compared as characters: leading and trailing blanks are
//! ignored, several blanks equal one, and ASCII letters ignore case. Case beyond ASCII is
//! significant, because folding it differs between versions of Unicode. A value that cannot be
//! decoded is compared as bytes.

use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::iter::Peekable;

use super::attributes::{Attribute, Attributes};
use super::string::{Letters, is_certain};

/// A `Name` in a canonical form that is equal for equal names.
#[derive(Clone, Debug)]
pub(crate) struct CanonicalName {
    bytes: Box<[u8]>,
    is_readable: bool,
}

impl CanonicalName {
    /// Creates it from a `Name` with its header; other bytes equal only themselves.
    pub(crate) fn of(name: &[u8]) -> Self {
        let mut is_readable = true;
        let bytes = canonical(name, &mut is_readable).unwrap_or_else(|| {
            is_readable = false;
            [&[MALFORMED], name].concat()
        });
        Self {
            bytes: bytes.into(),
            is_readable,
        }
    }

    /// Returns whether all readers decode every value to the same characters.
    ///
    /// If not, a name that differs may still be the same name.
    pub(crate) fn is_readable(&self) -> bool {
        self.is_readable
    }
}

impl PartialEq for CanonicalName {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for CanonicalName {}

impl Hash for CanonicalName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl Ord for CanonicalName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl PartialOrd for CanonicalName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Returns whether two `Name`s, each with its header, are the same.
pub(crate) fn is_same_name(a: &[u8], b: &[u8]) -> bool {
    a == b || compare(a, b).unwrap_or(false)
}

/// First octets of the parts of a canonical name.
const MALFORMED: u8 = 0;
const SET: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

fn canonical(name: &[u8], is_readable: &mut bool) -> Option<Vec<u8>> {
    let mut canonical = Vec::with_capacity(name.len());
    for set in Attributes::of(name).ok()?.sets() {
        let mut values = set.ok()?.map(|attribute| {
            let attribute = attribute.ok()?;
            *is_readable &= is_certain(attribute.tag, attribute.value);
            Some(canonical_value(&attribute))
        });
        let mut values: Vec<Vec<u8>> = values.by_ref().collect::<Option<_>>()?;
        // The encoding sorts them, but that order depends on the string type.
        values.sort_unstable();
        canonical.push(SET);
        canonical.extend(values.len().to_be_bytes());
        values.iter().for_each(|value| canonical.extend(value));
    }
    Some(canonical)
}

fn canonical_value(attribute: &Attribute<'_>) -> Vec<u8> {
    let (form, value) = match attribute.letters() {
        Some(letters) => (TEXT, folded(letters).collect::<String>().into_bytes()),
        None => (BYTES, [&[attribute.tag], attribute.value].concat()),
    };
    let kind = attribute.kind;
    [
        &kind.len().to_be_bytes()[..],
        kind,
        &[form],
        &value.len().to_be_bytes(),
        &value,
    ]
    .concat()
}

/// Compares names like their canonical forms, without building these.
///
/// They are built only for sets of several attributes, which are rare.
fn compare(a: &[u8], b: &[u8]) -> Option<bool> {
    let (mut a_sets, mut b_sets) = (
        Attributes::of(a).ok()?.sets(),
        Attributes::of(b).ok()?.sets(),
    );
    loop {
        let (mut a_set, mut b_set) = match (a_sets.next(), b_sets.next()) {
            (None, None) => return Some(true),
            (Some(a_set), Some(b_set)) => (a_set.ok()?, b_set.ok()?),
            _ => return Some(false),
        };
        match (a_set.next(), a_set.next(), b_set.next(), b_set.next()) {
            (None, _, None, _) => {}
            (Some(a), None, Some(b), None) => {
                if !is_same_attribute(&a.ok()?, &b.ok()?) {
                    return Some(false);
                }
            }
            _ => return Some(CanonicalName::of(a) == CanonicalName::of(b)),
        }
    }
}

fn is_same_attribute(a: &Attribute<'_>, b: &Attribute<'_>) -> bool {
    if a.kind != b.kind {
        return false;
    }
    match (a.letters(), b.letters()) {
        (Some(a), Some(b)) => folded(a).eq(folded(b)),
        (None, None) => a.tag == b.tag && a.value == b.value,
        _ => false,
    }
}

/// Removes outer blanks, reduces inner ones to one, and lowers the case of ASCII letters.
fn folded(letters: Letters<'_>) -> impl Iterator<Item = char> {
    let mut letters = letters.peekable();
    skip_blanks(&mut letters);
    core::iter::from_fn(move || {
        let letter = letters.next()?;
        if !is_blank(letter) {
            return Some(letter.to_ascii_lowercase());
        }
        skip_blanks(&mut letters);
        letters.peek().map(|_| ' ')
    })
}

fn skip_blanks(letters: &mut Peekable<Letters<'_>>) {
    while letters.next_if(|letter| is_blank(*letter)).is_some() {}
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t'..='\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
    }

    fn attribute(kind: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(6, kind), tlv(tag, value)].concat())
    }

    fn name(sets: &[&[&Vec<u8>]]) -> Vec<u8> {
        let sets = sets.iter().map(|set| {
            let set: Vec<u8> = set.iter().copied().flatten().copied().collect();
            tlv(0x31, &set)
        });
        tlv(0x30, &sets.collect::<Vec<_>>().concat())
    }

    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        name(&[&[&attribute(CN, tag, value)]])
    }

    /// Asserts that both ways of comparing agree.
    #[track_caller]
    fn assert_same(a: &[u8], b: &[u8], same: bool) {
        assert_eq!(is_same_name(a, b), same, "{a:02x?} {b:02x?}");
        assert_eq!(is_same_name(b, a), same, "{a:02x?} {b:02x?}");
        let canonical = CanonicalName::of(a) == CanonicalName::of(b);
        assert_eq!(canonical, same, "{a:02x?} {b:02x?}");
    }

    #[test]
    fn string_types_case_and_blanks_do_not_count() {
        let ca = common_name(0x0c, b"My CA");
        for (tag, value) in [
            (0x13, &b"My CA"[..]),
            (0x16, b"my ca"),
            (0x14, b"  MY \t CA "),
            (0x1e, b"\0M\0y\0 \0C\0A"),
            (0x1c, b"\0\0\0M\0\0\0y\0\0\0 \0\0\0C\0\0\0A"),
        ] {
            assert_same(&ca, &common_name(tag, value), true);
        }
        for (tag, value) in [
            (0x0c, &b"MyCA"[..]),
            (0x0c, b"My CB"),
            (0x0c, b"My CA2"),
            (0x0c, b""),
            (0x04, b"My CA"),
            (0x1e, b"\0M\0y\0 \0C\0A\0"),
        ] {
            assert_same(&ca, &common_name(tag, value), false);
        }
        assert_same(&ca, &name(&[&[&attribute(O, 0x0c, b"My CA")]]), false);
        assert_same(
            &common_name(0x14, b"Z\xfc"),
            &common_name(0x0c, "Zü".as_bytes()),
            true,
        );
        assert_same(
            &common_name(0x0c, "Ü".as_bytes()),
            &common_name(0x0c, "ü".as_bytes()),
            false,
        );
    }

    #[test]
    fn attributes_of_one_set_have_no_order() {
        let (a, b) = (attribute(CN, 0x13, b"a"), attribute(O, 0x0c, b"b"));
        let one = name(&[&[&a, &b]]);
        assert_same(&one, &name(&[&[&b, &a]]), true);
        let (first, second) = (attribute(CN, 0x0c, b"A"), attribute(O, 0x13, b"B"));
        assert_same(&one, &name(&[&[&second, &first]]), true);
        assert_same(&one, &name(&[&[&a], &[&b]]), false);
        assert_same(&name(&[&[&a], &[&b]]), &name(&[&[&b], &[&a]]), false);
    }

    #[test]
    fn what_cannot_be_decoded_is_compared_as_bytes() {
        let odd = common_name(0x1e, b"\0M\0");
        assert_same(&odd, &odd.clone(), true);
        assert_same(&odd, &common_name(0x1e, b"\0m\0"), false);
        assert_same(
            &common_name(0x0c, b"\xff"),
            &common_name(0x0c, b"\xfe"),
            false,
        );
        // Beside a value that differs in its bytes but not in its characters.
        let attributes = [attribute(O, 0x0c, b"O"), attribute(O, 0x13, b"o")];
        let [upper, lower] = attributes.each_ref().map(|organization| {
            let odd = attribute(CN, 0x1e, b"\0M\0");
            name(&[&[organization], &[&odd]])
        });
        assert_same(&upper, &lower, true);
        assert!(!CanonicalName::of(&odd).is_readable());
        // Some readers decode these as Latin-1, others as UTF-8.
        for tag in [0x12, 0x13, 0x14, 0x16, 0x1a] {
            assert!(!CanonicalName::of(&common_name(tag, b"Z\xfc")).is_readable());
            assert!(!CanonicalName::of(&common_name(tag, "Zü".as_bytes())).is_readable());
            assert!(CanonicalName::of(&common_name(tag, b"Zu")).is_readable());
        }
        assert!(CanonicalName::of(&common_name(0x13, b"a_b")).is_readable());
        assert_same(b"no name", b"no name", true);
        assert_same(b"no name", b"No name", false);
        assert!(!CanonicalName::of(b"no name").is_readable());
    }
}
