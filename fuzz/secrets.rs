//! Key material in an input: what no message may quote, and what it would cost to open.

use super::encoding::{BASE64, contains, decode, encode};

#[derive(Default)]
pub(super) struct Secrets {
    /// Keys, as they came in and decoded.
    keys: Vec<Vec<u8>>,
    /// Text outside of keys, such as labels, which a message may quote even where a key reads alike.
    rest: Vec<u8>,
}

impl Secrets {
    /// The bodies of the sections with private keys.
    pub(super) fn in_pem(text: &[u8]) -> Self {
        let mut found = Self::default();
        let mut open: Option<Vec<u8>> = None;
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            match &mut open {
                None if line.starts_with(b"-----BEGIN ") && contains(line, b"PRIVATE KEY") => {
                    open = Some(Vec::new());
                }
                Some(body) if line.starts_with(b"-----END ") => {
                    found.keys.push(decode(body));
                    found.keys.push(core::mem::take(body));
                    open = None;
                }
                // Headers have a colon.
                Some(body) if !line.contains(&b':') => {
                    body.extend(line.iter().filter(|byte| BASE64.contains(byte)));
                    continue;
                }
                _ => {}
            }
            found.rest.extend(line);
        }
        found
    }

    pub(super) fn of_der(der: &[u8]) -> Self {
        Self {
            keys: vec![der.to_vec(), encode(der).into_bytes()],
            // Not in base64, so that base64 that is in it is something else.
            rest: der.to_vec(),
        }
    }

    /// Panics when the words quote 16 digits of base64, or 8 bytes in hexadecimal or decimal.
    pub(super) fn check(&self, words: &str) {
        if self.keys.is_empty() {
            return;
        }
        let base64 = words.as_bytes().windows(16).filter(|w| is_base64(w));
        let base64 = base64.filter(|w| is_reporting(w) && !holds(&self.rest, w));
        let numbers: Vec<Vec<u8>> = hexadecimal(words).chain(decimal(words)).collect();
        let bytes = numbers.iter().flat_map(|run| run.windows(8));
        for quote in base64.chain(bytes.filter(|w| is_reporting(w))) {
            let quoted = self.keys.iter().any(|key| holds(key, quote));
            assert!(!quoted, "{words:?} quotes a key");
        }
    }

    /// Whether opening costs little. The library's own limits are too far for a fuzzer; beyond them
    /// it has to reject at once. What is BER is read as the library reads it.
    pub(super) fn are_cheap(&self) -> bool {
        let layers = |key: &Vec<u8>| super::ber::layers(key).iter().all(|der| is_cheap(der));
        self.keys.iter().all(layers)
    }
}

fn hexadecimal(words: &str) -> impl Iterator<Item = Vec<u8>> {
    let runs = words.split(|c: char| !c.is_ascii_hexdigit());
    runs.filter(|run| run.len() >= 16).map(|run| {
        let pairs = run.as_bytes().chunks_exact(2);
        let bytes = pairs.map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16));
        bytes.flatten().collect()
    })
}

fn decimal(words: &str) -> impl Iterator<Item = Vec<u8>> {
    let runs = words.split(|c: char| !c.is_ascii_digit() && c != ',' && c != ' ');
    runs.filter(|run| run.len() >= 16).map(|run| {
        let numbers = run.split(',').map(|number| number.trim().parse());
        numbers.flatten().collect()
    })
}

/// With a digit, which the words of messages do not have.
fn is_base64(window: &[u8]) -> bool {
    let has_digit = window.iter().any(|byte| !byte.is_ascii_alphabetic());
    has_digit && window.iter().all(|byte| BASE64.contains(byte))
}

/// Compares by a hash: of plain comparisons a fuzzer learns to write keys that quote the message.
fn holds(key: &[u8], quote: &[u8]) -> bool {
    let hash = |bytes: &[u8]| {
        let mix = |n: u64, byte: &u8| (n ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
    };
    let wanted = hash(quote);
    key.windows(quote.len())
        .any(|window| hash(window) == wanted)
}

/// Repeated bytes are found everywhere.
fn is_reporting(window: &[u8]) -> bool {
    let mut bytes = window.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() >= 6
}

#[cfg(not(feature = "encrypted-keys"))]
fn is_cheap(_: &[u8]) -> bool {
    false
}

#[cfg(feature = "encrypted-keys")]
fn is_cheap(der: &[u8]) -> bool {
    use super::encoding::element;
    use mtls::PrivateKey;

    const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
    const SCRYPT: &[u8] = b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
    /// Of any cipher, whose number follows.
    const PKCS12: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
    /// Rounds of key derivation, kilobytes of scrypt.
    const FEW: u64 = 256;

    let append = |n: u64, digit: &u8| n.saturating_mul(256).saturating_add((*digit).into());
    // The numbers that stand after a salt.
    let numbers = |parameters: &[u8]| -> Option<Vec<u64>> {
        let (_, _, mut rest) = element(parameters)?;
        let mut numbers = Vec::new();
        while let Some((2, number, after)) = element(rest) {
            numbers.push(number.iter().fold(0, append));
            rest = after;
        }
        Some(numbers)
    };
    let rounds = |count: u64| (count, u64::from(PrivateKey::MAX_KDF_ITERATIONS));
    let schemes = (0..der.len()).filter_map(|at| {
        let here = &der[at..];
        if let Some(rest) = here.strip_prefix(PBKDF2) {
            let (_, parameters, _) = element(rest)?;
            return Some(rounds(*numbers(parameters)?.first()?));
        }
        if let Some(rest) = here.strip_prefix(PKCS12) {
            let (_, parameters, _) = element(rest.get(1..)?)?;
            return Some(rounds(*numbers(parameters)?.first()?));
        }
        let (_, parameters, _) = element(here.strip_prefix(SCRYPT)?)?;
        let factors = numbers(parameters)?;
        let bytes = factors.iter().take(3).copied();
        let bytes = bytes.fold(128, u64::saturating_mul);
        Some((bytes >> 10, PrivateKey::MAX_SCRYPT_WORK >> 10))
    });
    // The MAC of a container stands at its end: a digest, a salt, the rounds.
    let mac = || {
        let (_, container, _) = element(der)?;
        let (_, _, rest) = element(container)?;
        let (_, _, rest) = element(rest)?;
        let (_, mac, _) = element(rest)?;
        let (_, _, salt) = element(mac)?;
        Some(rounds(*numbers(salt)?.first()?))
    };
    schemes
        .chain(mac())
        .all(|(cost, limit)| cost <= FEW || cost > limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

    fn quotes(words: &str) -> bool {
        let secrets = Secrets::of_der(KEY);
        std::panic::catch_unwind(move || secrets.check(words)).is_err()
    }

    #[test]
    fn quotes_are_found() {
        assert!(quotes(&format!("bad key {}", encode(KEY))));
        assert!(quotes("bad key 302e020100300506032b6570"));
        assert!(quotes(&format!("Key({KEY:?})")));
        assert!(!quotes(
            "given bytes: section 0 (EncryptedPrivateKeyInfo1, at byte 0)"
        ));
        assert!(!quotes(
            "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"
        ));
    }

    #[cfg(feature = "encrypted-keys")]
    #[test]
    fn cost_is_read() {
        let pbkdf2 = |rounds: [u8; 4]| {
            let oid = b"\x30\x99\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
            let parameters = b"\x30\x0a\x04\x02ab\x02\x04";
            Secrets::of_der(&[&oid[..], parameters, &rounds].concat())
        };
        assert!(pbkdf2([0, 0, 0, 255]).are_cheap());
        assert!(!pbkdf2([0, 1, 0, 0]).are_cheap());
        assert!(pbkdf2([9, 0, 0, 0]).are_cheap());
    }
}
