//! That nothing that is printed holds a piece of a key or the passphrase.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Debug;

use super::workshop::{PASSPHRASE, Workshop};

/// Bytes of a key that may never be seen together.
const PIECE: usize = 16;

/// Everything that was printed, and what must not be in it.
pub(crate) struct Watch {
    bytes: HashSet<Vec<u8>>,
    base64: HashSet<Vec<u8>>,
    printed: String,
}

impl Watch {
    pub(crate) fn new(workshop: &Workshop, keys: &[&str]) -> Self {
        let pieces = |whole: &[u8]| whole.windows(PIECE).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let secrets = keys.iter().flat_map(|key| workshop.secret_numbers(key));
        let texts = keys.iter().map(|key| workshop.base64(key));
        Self {
            bytes: secrets.flat_map(|secret| pieces(&secret)).collect(),
            base64: texts.flat_map(|text| pieces(text.as_bytes())).collect(),
            printed: String::new(),
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.printed.push_str(text);
        self.printed.push('\n');
    }

    pub(crate) fn debug(&mut self, value: &dyn Debug) {
        self.text(&format!("{value:?}"));
        self.text(&format!("{value:#?}"));
    }

    pub(crate) fn error(&mut self, error: &dyn Error) {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.text(&error.to_string());
            self.debug(&error);
            cause = error.source();
        }
    }

    /// How many characters were looked at.
    pub(crate) fn check(&self) -> usize {
        assert!(!self.printed.contains(PASSPHRASE), "the passphrase");
        let found = self.find(&self.printed);
        assert_eq!(found, None);
        self.printed.len()
    }

    /// The first piece, raw, in hexadecimal, in decimal or in base64.
    fn find(&self, text: &str) -> Option<String> {
        let seen = |bytes: &[u8], among: &HashSet<Vec<u8>>| {
            let mut pieces = bytes.windows(PIECE);
            pieces
                .find(|piece| among.contains(*piece))
                .map(|piece| format!("{piece:?}"))
        };
        // Digits with whatever stands between two of them left out.
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let hexadecimal = [0, 1].into_iter().find_map(|start| {
            let bytes: Vec<u8> = digits.as_bytes()[start.min(digits.len())..]
                .chunks_exact(2)
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            seen(&bytes, &self.bytes)
        });
        let numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|n| n.parse().ok());
        let decimal: Vec<u8> = numbers.collect();
        hexadecimal
            .or_else(|| seen(&decimal, &self.bytes))
            .or_else(|| seen(text.as_bytes(), &self.bytes))
            .or_else(|| seen(text.as_bytes(), &self.base64))
    }
}

#[test]
fn quotes_of_a_key_are_found() {
    let Some(workshop) = Workshop::open() else {
        return;
    };
    let watch = Watch::new(&workshop, &["p256", "rsa"]);
    for key in ["p256", "rsa"] {
        let secret = workshop.secret_numbers(key).pop().unwrap();
        let part = &secret[3..23];
        let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02X}")).collect();
        for quote in [
            format!("the key {part:?} is bad"),
            format!("the key is {}", hex.join(":")),
            format!("the key is {}", hex.concat()),
            format!("base64 {}", &workshop.base64(key)[9..33]),
        ] {
            assert!(watch.find(&quote).is_some(), "{key}: {quote}");
        }
        assert_eq!(watch.find("the key is of no kind that is known here"), None);
    }
}
