//! DER, byte by byte: what no library writes, because it would be wrong.

/// Encodes one DER element: a tag, the length, and the parts one after the other.
///
/// For extensions and lists that are wrong on purpose.
///
/// ```
/// let dns = mtls::test_util::tlv(0x82, &[b"a.test"]);
/// assert_eq!(mtls::test_util::tlv(0x30, &[&dns])[..2], [0x30, 8]);
/// ```
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let bytes = length.to_be_bytes();
    let long = &bytes[length.leading_zeros() as usize / 8..];
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        _ => [&[tag, 0x80 | long.len() as u8], long].concat(),
    };
    [header, content].concat()
}

/// Returns the elements inside one, each with its tag and length.
pub(super) fn elements(der: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = content(der);
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (element, behind) = rest.split_at(header_and_length(rest).1);
        elements.push(element.to_vec());
        rest = behind;
    }
    elements
}

/// Returns the content of one element.
pub(super) fn content(der: &[u8]) -> &[u8] {
    let (header, whole) = header_and_length(der);
    &der[header..whole]
}

/// Of an element: how long its header is, and how long it is as a whole.
fn header_and_length(der: &[u8]) -> (usize, usize) {
    let first = usize::from(der[1]);
    if first < 0x80 {
        return (2, 2 + first);
    }
    let header = 2 + (first - 0x80);
    let length = der[2..header]
        .iter()
        .fold(0, |n, byte| n << 8 | usize::from(*byte));
    (header, header + length)
}
