//! A reader over the bytes of a certificate.
//!
//! The `der` crate decodes. Its own slice reader makes several calls for each byte, which was most
//! of the cost of reading a certificate. This reader only tracks the position.

use der::{Decode, EncodingRules, Error, ErrorKind, Header, Length, Reader, Result, Tag};

/// The bits that announce a long tag number (X.690, section 8.1.2.4); neither names nor their
/// values use it.
const LONG_TAG: u8 = 0x1f;

/// A [`Reader`] over bytes in memory.
///
/// After an error the reader must not be used further. The calling code bounds the nesting; none of
/// it recurses.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    /// The input up to the end of the current element.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A reader without input.
    pub(super) const EMPTY: Self = Self { bytes: &[], at: 0 };

    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self> {
        Length::try_from(bytes.len())?;
        Ok(Self { bytes, at: 0 })
    }

    /// Returns the content of the next element, which must have this tag.
    ///
    /// Like `AnyRef::decode` and `Tag::assert_eq`, but the tag is compared without decoding it.
    #[inline]
    pub(crate) fn content(&mut self, tag: Tag) -> Result<&'a [u8]> {
        // The usual lengths at once, in the code of the caller; all others, and all faults, by the
        // decoder.
        match self.usual_content(octet(tag)) {
            Some(content) => Ok(content),
            None => self.other_content(tag),
        }
    }

    #[inline]
    fn usual_content(&mut self, octet: u8) -> Option<&'a [u8]> {
        let (length, rest) = match self.rest() {
            [first, ..] if *first != octet => return None,
            [_, length, rest @ ..] if *length < 0x80 => (usize::from(*length), rest),
            [_, 0x81, length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
            [_, 0x82, high, low, rest @ ..] if *high > 0 => {
                (usize::from(u16::from_be_bytes([*high, *low])), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.at = self.bytes.len().saturating_sub(rest.len());
        Some(content)
    }

    #[cold]
    fn other_content(&mut self, tag: Tag) -> Result<&'a [u8]> {
        let start = self.at;
        if !self.is_next(tag) {
            return Err(self.unexpected(tag));
        }
        self.at = start.saturating_add(1);
        match Length::decode(self) {
            Ok(length) => self.read_slice(length),
            Err(_) => {
                self.at = start;
                Err(self.unexpected(tag))
            }
        }
    }

    /// Returns the next element with its header, and its content; it must have this tag.
    #[inline]
    pub(crate) fn element(&mut self, tag: Tag) -> Result<(&'a [u8], &'a [u8])> {
        let start = self.at;
        let content = self.content(tag)?;
        let whole = self.bytes.get(start..self.at).unwrap_or_default();
        Ok((whole, content))
    }

    /// Returns the identifier octet and the content of the next element; its tag may be any of one
    /// octet.
    #[inline]
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8])> {
        let usual = self
            .peek_byte()
            .filter(|octet| octet & LONG_TAG != LONG_TAG);
        match usual.and_then(|octet| Some((octet, self.usual_content(octet)?))) {
            Some(element) => Ok(element),
            None => self.other_any(),
        }
    }

    #[cold]
    fn other_any(&mut self) -> Result<(u8, &'a [u8])> {
        let octet = self.read_byte()?;
        if octet & LONG_TAG == LONG_TAG {
            return Err(self.error(ErrorKind::TagNumberInvalid));
        }
        let length = Length::decode(self)?;
        Ok((octet, self.read_slice(length)?))
    }

    /// Returns the unread bytes.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Returns whether the next element has this tag.
    #[inline]
    pub(crate) fn is_next(&self, tag: Tag) -> bool {
        self.peek_byte() == Some(octet(tag))
    }

    /// Returns the error for an element that does not have the expected tag.
    #[cold]
    fn unexpected(&mut self, tag: Tag) -> Error {
        match Header::decode(self).map(|header| header.tag().assert_eq(tag)) {
            Err(error) | Ok(Err(error)) => error,
            Ok(Ok(_)) => self.error(tag.value_error()),
        }
    }

    #[cold]
    fn incomplete(&mut self, wanted: Length) -> Error {
        let expected_len = self.position().saturating_add(wanted);
        let actual_len = self.input_len();
        self.error(ErrorKind::Incomplete {
            expected_len,
            actual_len,
        })
    }

    #[cold]
    fn trailing(&self) -> Error {
        let decoded = self.position();
        let remaining = self.remaining_len();
        ErrorKind::TrailingData { decoded, remaining }.at(decoded)
    }

    /// Returns the position after `length` more bytes, if they exist.
    #[inline]
    fn behind(&mut self, length: Length) -> Result<usize> {
        match self.at.checked_add(usize::try_from(length)?) {
            Some(end) if end <= self.bytes.len() => Ok(end),
            _ => Err(self.incomplete(length)),
        }
    }
}

impl<'a> Reader<'a> for Cursor<'a> {
    const CAN_READ_SLICE: bool = true;

    #[inline]
    fn encoding_rules(&self) -> EncodingRules {
        EncodingRules::Der
    }

    #[inline]
    fn input_len(&self) -> Length {
        // `new` verified that it fits.
        Length::try_from(self.bytes.len()).unwrap_or(Length::MAX)
    }

    #[inline]
    fn position(&self) -> Length {
        Length::try_from(self.at).unwrap_or(Length::MAX)
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.at == self.bytes.len()
    }

    #[inline]
    fn peek_byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn read_byte(&mut self) -> Result<u8> {
        match self.bytes.get(self.at) {
            Some(byte) => {
                self.at = self.at.saturating_add(1);
                Ok(*byte)
            }
            None => Err(self.incomplete(Length::ONE)),
        }
    }

    #[inline]
    fn read_slice(&mut self, length: Length) -> Result<&'a [u8]> {
        let end = self.behind(length)?;
        let slice = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        Ok(slice)
    }

    #[inline]
    fn tlv_bytes(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        let header = Header::decode(self)?;
        self.read_slice(header.length())?;
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    #[inline]
    fn read_nested<T, F, E>(&mut self, length: Length, read: F) -> core::result::Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(&mut Self) -> core::result::Result<T, E>,
    {
        let end = self.behind(length)?;
        let inner = self.bytes.get(..end).unwrap_or_default();
        let outer = core::mem::replace(&mut self.bytes, inner);
        let value = read(self);
        let trailing = (!self.is_finished()).then(|| self.trailing());
        self.bytes = outer;
        match trailing {
            Some(trailing) if value.is_ok() => Err(trailing.into()),
            _ => value,
        }
    }

    fn finish(self) -> Result<()> {
        if self.is_finished() {
            Ok(())
        } else {
            Err(self.trailing())
        }
    }
}

/// Returns the identifier octet of a tag (X.690, section 8.1.2); certificates use only tags of one
/// octet.
#[inline]
fn octet(tag: Tag) -> u8 {
    // Those of almost every element, so that the compiler knows them.
    match tag {
        Tag::BitString => return 0x03,
        Tag::ObjectIdentifier => return 0x06,
        Tag::OctetString => return 0x04,
        Tag::Sequence => return 0x30,
        Tag::Set => return 0x31,
        _ => {}
    }
    debug_assert!(tag.number().value() < 31, "a tag in the low form");
    let number = u8::try_from(tag.number().value()).unwrap_or(0x1f);
    tag.class() as u8 | u8::from(tag.is_constructed()) << 5 | number
}

#[cfg(test)]
mod tests {
    use der::asn1::AnyRef;
    use der::{SliceReader, Tagged};

    use super::*;

    /// A SEQUENCE, and an INTEGER after it.
    ///
    /// The SEQUENCE contains a SEQUENCE, an OBJECT IDENTIFIER, a BOOLEAN and an OCTET STRING.
    const SAMPLE: &[u8] = &[
        0x30, 0x81, 0x83, 0x30, 0x03, 0x02, 0x01, 0x05, 0x06, 0x03, 0x55, 0x1d, 0x0e, 0x01, 0x01,
        0xff, 0x04, 0x74,
    ];

    fn sample() -> Vec<u8> {
        let mut bytes = SAMPLE.to_vec();
        bytes.resize(SAMPLE.len() + 0x74, 7);
        bytes.extend([0x02, 0x01, 0x00]);
        bytes
    }

    /// Returns the elements of the first one, then the element after it.
    fn walk<'a>(mut r: impl Reader<'a>) -> Result<Vec<AnyRef<'a>>> {
        let mut found = r.sequence(|r| {
            let mut found = Vec::new();
            while !r.is_finished() {
                found.push(AnyRef::decode(r)?);
            }
            Ok::<_, Error>(found)
        })?;
        found.push(AnyRef::decode(&mut r)?);
        r.finish()?;
        Ok(found)
    }

    /// Returns every change of one of the first octets, and every truncation.
    fn inputs() -> impl Iterator<Item = Vec<u8>> {
        let changed = (0..SAMPLE.len()).flat_map(|at| {
            (0..=255).map(move |byte| {
                let mut bytes = sample();
                bytes[at] = byte;
                bytes
            })
        });
        let cut = (0..sample().len()).map(|length| sample()[..length].to_vec());
        changed.chain(cut)
    }

    #[test]
    fn it_reads_as_the_reader_of_the_der_crate() {
        let mut good = 0;
        for input in inputs() {
            let ours = walk(Cursor::new(&input).unwrap());
            let theirs = walk(SliceReader::new(&input).unwrap());
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{input:02x?}");
            assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{input:02x?}");
            // The two readers count missing bytes differently.
            let kind = |r: Result<Vec<AnyRef<'_>>>| {
                r.err().map(|error| core::mem::discriminant(&error.kind()))
            };
            assert_eq!(kind(ours), kind(theirs), "{input:02x?}");
            good += usize::from(walk(Cursor::new(&input).unwrap()).is_ok());
        }
        assert!(good > 100, "{good}");
    }

    #[test]
    fn a_compared_tag_is_a_decoded_one() {
        let tags = [Tag::Sequence, Tag::Integer, Tag::OctetString, Tag::Boolean];
        for input in inputs() {
            for tag in tags {
                let ours = Cursor::new(&input).unwrap().content(tag);
                let theirs = SliceReader::new(&input)
                    .and_then(|mut r| AnyRef::decode(&mut r))
                    .and_then(|any| {
                        any.tag().assert_eq(tag)?;
                        Ok(any.value())
                    });
                assert_eq!(ours.ok(), theirs.as_ref().ok().copied(), "{input:02x?}");
                let is_next = Cursor::new(&input).unwrap().is_next(tag);
                assert!(is_next || theirs.is_err(), "{input:02x?}");
            }
        }
    }
}
