//! Containers made byte by byte, with a right MAC around whatever is in them (RFC 7292).

use ::pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use der::Encode;
use der::asn1::ObjectIdentifier;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::PASSPHRASE;

pub(super) const DATA: &str = "1.2.840.113549.1.7.1";
pub(super) const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
pub(super) const PBES2: &str = "1.2.840.113549.1.5.13";
pub(super) const KEY: &str = "1.2.840.113549.1.12.10.1.1";
pub(super) const SHROUDED_KEY: &str = "1.2.840.113549.1.12.10.1.2";
pub(super) const CERTIFICATE: &str = "1.2.840.113549.1.12.10.1.3";
pub(super) const CRL: &str = "1.2.840.113549.1.12.10.1.4";
pub(super) const SECRET: &str = "1.2.840.113549.1.12.10.1.5";
pub(super) const SAFE_CONTENTS: &str = "1.2.840.113549.1.12.10.1.6";
pub(super) const X509: &str = "1.2.840.113549.1.9.22.1";
pub(super) const FRIENDLY_NAME: &str = "1.2.840.113549.1.9.20";
const LOCAL_KEY_ID: &str = "1.2.840.113549.1.9.21";

pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = u32::try_from(length).unwrap().to_be_bytes();
            let skip = bytes.iter().take_while(|b| **b == 0).count();
            out.push(0x84 - u8::try_from(skip).unwrap());
            out.extend(&bytes[skip..]);
        }
    }
    out.extend(content);
    out
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

pub(super) fn explicit(content: &[u8]) -> Vec<u8> {
    tlv(0xa0, content)
}

pub(super) fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

pub(super) fn integer(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let unneeded = bytes
        .windows(2)
        .take_while(|pair| {
            matches!(pair, [0, low] if low & 0x80 == 0)
                || matches!(pair, [0xff, low] if low & 0x80 != 0)
        })
        .count();
    tlv(0x02, &bytes[unneeded..])
}

/// `ContentInfo` of a safe.
pub(super) fn content(kind: &str, content: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &explicit(content)])
}

/// A safe that is not encrypted.
pub(super) fn safe(bags: &[Vec<u8>]) -> Vec<u8> {
    content(DATA, &octets(&tlv(0x30, &bags.concat())))
}

/// A safe that is said to be encrypted.
pub(super) fn encrypted_safe(algorithm: &[u8], data: &[u8]) -> Vec<u8> {
    let info = sequence(&[&oid(DATA), algorithm, &tlv(0x80, data)]);
    content(ENCRYPTED_DATA, &sequence(&[&integer(0), &info]))
}

/// PBES2 with so many rounds of PBKDF2 and AES-256 (RFC 8018, appendix A.4).
pub(super) fn pbes2(rounds: i128) -> Vec<u8> {
    pbes2_with(b"saltsalt", rounds)
}

pub(super) fn pbes2_with(salt: &[u8], rounds: i128) -> Vec<u8> {
    let kdf = sequence(&[&octets(salt), &integer(rounds), &hmac_sha256()]);
    let kdf = sequence(&[&oid("1.2.840.113549.1.5.12"), &kdf]);
    let cipher = sequence(&[&oid("2.16.840.1.101.3.4.1.42"), &octets(&[7; 16])]);
    sequence(&[&oid(PBES2), &sequence(&[&kdf, &cipher])])
}

fn hmac_sha256() -> Vec<u8> {
    sequence(&[&oid("1.2.840.113549.2.9"), &[5, 0]])
}

/// PKCS#12's own encryption with so many rounds.
pub(super) fn pbe(scheme: &str, rounds: i128) -> Vec<u8> {
    let parameters = sequence(&[&octets(b"saltsalt"), &integer(rounds)]);
    sequence(&[&oid(scheme), &parameters])
}

/// What a bag says about itself.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<&'a [u8]>,
}

pub(super) fn named(name: &str) -> About<'_> {
    About {
        name: Some(name),
        id: None,
    }
}

pub(super) fn bag(kind: &str, value: &[u8], about: About<'_>) -> Vec<u8> {
    let name = about.name.map(|name| {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        sequence(&[&oid(FRIENDLY_NAME), &tlv(0x31, &tlv(0x1e, &units))])
    });
    let id = about
        .id
        .map(|id| sequence(&[&oid(LOCAL_KEY_ID), &tlv(0x31, &octets(id))]));
    let attributes = [name, id]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .concat();
    let attributes = if attributes.is_empty() {
        Vec::new()
    } else {
        tlv(0x31, &attributes)
    };
    sequence(&[&oid(kind), &explicit(value), &attributes])
}

pub(super) fn certificate(kind: &str, der: &[u8], about: About<'_>) -> Vec<u8> {
    let value = sequence(&[&oid(kind), &explicit(&octets(der))]);
    bag(CERTIFICATE, &value, about)
}

/// What the outside of a container says.
pub(super) struct Outside<'a> {
    pub(super) version: i128,
    pub(super) kind: &'static str,
    pub(super) mac_digest: Vec<u8>,
    pub(super) mac_salt: Vec<u8>,
    /// What is stated; the MAC itself is made with one.
    pub(super) mac_rounds: Vec<u8>,
    /// Makes another MAC of the content.
    pub(super) mac: Option<Mac12<'a>>,
}

pub(super) type Mac12<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

impl Default for Outside<'_> {
    fn default() -> Self {
        Self {
            version: 3,
            kind: DATA,
            mac_digest: sequence(&[&oid(SHA256), &[5, 0]]),
            mac_salt: b"saltsalt".to_vec(),
            mac_rounds: integer(1),
            mac: None,
        }
    }
}

impl Outside<'_> {
    pub(super) fn around(&self, safes: &[Vec<u8>]) -> Vec<u8> {
        let inside = tlv(0x30, &safes.concat());
        self.around_content(&inside, &octets(&inside))
    }

    /// The OCTET STRING is `inside`, in whatever encoding.
    pub(super) fn around_content(&self, inside: &[u8], octet_string: &[u8]) -> Vec<u8> {
        let mac = match self.mac {
            Some(mac) => mac(inside),
            None => {
                let kind = Pkcs12KeyType::Mac;
                let key = derive_key_utf8::<Sha256>(PASSPHRASE, &self.mac_salt, kind, 1, 32);
                let mac = Hmac::<Sha256>::new_from_slice(&key.unwrap()).unwrap();
                mac.chain_update(inside).finalize().into_bytes().to_vec()
            }
        };
        let digest = sequence(&[&self.mac_digest, &octets(&mac)]);
        let mac = sequence(&[&digest, &octets(&self.mac_salt), &self.mac_rounds]);
        sequence(&[
            &integer(self.version),
            &content(self.kind, octet_string),
            &mac,
        ])
    }
}

/// An ordinary container around the safes.
pub(super) fn container(safes: &[Vec<u8>]) -> Vec<u8> {
    Outside::default().around(safes)
}
