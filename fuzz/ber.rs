//! What must hold for BER that is rewritten as DER, beside a second, plain reading of it.

use mtls::TrustAnchors;

#[path = "../src/material/container/ber.rs"]
mod rewriting;

/// One BER value.
pub fn ber(input: &[u8]) {
    let theirs = whole(input);
    match rewriting::to_der(input) {
        Ok(None) => {
            // What is left as it is, is DER.
            let value = theirs.expect("a value");
            assert_eq!(value.encoded(), input);
        }
        Ok(Some(der)) => {
            assert_ne!(*der, input);
            // Four octets of a length take the place of three, where there are 64 KiB.
            assert!(der.len() <= input.len() || der.len() > 1 << 16);
            assert_eq!(rewriting::to_der(&der), Ok(None), "stable");
            // The same values, in DER.
            assert_eq!(theirs.expect("a value").encoded(), *der);
            // What loads as BER, loads as DER and is the same.
            if let Ok(anchors) =
                mtls::Loader::new().load_anchors(mtls::material::Input::bytes(input))
            {
                assert_eq!(
                    mtls::Loader::new()
                        .load_anchors(mtls::material::Input::bytes(&der))
                        .ok(),
                    Some(anchors)
                );
            }
        }
        Err(rewriting::BerError::Limit { .. }) => {}
        Err(rewriting::BerError::Malformed) => assert!(theirs.is_none(), "{theirs:?}"),
    }
}

/// The value itself where it is DER, and the rewritten ones in it: what a reader of containers
/// meets.
pub(super) fn layers(input: &[u8]) -> Vec<Vec<u8>> {
    const MOST: usize = 64;
    let mut layers = vec![input.to_vec()];
    let mut at = 0;
    while at < layers.len() && layers.len() < MOST {
        if let Ok(Some(der)) = rewriting::to_der(&layers[at]) {
            layers[at] = der.to_vec();
        }
        if let Some(value) = whole(&layers[at]) {
            value.octet_strings(&mut layers);
        }
        at += 1;
    }
    layers
}

/// A value, whatever its encoding was.
#[derive(Debug)]
enum Value {
    Primitive(Vec<u8>, Vec<u8>),
    Constructed(Vec<u8>, Vec<Self>),
}

impl Value {
    fn encoded(&self) -> Vec<u8> {
        let (tag, content) = match self {
            Self::Primitive(tag, content) => (tag, content.clone()),
            Self::Constructed(tag, values) => {
                (tag, values.iter().flat_map(Self::encoded).collect())
            }
        };
        // One octet of a tag at a time: `tlv` knows no longer ones.
        let value = super::encoding::tlv(0, &[&content]);
        [tag, &value[1..]].concat()
    }

    fn octet_strings(&self, found: &mut Vec<Vec<u8>>) {
        match self {
            Self::Primitive(tag, content) if *tag == [4] => found.push(content.clone()),
            Self::Primitive(..) => {}
            Self::Constructed(_, values) => {
                values.iter().for_each(|value| value.octet_strings(found));
            }
        }
    }
}

/// The one value that fills the input, at most so deep as the library reads it.
fn whole(input: &[u8]) -> Option<Value> {
    match value(input, 64)? {
        (value, []) => Some(value),
        _ => None,
    }
}

fn value(input: &[u8], depth: usize) -> Option<(Value, &[u8])> {
    let depth = depth.checked_sub(1)?;
    let (tag, rest) = tag(input)?;
    let (length, mut rest) = length(rest)?;
    let is_constructed = tag[0] & 0x20 != 0;
    if tag == [0] || (length.is_none() && !is_constructed) {
        return None;
    }
    if let (Some(length), false) = (length, is_constructed) {
        let (content, after) = rest.split_at_checked(length)?;
        return Some((Value::Primitive(tag.to_vec(), content.to_vec()), after));
    }
    let after = length.map(|length| rest.split_at_checked(length));
    let mut end = None;
    if let Some(split) = after {
        let (content, after) = split?;
        (rest, end) = (content, Some(after));
    }
    let mut values = Vec::new();
    loop {
        match end {
            Some(after) if rest.is_empty() => {
                return Some((joined(tag, values)?, after));
            }
            None if rest.starts_with(&[0, 0]) => {
                return Some((joined(tag, values)?, &rest[2..]));
            }
            _ => {
                let (one, after) = value(rest, depth)?;
                values.push(one);
                rest = after;
            }
        }
    }
}

/// An OCTET STRING of its pieces, which are OCTET STRINGs and joined already.
fn joined(tag: &[u8], values: Vec<Value>) -> Option<Value> {
    if tag != [0x24] {
        return Some(Value::Constructed(tag.to_vec(), values));
    }
    let mut whole = Vec::new();
    for piece in values {
        match piece {
            Value::Primitive(tag, content) if tag == [4] => whole.extend(content),
            _ => return None,
        }
    }
    Some(Value::Primitive(vec![4], whole))
}

fn tag(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 1;
    if input.first()? & 0x1f == 0x1f {
        let more = input[1..].iter().take_while(|octet| **octet & 0x80 != 0);
        length += more.count() + 1;
        let number = input.get(1)?;
        if length > 5 || *number == 0x80 || *number < 0x1f {
            return None;
        }
    }
    input.split_at_checked(length)
}

fn length(input: &[u8]) -> Option<(Option<usize>, &[u8])> {
    let (first, rest) = input.split_first()?;
    match usize::from(*first) {
        short @ 0..=0x7f => Some((Some(short), rest)),
        0x80 => Some((None, rest)),
        long @ 0x81..=0x88 => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            let append = |n: usize, digit: &u8| n.checked_mul(256)?.checked_add((*digit).into());
            Some((Some(digits.iter().try_fold(0, append)?), rest))
        }
        _ => None,
    }
}
