//! Detection of an input's format by its first bytes and its outermost structure.

use der::{Decode, Header, SliceReader};
use zeroize::Zeroizing;

use super::der_shape::{DerShape, is_bcfks};
use crate::error::MaterialProblem;
use crate::material::container::ber::{self, BerError};

/// The detected format. Whether it is acceptable depends on the caller: see `rejection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetectedFormat {
    /// Base64 without marker lines around it.
    Base64,
    /// Base64 of PEM, which is base64 already.
    Base64OfPem,
    /// A keystore of BouncyCastle of the kind BCFKS.
    Bcfks,
    /// A keystore of BouncyCastle of the kind BKS.
    Bks,
    /// One BER value that is not DER, and the shape of its DER.
    Ber(DerShape),
    /// BER with an indefinite length (X.690, section 8.1.3.6) that cannot be parsed.
    BerDamaged,
    /// One DER value, and nothing else.
    Der(DerShape),
    /// A DER value that is shorter than the input.
    DerAndMore,
    /// A DER value that is longer than the input.
    DerCut,
    Empty,
    /// A Java keystore of the kind JCEKS.
    Jceks,
    /// A Java keystore of the kind JKS.
    Jks,
    Pgp,
    /// A private key of the program `puttygen`.
    Putty,
    SshPublicKey,
    Html,
    /// Text that may be PEM, or an unknown format.
    Text,
    /// A keystore of BouncyCastle of the kind UBER.
    Uber,
    Utf16,
}

const PEM: &[u8] = b"-----BEGIN ";
const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

impl DetectedFormat {
    /// Detects the format. Each test is cheap, and the surest are first: DER may contain any text.
    pub(crate) fn of(input: &[u8]) -> Self {
        let text = input.strip_prefix(UTF8_BOM).unwrap_or(input).trim_ascii();
        if text.is_empty() {
            return Self::Empty;
        }
        if let Some(shape) = DerShape::of(input) {
            return Self::Der(shape);
        }
        if is_bcfks(input) {
            return Self::Bcfks;
        }
        if let [0x30, ..] = input
            && let Ok(Some(der)) = ber::to_der(input)
            && let Some(shape) = DerShape::of(&der)
        {
            return Self::Ber(shape);
        }
        if let [0x30, 0x80, 0x02 | 0x06 | 0x30, ..] = input {
            return Self::BerDamaged;
        }
        if holds_pem(text) {
            return Self::Text;
        }
        of_binary(input)
            .or_else(|| of_text(text))
            .unwrap_or(Self::Text)
    }
}

/// Returns the DER of BER; `None` if it is DER already or cannot be parsed.
pub(crate) fn rewritten(ber: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialProblem> {
    match ber::to_der(ber) {
        Ok(der) => Ok(der),
        Err(BerError::Limit { limit, what }) => Err(MaterialProblem::TooMany { limit, what }),
        Err(BerError::Malformed) => Ok(None),
    }
}

/// Returns whether the input contains the beginning of a PEM section.
pub(crate) fn holds_pem(input: &[u8]) -> bool {
    input.windows(PEM.len()).any(|window| window == PEM)
}

fn of_binary(input: &[u8]) -> Option<DetectedFormat> {
    Some(match input {
        // A SEQUENCE of more than 127 bytes, or the short one of a key. No text begins like this.
        [0x30, 0x81..=0x84, ..]
        | [0x30, 0x01..=0x7f, 0x02, 0x01, ..]
        | [0x30, 0x01..=0x7f, 0x30, _, 0x06, ..] => {
            let mut reader = SliceReader::new(input).ok()?;
            let content = Header::decode(&mut reader).ok()?.length();
            if content > der::Reader::remaining_len(&reader) {
                DetectedFormat::DerCut
            } else if content < der::Reader::remaining_len(&reader) {
                DetectedFormat::DerAndMore
            } else {
                return None;
            }
        }
        [0xfe, 0xed, 0xfe, 0xed, ..] => DetectedFormat::Jks,
        [0xce, 0xce, 0xce, 0xce, ..] => DetectedFormat::Jceks,
        [0, 0, 0, 0..=2, 0, 0, 0, salt @ 8..=64, rest @ ..] => {
            return of_bouncy_castle(rest.get(usize::from(*salt)..)?);
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => DetectedFormat::Utf16,
        // Five dashes, or the beginning of "MII", in UTF-16 without a byte order mark.
        [b'-' | b'M', 0, b'-' | b'I', 0, ..] | [0, b'-' | b'M', 0, b'-' | b'I', ..] => {
            DetectedFormat::Utf16
        }
        // A packet of version 4 with a public or a private key (RFC 4880, section 5.5).
        [0x95 | 0x99, _, _, 4, ..] => DetectedFormat::Pgp,
        _ => return None,
    })
}

/// Tells BKS from UBER, which both begin with a version, a salt and an iteration count.
///
/// In BKS, entries follow, each with a type and a name, or an end mark and a MAC of 20 bytes. UBER
/// is encrypted.
fn of_bouncy_castle(rounds: &[u8]) -> Option<DetectedFormat> {
    const MAC: usize = 20;
    let (_, entries) = rounds.split_at_checked(4)?;
    let is_bks = match entries {
        [0, mac @ ..] => mac.len() == MAC,
        [1..=4, high, low, rest @ ..] => {
            let name = rest.get(..usize::from(u16::from_be_bytes([*high, *low])));
            name.is_some_and(|name| core::str::from_utf8(name).is_ok())
        }
        _ => false,
    };
    Some(if is_bks {
        DetectedFormat::Bks
    } else {
        DetectedFormat::Uber
    })
}

fn of_text(text: &[u8]) -> Option<DetectedFormat> {
    const SSH: [&[u8]; 7] = [
        b"ssh-rsa ",
        b"ssh-dss ",
        b"ssh-ed25519 ",
        b"ecdsa-sha2-",
        b"sk-ssh-",
        b"sk-ecdsa-",
        b"---- BEGIN SSH2 PUBLIC KEY ----",
    ];
    let begins_with = |tag: &[u8]| {
        let head = text.get(..tag.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(tag))
    };
    if begins_with(b"<!doctype html") || begins_with(b"<html") {
        return Some(DetectedFormat::Html);
    }
    if text.starts_with(b"PuTTY-User-Key-File") {
        return Some(DetectedFormat::Putty);
    }
    if SSH.iter().any(|prefix| text.starts_with(prefix)) {
        return Some(DetectedFormat::SshPublicKey);
    }
    // The base64 of a SEQUENCE, and that of `-----BEGIN`.
    let found = match text {
        [b'M', ..] if text.len() >= 64 => DetectedFormat::Base64,
        [b'L', b'S', b'0', b't', b'L', b'S', ..] => DetectedFormat::Base64OfPem,
        _ => return None,
    };
    text.iter().all(is_base64).then_some(found)
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte)
}
