use std::io::Write;

use super::{Answer, declined, shown, unexpected};
use crate::probe::failure::Failure;
use crate::probe::transport::Transport;

/// Message 1: an extended request of the name 1.3.6.1.4.1.1466.20037 (RFC 4511, section 4.14.1).
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const EXTENDED_RESPONSE: u8 = 0x78;

/// Asks an LDAP server for TLS.
pub(super) fn ask(transport: &mut Transport) -> Result<(), Failure> {
    transport.write_all(REQUEST).map_err(Failure::io)?;
    let mut answer = Answer::default();
    let message = loop {
        match element(&answer.0) {
            Element::Whole {
                tag: SEQUENCE, end, ..
            } => break answer.take(end).unwrap_or_default(),
            Element::Cut => answer.read_more(transport)?,
            _ => return Err(unexpected("no answer of an LDAP server")),
        }
    };
    let Some((code, text)) = result(&message) else {
        return Err(unexpected("no answer of an LDAP server"));
    };
    if code == [0] {
        return answer.end();
    }
    let code = code.first().copied().unwrap_or_default();
    Err(declined(&format!(
        "the LDAP server answers StartTLS with the code {code}: \"{}\"",
        shown(text)
    )))
}

/// Returns the result code and the diagnostic message of the extended response to message 1.
fn result(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let (body, _) = whole(message, SEQUENCE)?;
    let (id, rest) = whole(body, INTEGER)?;
    let (response, _) = whole(rest, EXTENDED_RESPONSE)?;
    let (code, rest) = whole(response, ENUMERATED)?;
    let (_matched, rest) = whole(rest, OCTET_STRING)?;
    let (text, _) = whole(rest, OCTET_STRING)?;
    (id == [1] && code.len() == 1).then_some((code, text))
}

/// The beginning of some bytes, read as an element of BER with a definite length.
enum Element<'a> {
    Whole {
        tag: u8,
        content: &'a [u8],
        end: usize,
    },
    /// More bytes have to follow.
    Cut,
    Malformed,
}

fn element(bytes: &[u8]) -> Element<'_> {
    let [tag, first, rest @ ..] = bytes else {
        return Element::Cut;
    };
    // RFC 4511, section 5.1: definite lengths, but not always the shortest.
    let octets = match first {
        0..=0x7f => 0,
        0x81..=0x84 => usize::from(first & 0x7f),
        _ => return Element::Malformed,
    };
    let Some(long) = rest.get(..octets) else {
        return Element::Cut;
    };
    let length = match octets {
        0 => usize::from(*first),
        _ => long
            .iter()
            .fold(0, |length, octet| length << 8 | usize::from(*octet)),
    };
    if length > super::MAX_ANSWER {
        return Element::Malformed;
    }
    let begin = octets.saturating_add(2);
    let end = begin.saturating_add(length);
    match bytes.get(begin..end) {
        Some(content) => Element::Whole {
            tag: *tag,
            content,
            end,
        },
        None => Element::Cut,
    }
}

/// Returns the content of an element with this tag, and what follows it.
fn whole(bytes: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    match element(bytes) {
        Element::Whole { tag, content, end } if tag == expected => {
            Some((content, bytes.get(end..)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_strictly() {
        let good = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
        assert_eq!(result(good), Some((&[0][..], &b""[..])));
        let long = b"\x30\x84\0\0\0\x10\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\x02\x04\x00\x04\x00";
        assert_eq!(result(long), Some((&[2][..], &b""[..])));
        let other_message = b"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
        assert_eq!(result(other_message), None);
        for length in 0..good.len() {
            assert_eq!(result(&good[..length]), None);
        }
        let endless = element(b"\x30\x84\xff\xff\xff\xff");
        assert!(matches!(endless, Element::Malformed));
        assert!(matches!(element(b"\x30\x80"), Element::Malformed));
    }
}
