//! DER and PEM, as far as the checks take inputs apart and put them together again.

use mtls::pki_types::CertificateDer;

pub(super) const BASE64: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn is_pem(input: &[u8]) -> bool {
    contains(input, b"-----BEGIN ")
}

pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let mut windows = haystack.windows(needle.len());
    windows.any(|window| window == needle)
}

/// DER values that stand end to end; what is none is the last.
pub(super) fn certificates(mut input: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let rest = element(input).map_or(&[][..], |(_, _, rest)| rest);
        found.push(input[..input.len() - rest.len()].to_vec().into());
        input = rest;
    }
    found
}

/// Tag and content of the first DER element, and what follows it.
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long & 0x7f)?;
            let append = |n: usize, digit: &u8| n.checked_mul(256)?.checked_add((*digit).into());
            (digits.iter().try_fold(0, append)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// A DER value of these parts.
pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => der.push(short),
        _ => {
            let digits = content.len().to_be_bytes();
            der.push(0x80 | digits.len() as u8);
            // No leading zeros.
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            *der.last_mut().unwrap() -= zeros as u8;
            der.extend(&digits[zeros..]);
        }
    }
    der.extend(content);
    der
}

pub(super) fn armour_all(certificates: &[CertificateDer<'_>]) -> String {
    let sections = certificates.iter().map(|der| armour("CERTIFICATE", der));
    sections.collect()
}

pub(super) fn armour(label: &str, der: &[u8]) -> String {
    let body = encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |n, i| n << 8 | usize::from(*group.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = BASE64[bits >> (18 - 6 * i) & 63];
            text.push(if i <= group.len() { digit.into() } else { '=' });
        }
    }
    text
}

/// What the digits say; nothing is rejected.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| BASE64.iter().position(|digit| digit == byte).unwrap_or(0);
    let mut bytes = Vec::new();
    for group in text.chunks(4) {
        let bits = (0..4).fold(0, |n, i| n << 6 | group.get(i).map_or(0, value));
        bytes.extend([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
    }
    bytes
}
