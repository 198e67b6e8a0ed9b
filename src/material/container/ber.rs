//! Conversion of BER (X.690, section 8) to DER (section 10).
//!
//! PKCS#12 of NSS, and PKCS#12 and PKCS#7 of BouncyCastle, are BER.
//!
//! Lengths become definite and minimal, and an OCTET STRING in pieces becomes one. The other rules
//! of DER (the order of a SET, omitted defaults) depend on the types of the values, and our parsers
//! do not need them. The content of a primitive value is copied unchanged.

use zeroize::Zeroizing;

/// The maximum length of an input in bytes.
const MAX_BYTES: usize = 16 << 20;
/// How many bytes longer than the input the output may be.
///
/// A definite length of 64 KiB or more takes four or five bytes, an indefinite one with its end
/// three.
const MAX_GROWTH: usize = 256;
/// The maximum depth of nested values; a certificate in a PKCS#7 takes about 15.
const MAX_DEPTH: usize = 64;
/// The maximum number of values.
const MAX_ELEMENTS: usize = 2_000_000;

const OCTET_STRING: &[u8] = &[0x04];
const OCTET_STRING_IN_PIECES: &[u8] = &[0x24];
const END_OF_CONTENTS: &[u8] = &[0x00];
const CONSTRUCTED: u8 = 0x20;

/// The error of converting BER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BerError {
    /// The input exceeds a limit.
    Limit { limit: usize, what: &'static str },
    /// The input is not BER, is more than one value, or is cut off.
    Malformed,
}

/// Converts one BER value that fills the input; `None` if it is DER already.
pub(crate) fn to_der(ber: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, BerError> {
    let most = ber.len().saturating_add(MAX_GROWTH);
    check(ber.len(), MAX_BYTES, "bytes of BER")?;
    let mut writer = Writer {
        // Room for all of it at once: a vector that grows leaves copies of keys behind.
        out: Zeroizing::new(Vec::with_capacity(most)),
        most,
        elements: 0,
        is_rewritten: false,
    };
    let mut input = ber;
    writer.value(&mut input, 1)?;
    if !input.is_empty() {
        return Err(BerError::Malformed);
    }
    Ok(writer.is_rewritten.then_some(writer.out))
}

struct Writer {
    out: Zeroizing<Vec<u8>>,
    most: usize,
    elements: usize,
    /// Whether the output differs from the input.
    is_rewritten: bool,
}

type Read<'a> = fn(&mut Writer, &mut &'a [u8], usize) -> Result<(), BerError>;

impl Writer {
    /// Converts the first value of the input.
    fn value(&mut self, input: &mut &[u8], depth: usize) -> Result<(), BerError> {
        let header = self.header(input, depth)?;
        let start = self.out.len();
        if header.tag == OCTET_STRING_IN_PIECES {
            self.is_rewritten = true;
            self.content(&header, input, depth, Self::piece)?;
            return self.insert_header(start, OCTET_STRING);
        }
        if header.is_constructed() {
            self.content(&header, input, depth, Self::value)?;
        } else {
            self.push(header.primitive(input)?)?;
        }
        self.insert_header(start, header.tag)
    }

    /// Appends the content of one piece of an OCTET STRING, which may consist of pieces itself.
    fn piece(&mut self, input: &mut &[u8], depth: usize) -> Result<(), BerError> {
        let header = self.header(input, depth)?;
        match header.tag {
            OCTET_STRING => self.push(header.primitive(input)?),
            OCTET_STRING_IN_PIECES => self.content(&header, input, depth, Self::piece),
            _ => Err(BerError::Malformed),
        }
    }

    /// Reads each value in a constructed one.
    fn content<'a>(
        &mut self,
        header: &Header<'a>,
        input: &mut &'a [u8],
        depth: usize,
        read: Read<'a>,
    ) -> Result<(), BerError> {
        let deeper = depth.saturating_add(1);
        let Some(length) = header.length else {
            while !has_ended(input) {
                read(self, input, deeper)?;
            }
            return Ok(());
        };
        let mut content = take(input, length)?;
        while !content.is_empty() {
            read(self, &mut content, deeper)?;
        }
        Ok(())
    }

    fn header<'a>(&mut self, input: &mut &'a [u8], depth: usize) -> Result<Header<'a>, BerError> {
        self.elements = self.elements.saturating_add(1);
        check(self.elements, MAX_ELEMENTS, "values in BER")?;
        check(depth, MAX_DEPTH, "levels of values in BER")?;
        let header = Header::read(input)?;
        self.is_rewritten |= !header.is_der;
        Ok(header)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), BerError> {
        let length = self.out.len().saturating_add(bytes.len());
        check(length, self.most, "bytes in BER")?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Inserts tag and length before the content that begins at `start`.
    fn insert_header(&mut self, start: usize, tag: &[u8]) -> Result<(), BerError> {
        let content = self.out.len().saturating_sub(start);
        let (octets, used) = length_octets(content)?;
        let length = octets.get(..used).unwrap_or_default();
        self.push(tag)?;
        self.push(length)?;
        if let Some(value) = self.out.get_mut(start..) {
            value.rotate_right(tag.len().saturating_add(used));
        }
        Ok(())
    }
}

/// The tag and length of a value.
struct Header<'a> {
    tag: &'a [u8],
    /// `None`: up to the end-of-contents octets.
    length: Option<usize>,
    /// Whether the length is encoded as in DER.
    is_der: bool,
}

impl<'a> Header<'a> {
    fn read(input: &mut &'a [u8]) -> Result<Self, BerError> {
        let tag = take_tag(input)?;
        let first = take_byte(input)?;
        if first == 0x80 {
            return Ok(Self {
                tag,
                length: None,
                is_der: false,
            });
        }
        let more = usize::from(first & 0x7f);
        let (length, used) = if first < 0x80 {
            (more, 1)
        } else {
            (be_number(take(input, more)?)?, more.saturating_add(1))
        };
        let (_, minimal) = length_octets(length)?;
        Ok(Self {
            tag,
            length: Some(length),
            is_der: used == minimal,
        })
    }

    fn is_constructed(&self) -> bool {
        self.tag.first().is_some_and(|tag| tag & CONSTRUCTED != 0)
    }

    /// Returns the content of a primitive value.
    fn primitive(&self, input: &mut &'a [u8]) -> Result<&'a [u8], BerError> {
        take(input, self.length.ok_or(BerError::Malformed)?)
    }
}

/// Reads the octets of a tag; a number from 31 up takes several (X.690, section 8.1.2.4).
fn take_tag<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], BerError> {
    const MAX_TAG: usize = 5;
    let whole = *input;
    let mut used: usize = 1;
    if take_byte(input)? & 0x1f == 0x1f {
        let first = take_byte(input)?;
        let mut last = first;
        used = 2;
        while last & 0x80 != 0 {
            last = take_byte(input)?;
            used = used.saturating_add(1);
        }
        // Minimal, or the same tag could be encoded in two ways.
        if used > MAX_TAG || first == 0x80 || first < 0x1f {
            return Err(BerError::Malformed);
        }
    }
    match whole.get(..used) {
        None | Some(END_OF_CONTENTS) => Err(BerError::Malformed),
        Some(tag) => Ok(tag),
    }
}

/// Skips the end of a value of indefinite length, if it is next.
fn has_ended(input: &mut &[u8]) -> bool {
    match input.strip_prefix(&[0, 0]) {
        Some(rest) => {
            *input = rest;
            true
        }
        None => false,
    }
}

fn take<'a>(input: &mut &'a [u8], length: usize) -> Result<&'a [u8], BerError> {
    let (taken, rest) = input.split_at_checked(length).ok_or(BerError::Malformed)?;
    *input = rest;
    Ok(taken)
}

fn take_byte(input: &mut &[u8]) -> Result<u8, BerError> {
    take(input, 1)?.first().copied().ok_or(BerError::Malformed)
}

/// Reads a big-endian number of at most eight octets, with any number of leading zeros.
fn be_number(octets: &[u8]) -> Result<usize, BerError> {
    let mut number = [0; 8];
    let start = number.len().checked_sub(octets.len());
    let low = start.and_then(|start| number.get_mut(start..));
    low.ok_or(BerError::Malformed)?.copy_from_slice(octets);
    usize::try_from(u64::from_be_bytes(number)).map_err(|_| BerError::Malformed)
}

/// Returns the octets of a DER length, and how many of them are used (X.690, section 10.1).
fn length_octets(length: usize) -> Result<([u8; 5], usize), BerError> {
    let [a, b, c, d] = u32::try_from(length)
        .map_err(|_| BerError::Malformed)?
        .to_be_bytes();
    Ok(match length {
        0..=0x7f => ([d, 0, 0, 0, 0], 1),
        0x80..=0xff => ([0x81, d, 0, 0, 0], 2),
        0x100..=0xffff => ([0x82, c, d, 0, 0], 3),
        0x1_0000..=0xff_ffff => ([0x83, b, c, d, 0], 4),
        _ => ([0x84, a, b, c, d], 5),
    })
}

fn check(count: usize, limit: usize, what: &'static str) -> Result<(), BerError> {
    if count > limit {
        return Err(BerError::Limit { limit, what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(ber: &[u8], der: &[u8]) {
        let rewritten = to_der(ber).unwrap().unwrap();
        assert_eq!(*rewritten, der);
        assert_eq!(to_der(der), Ok(None));
    }

    fn is_malformed(ber: &[u8]) {
        assert_eq!(to_der(ber), Err(BerError::Malformed), "{ber:02x?}");
    }

    #[test]
    fn lengths_become_definite_and_minimal() {
        becomes(&[0x30, 0x80, 5, 0, 0, 0], &[0x30, 2, 5, 0]);
        becomes(&[0x30, 0x81, 2, 5, 0], &[0x30, 2, 5, 0]);
        becomes(&[0x30, 3, 5, 0x81, 0], &[0x30, 2, 5, 0]);
        becomes(&[0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0], &[0x30, 0]);
        becomes(&[0xbf, 0x1f, 0x80, 0, 0], &[0xbf, 0x1f, 0]);
        // The longest tag that is accepted.
        let tag = [0xbf, 0x81, 0x80, 0x80, 1];
        becomes(
            &[&tag[..], &[0x80, 0, 0]].concat(),
            &[&tag[..], &[0]].concat(),
        );
    }

    #[test]
    fn pieces_become_one() {
        becomes(&[0x24, 0x80, 4, 1, 7, 4, 0, 4, 1, 8, 0, 0], &[4, 2, 7, 8]);
        becomes(&[0x24, 5, 0x24, 3, 4, 1, 7], &[4, 1, 7]);
        becomes(&[0x24, 0], &[4, 0]);
        // Under another tag nothing marks these as pieces.
        assert_eq!(to_der(&[0xa0, 3, 4, 1, 7]), Ok(None));
    }

    #[test]
    fn a_long_content_gets_a_long_length() {
        for length in [0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; length];
            let piece = [&[4, 0x83, 1, 0, 0][..], &content].concat();
            let piece = if length == 0x1_0000 {
                piece
            } else {
                let [_, _, high, low] = u32::try_from(length).unwrap().to_be_bytes();
                [&[4, 0x82, high, low][..], &content].concat()
            };
            let ber = [&[0x24, 0x80][..], &piece, &[0, 0]].concat();
            let der = to_der(&ber).unwrap().unwrap();
            assert!(der.ends_with(&content));
            assert_eq!(to_der(&der), Ok(None), "{length}");
        }
    }

    #[test]
    fn what_is_no_ber_is_malformed() {
        for ber in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x80, 0],
            &[0x30, 0x80, 0, 1],
            &[0x30, 0x80, 5, 0, 0],
            // An end of contents at the top and in a definite length.
            &[0, 0],
            &[0x30, 2, 0, 0],
            // A primitive value without a length.
            &[4, 0x80, 0, 0],
            // More than one value.
            &[5, 0, 5, 0],
            // A piece that is not an OCTET STRING.
            &[0x24, 2, 5, 0],
            // A length with too many octets, and lengths beyond the input.
            &[0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x30, 0xff],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            // Tags in too many octets.
            &[0x1f, 0x1e, 0],
            &[0x1f, 0x80, 0x1f, 0],
            &[0x1f, 0x81, 0x81, 0x81, 0x81, 1, 0],
        ] {
            is_malformed(ber);
        }
    }

    #[test]
    fn depth_elements_and_bytes_are_limited() {
        let nested = |depth| [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
        assert!(to_der(&nested(MAX_DEPTH)).is_ok());
        let what = "levels of values in BER";
        let limit = MAX_DEPTH;
        let deep = BerError::Limit { limit, what };
        assert_eq!(to_der(&nested(MAX_DEPTH + 1)), Err(deep));

        let many = |count| [&[0x30, 0x80][..], &[5, 0].repeat(count), &[0, 0]].concat();
        assert!(to_der(&many(MAX_ELEMENTS - 1)).is_ok());
        let what = "values in BER";
        let limit = MAX_ELEMENTS;
        let too_many = BerError::Limit { limit, what };
        assert_eq!(to_der(&many(MAX_ELEMENTS)), Err(too_many));

        let what = "bytes of BER";
        let limit = MAX_BYTES;
        let long = vec![0x30; MAX_BYTES + 1];
        assert_eq!(to_der(&long), Err(BerError::Limit { limit, what }));
    }
}
