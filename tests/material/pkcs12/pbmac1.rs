//! MACs by PBMAC1 (RFC 9579), as OpenSSL makes them in FIPS mode, and Java.

use hmac::{Hmac, KeyInit, Mac};
use mtls::Passphrase;
use mtls::error::MaterialProblem;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::forge::{Outside, integer, octets, oid, safe, sequence};
use super::rejected::{load, ours};
use super::{PASSPHRASE, passphrase};
use crate::{error_says, fixture};

const PBMAC1: &str = "1.2.840.113549.1.5.14";
const PBKDF2: &str = "1.2.840.113549.1.5.12";
const HMAC_SHA256: &str = "1.2.840.113549.2.9";

/// What a MAC is made by.
#[derive(Clone, Copy)]
struct Parameters<'a> {
    kdf: &'a str,
    salt: &'a [u8],
    rounds: u32,
    key_bytes: Option<usize>,
    prf: Option<&'a str>,
    mac: &'a str,
}

const ORDINARY: Parameters<'_> = Parameters {
    kdf: PBKDF2,
    salt: b"saltsalt",
    rounds: 3,
    key_bytes: Some(32),
    prf: Some(HMAC_SHA256),
    mac: HMAC_SHA256,
};

impl Parameters<'_> {
    fn encoded(self) -> Vec<u8> {
        let key_bytes = self.key_bytes.map(|bytes| integer(bytes as i128));
        let prf = self.prf.map(|prf| sequence(&[&oid(prf), &[5, 0]]));
        let kdf = sequence(&[
            &octets(self.salt),
            &integer(self.rounds.into()),
            &key_bytes.unwrap_or_default(),
            &prf.unwrap_or_default(),
        ]);
        let kdf = sequence(&[&oid(self.kdf), &kdf]);
        let mac = sequence(&[&oid(self.mac), &[5, 0]]);
        sequence(&[&oid(PBMAC1), &sequence(&[&kdf, &mac])])
    }

    fn mac(self, content: &[u8]) -> Vec<u8> {
        let derive = match self.prf.map(|prf| &prf[prf.len() - 2..]) {
            None | Some(".7") => pbkdf2::pbkdf2_hmac::<Sha1>,
            Some(".8") => pbkdf2::pbkdf2_hmac::<Sha224>,
            Some("10") => pbkdf2::pbkdf2_hmac::<Sha384>,
            Some("11") => pbkdf2::pbkdf2_hmac::<Sha512>,
            _ => pbkdf2::pbkdf2_hmac::<Sha256>,
        };
        let mut key = vec![0; self.key_bytes.unwrap_or(32)];
        derive(PASSPHRASE.as_bytes(), self.salt, self.rounds, &mut key);
        macro_rules! mac {
            ($digest:ty) => {{
                let mac = Hmac::<$digest>::new_from_slice(&key).unwrap();
                mac.chain_update(content).finalize().into_bytes().to_vec()
            }};
        }
        match &self.mac[self.mac.len() - 2..] {
            ".7" => mac!(Sha1),
            ".8" => mac!(Sha224),
            "10" => mac!(Sha384),
            "11" => mac!(Sha512),
            _ => mac!(Sha256),
        }
    }

    fn around(self, safes: &[Vec<u8>]) -> Vec<u8> {
        let outside = Outside {
            mac_digest: self.encoded(),
            // Said to be ignored, and so they are.
            mac_salt: b"NOT USED".to_vec(),
            mac: Some(&|content| self.mac(content)),
            ..Outside::default()
        };
        outside.around(safes)
    }
}

/// OpenSSL knows it from 3.4 on.
#[cfg(feature = "openssl")]
fn openssl_opens(der: &[u8]) -> Option<bool> {
    let container = openssl::pkcs12::Pkcs12::from_der(der).unwrap();
    let is_known = openssl::version::number() >= 0x3040_0000;
    is_known.then(|| container.parse2(PASSPHRASE).is_ok())
}

#[cfg(not(feature = "openssl"))]
fn openssl_opens(_: &[u8]) -> Option<bool> {
    None
}

#[test]
fn every_digest_is_read_as_openssl_reads_it() {
    let digests = ["7", "8", "9", "10", "11"].map(|end| format!("1.2.840.113549.2.{end}"));
    let prfs = digests.iter().map(|prf| Some(prf.as_str())).chain([None]);
    for prf in prfs {
        for mac in &digests {
            for key_bytes in [20, 32, 64] {
                let parameters = Parameters {
                    prf,
                    mac,
                    key_bytes: Some(key_bytes),
                    ..ORDINARY
                };
                let der = parameters.around(&[safe(&ours())]);
                let what = format!("{prf:?} {mac} {key_bytes}");
                let identity = mtls::Loader::new()
                    .passphrase(passphrase().clone())
                    .load_identity(mtls::material::Input::bytes(&der))
                    .unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(identity.chain().leaf().as_ref(), fixture("rsa.crt.der"));
                assert_ne!(openssl_opens(&der), Some(false), "{what}");
            }
        }
    }
    let long = Parameters {
        salt: &[7; 1024],
        ..ORDINARY
    };
    let der = long.around(&[safe(&ours())]);
    mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap();
    assert_ne!(openssl_opens(&der), Some(false));
}

#[test]
fn a_wrong_passphrase_and_changed_octets_are_rejected() {
    let der = ORDINARY.around(&[safe(&ours())]);
    let wrong = mtls::Loader::new()
        .passphrase(Passphrase::new("correct hors"))
        .load_identity(mtls::material::Input::bytes(&der))
        .unwrap_err();
    assert!(matches!(
        wrong.problem(),
        MaterialProblem::WrongPassphrase { .. }
    ));
    // In the salt of PBKDF2, in the content, in the MAC itself: by their places.
    let salt = place(&der, b"saltsalt");
    let content = place(&der, &fixture("rsa.crt.der"));
    let mac = place(&der, b"NOT USED") - 5;
    for at in [salt, content, mac] {
        let mut changed = der.clone();
        changed[at] ^= 1;
        let error = load(&changed);
        assert!(
            matches!(error.problem(), MaterialProblem::WrongPassphrase { .. }),
            "{at}: {error}"
        );
        assert_ne!(openssl_opens(&changed), Some(true), "{at}");
    }
}

fn place(whole: &[u8], part: &[u8]) -> usize {
    let mut windows = whole.windows(part.len());
    windows.position(|window| window == part).unwrap()
}

#[test]
fn weak_unknown_and_costly_parameters_are_rejected() {
    let around = |parameters: Parameters<'_>| parameters.around(&[safe(&ours())]);
    for key_bytes in [None, Some(0), Some(19), Some(65), Some(65_535)] {
        let der = around(Parameters {
            key_bytes,
            ..ORDINARY
        });
        let error = load(&der).to_string();
        assert!(error.contains("has not 20 to 64 bytes"), "{error}");
        assert_ne!(openssl_opens(&der), Some(true));
    }
    for (parameters, part) in [
        (
            Parameters {
                kdf: "1.3.6.1.4.1.11591.4.11",
                ..ORDINARY
            },
            "a MAC by PBMAC1 with scrypt",
        ),
        (
            Parameters {
                mac: "1.2.840.113549.2.13",
                ..ORDINARY
            },
            "a MAC by PBMAC1 with 1.2.840.113549.2.13",
        ),
        (
            Parameters {
                prf: Some("1.2.840.113549.2.13"),
                ..ORDINARY
            },
            "a digest of PBKDF2 that is not known",
        ),
        (
            Parameters {
                salt: &[7; 1025],
                ..ORDINARY
            },
            "more than 1024 bytes of salt",
        ),
    ] {
        let error = load(&around(parameters)).to_string();
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    // Costs are known before they are paid: these would take minutes.
    let mut outside = Outside {
        mac: Some(&|_| vec![7; 32]),
        ..Outside::default()
    };
    for (rounds, key_bytes, said) in [
        (10_000_001, 32, "10000001 rounds of PBKDF2"),
        (5_000_001, 64, "10000002 rounds of PBKDF2"),
        (u32::MAX, 20, "4294967295 rounds of PBKDF2"),
    ] {
        let parameters = Parameters {
            rounds,
            key_bytes: Some(key_bytes),
            ..ORDINARY
        };
        outside.mac_digest = parameters.encoded();
        let error = load(&outside.around(&[safe(&ours())]));
        assert!(
            matches!(error.problem(), MaterialProblem::TooCostly { .. }),
            "{error}"
        );
        error_says(&error, &[said]);
    }
    outside.mac_digest = Parameters {
        rounds: 0,
        ..ORDINARY
    }
    .encoded();
    let error = mtls::Loader::new()
        .passphrase(passphrase().clone())
        .load_anchors(mtls::material::Input::bytes(outside.around(&[])))
        .unwrap_err();
    assert!(matches!(error.problem(), MaterialProblem::Pkcs12Malformed));
}
