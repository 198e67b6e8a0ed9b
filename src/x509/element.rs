//! DER elements that certificates and revocation lists share.

use der::asn1::{AnyRef, IntRef};
use der::{Decode, Reader, Tag, TagNumber};

use super::cursor::Cursor;

/// Reads the content of a SEQUENCE, without its header.
pub(super) fn sequence_content<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    r.content(Tag::Sequence)
}

/// Reads the content of an `AlgorithmIdentifier`: an identifier, and at most one value (RFC 5280,
/// section 4.1.1.2).
pub(super) fn algorithm_content<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let content = r.content(Tag::Sequence)?;
    let mut inner = Cursor::new(content)?;
    inner.content(Tag::ObjectIdentifier)?;
    // The parameters of elliptic curves are an identifier, those of RSA keys NULL.
    if inner.is_next(Tag::ObjectIdentifier) {
        inner.content(Tag::ObjectIdentifier)?;
    } else if inner.is_next(Tag::Null) {
        inner.content(Tag::Null)?;
    } else if !inner.is_finished() {
        AnyRef::decode(&mut inner)?;
    }
    inner.finish()?;
    Ok(content)
}

/// Reads the next element by `usual`, from its content, and by `decode` where that returns `None`.
///
/// The decoder makes many calls for a value. So almost every one is read without it; all others,
/// and all faults, are left to it.
#[inline]
pub(super) fn usually<'a, T>(
    r: &mut Cursor<'a>,
    tag: Tag,
    usual: impl FnOnce(&'a [u8]) -> Option<T>,
    decode: impl FnOnce(&mut Cursor<'a>) -> der::Result<T>,
) -> der::Result<T> {
    let mut after = r.clone();
    if after.is_next(tag)
        && let Some(value) = after.content(tag).ok().and_then(usual)
    {
        *r = after;
        return Ok(value);
    }
    decode(r)
}

/// Reads the content of an INTEGER.
pub(super) fn integer_content<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let usual = |content: &'a [u8]| match content {
        [] => None,
        // The first nine bits must not be equal (X.690, section 8.3.2).
        [0, second, ..] if *second < 0x80 => None,
        [0xff, ..] => None,
        _ => Some(content),
    };
    usually(
        r,
        Tag::Integer,
        usual,
        |r| Ok(IntRef::decode(r)?.as_bytes()),
    )
}

/// Reads a SEQUENCE with its header.
pub(super) fn sequence_tlv<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    r.element(Tag::Sequence).map(|(whole, _)| whole)
}

/// Returns the content of a SEQUENCE that was read before, without its header.
pub(crate) fn content(sequence: &[u8]) -> &[u8] {
    let content = Cursor::new(sequence).and_then(|mut r| sequence_content(&mut r));
    content.unwrap_or_default()
}

/// Reads the bytes of a BIT STRING that ends on a byte boundary.
pub(super) fn whole_bits<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    // The first octet counts the bits that the last one does not use (X.690, section 8.6.2).
    match r.content(Tag::BitString)?.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(Tag::BitString.value_error().into()),
    }
}

/// Reads the value inside an EXPLICIT context-specific tag, if the next element has that tag.
pub(super) fn explicit<'a, T, E: From<der::Error>>(
    r: &mut Cursor<'a>,
    number: u32,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, E>,
) -> Result<Option<T>, E> {
    let tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    };
    if !r.is_next(tag) {
        return Ok(None);
    }
    let mut inner = Cursor::new(r.content(tag)?)?;
    let value = read(&mut inner)?;
    inner.finish()?;
    Ok(Some(value))
}

/// The position of a part of an encoding, in four bytes each for begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    /// Returns the position of the slice `part` in `whole`.
    ///
    /// It is empty if `part` is not a part of it; an empty slice need not be one.
    pub(crate) fn of(whole: &[u8], part: &[u8]) -> Self {
        let begin = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
        let end = begin.and_then(|begin| begin.checked_add(part.len()));
        match (begin.map(u32::try_from), end.map(u32::try_from)) {
            (Some(Ok(begin)), Some(Ok(end))) if end as usize <= whole.len() => Self { begin, end },
            _ => Self::default(),
        }
    }

    /// Returns the part of `whole`, the encoding that the span is of.
    pub(crate) fn part(self, whole: &[u8]) -> &[u8] {
        whole
            .get(self.begin as usize..self.end as usize)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_of_a_part_alone() {
        let all = [0, 1, 2, 3, 4, 5];
        let whole = &all[1..4];
        for part in [whole, &all[2..3], &all[3..4]] {
            assert_eq!(Span::of(whole, part).part(whole), part);
        }
        for other in [&all[..2], &all[2..6], &all[5..]] {
            assert_eq!(Span::of(whole, other), Span::default());
            assert!(Span::of(whole, other).part(whole).is_empty());
        }
    }
}
