//! Certificates of any key and any signature, put together octet by octet.

use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::{Padding, Rsa};
use openssl::sha::sha1;
use openssl::sign::{RsaPssSaltlen, Signer};
use pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::common::pki::Credential;
use crate::common::programs::report;

/// One DER value.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut value = vec![tag];
    match length {
        0..=127 => value.push(length as u8),
        128..=255 => value.extend([0x81, length as u8]),
        _ => value.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    value.extend_from_slice(content);
    value
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    const_oid::ObjectIdentifier::new_unwrap(text)
        .as_bytes()
        .to_vec()
}

pub(crate) fn null() -> Vec<u8> {
    vec![5, 0]
}

/// An `AlgorithmIdentifier`.
pub(crate) fn algorithm(oid_text: &str, parameters: &[u8]) -> Vec<u8> {
    sequence(&[&tlv(6, &oid(oid_text)), parameters])
}

/// A `SubjectPublicKeyInfo`.
pub(crate) fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    sequence(&[algorithm, &tlv(3, &[&[0], key].concat())])
}

/// How a certificate is signed.
#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) name: String,
    /// The `AlgorithmIdentifier`.
    pub(crate) algorithm: Vec<u8>,
    pub(crate) digest: Option<MessageDigest>,
    /// Of RSASSA-PSS: the length of the salt, and the digest of its mask.
    pub(crate) pss: Option<(i32, MessageDigest)>,
}

impl Signature {
    pub(crate) fn new(name: &str, algorithm: Vec<u8>, digest: Option<MessageDigest>) -> Self {
        Self {
            name: name.to_owned(),
            algorithm,
            digest,
            pss: None,
        }
    }

    pub(crate) fn pss(
        name: &str,
        algorithm: Vec<u8>,
        digest: MessageDigest,
        salt: i32,
        mask: MessageDigest,
    ) -> Self {
        Self {
            pss: Some((salt, mask)),
            ..Self::new(name, algorithm, Some(digest))
        }
    }

    fn sign(&self, key: &PKey<Private>, message: &[u8]) -> Vec<u8> {
        let mut signer = match self.digest {
            Some(digest) => Signer::new(digest, key).unwrap(),
            None => Signer::new_without_digest(key).unwrap(),
        };
        if let Some((salt, mask)) = self.pss {
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_mgf1_md(mask).unwrap();
            signer
                .set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt))
                .unwrap();
        }
        signer.sign_oneshot_to_vec(message).unwrap()
    }
}

/// A self-signed CA.
#[derive(Clone)]
pub(crate) struct Ca {
    pub(crate) name: String,
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: CertificateDer<'static>,
}

impl Ca {
    pub(crate) fn new(name: &str, key: PKey<Private>, signature: &Signature) -> Self {
        let spki = key.public_key_to_der().unwrap();
        let certificate = certificate(&key, name, name, &spki, &spki, signature, true);
        Self {
            name: name.to_owned(),
            key,
            certificate,
        }
    }

    /// A CA below this one.
    pub(crate) fn intermediate(
        &self,
        name: &str,
        key: PKey<Private>,
        signature: &Signature,
    ) -> Self {
        let spki = key.public_key_to_der().unwrap();
        let ours = self.key.public_key_to_der().unwrap();
        let certificate = certificate(&self.key, &self.name, name, &spki, &ours, signature, true);
        Self {
            name: name.to_owned(),
            key,
            certificate,
        }
    }

    /// A leaf for both ends, with a DNS name of the same text.
    pub(crate) fn issue(
        &self,
        name: &str,
        spki: &[u8],
        signature: &Signature,
    ) -> CertificateDer<'static> {
        let ours = self.key.public_key_to_der().unwrap();
        certificate(&self.key, &self.name, name, spki, &ours, signature, false)
    }

    pub(crate) fn credential(
        &self,
        name: &str,
        key: &PKey<Private>,
        signature: &Signature,
    ) -> Credential {
        let spki = key.public_key_to_der().unwrap();
        Credential {
            chain: vec![self.issue(name, &spki, signature)],
            key: key.private_key_to_pkcs8().unwrap().into(),
        }
    }
}

fn certificate(
    issuer_key: &PKey<Private>,
    issuer: &str,
    subject: &str,
    spki: &[u8],
    issuer_spki: &[u8],
    signature: &Signature,
    is_ca: bool,
) -> CertificateDer<'static> {
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::ONE, false).unwrap();
    let own = sha1(spki);
    let mut extensions = vec![extension("2.5.29.14", false, &tlv(4, &own))];
    if is_ca {
        extensions.push(extension("2.5.29.19", true, &sequence(&[&[1, 1, 0xff]])));
        // keyCertSign and cRLSign
        extensions.push(extension("2.5.29.15", true, &[3, 2, 1, 0b0000_0110]));
    } else {
        // digitalSignature
        extensions.push(extension("2.5.29.15", true, &[3, 2, 7, 0b1000_0000]));
        let purposes = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"].map(|p| tlv(6, &oid(p)));
        extensions.push(extension(
            "2.5.29.37",
            false,
            &sequence(&[&purposes[0], &purposes[1]]),
        ));
        let names = sequence(&[&tlv(0x82, subject.as_bytes())]);
        extensions.push(extension("2.5.29.17", false, &names));
    }
    if issuer != subject {
        let issuers = sequence(&[&tlv(0x80, &sha1(issuer_spki))]);
        extensions.push(extension("2.5.29.35", false, &issuers));
    }
    let now = OffsetDateTime::now_utc();
    let tbs = sequence(&[
        &tlv(0xa0, &[2, 1, 2]),
        &tlv(2, &[&[0], serial.to_vec().as_slice()].concat()),
        &signature.algorithm,
        &name(issuer),
        &sequence(&[
            &date(now - time::Duration::hours(1)),
            &date(now + time::Duration::days(30)),
        ]),
        &name(subject),
        spki,
        &tlv(
            0xa3,
            &sequence(&extensions.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        ),
    ]);
    let value = signature.sign(issuer_key, &tbs);
    sequence(&[
        &tbs,
        &signature.algorithm,
        &tlv(3, &[&[0], value.as_slice()].concat()),
    ])
    .into()
}

fn extension(oid_text: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    sequence(&[&tlv(6, &oid(oid_text)), flag, &tlv(4, value)])
}

fn name(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[&tlv(6, &oid("2.5.4.3")), &tlv(12, common_name.as_bytes())]);
    sequence(&[&tlv(0x31, &attribute)])
}

fn date(moment: OffsetDateTime) -> Vec<u8> {
    let (hour, minute, second) = moment.to_hms();
    let text = format!(
        "{:02}{:02}{:02}{hour:02}{minute:02}{second:02}Z",
        moment.year() % 100,
        u8::from(moment.month()),
        moment.day()
    );
    tlv(0x17, text.as_bytes())
}

pub(crate) fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub(crate) fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

pub(crate) fn rsa_pss() -> PKey<Private> {
    let mut context = PkeyCtx::new_id(Id::RSA_PSS).unwrap();
    context.keygen_init().unwrap();
    context.set_rsa_keygen_bits(2048).unwrap();
    context.keygen().unwrap()
}

/// The parameter sets of ML-DSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MlDsa {
    M44,
    M65,
    M87,
}

impl MlDsa {
    pub(crate) const ALL: [Self; 3] = [Self::M44, Self::M65, Self::M87];

    pub(crate) fn algorithm(self) -> Vec<u8> {
        let arc = match self {
            Self::M44 => "17",
            Self::M65 => "18",
            Self::M87 => "19",
        };
        algorithm(&format!("2.16.840.1.101.3.4.3.{arc}"), &[])
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::M44 => "ML-DSA-44",
            Self::M65 => "ML-DSA-65",
            Self::M87 => "ML-DSA-87",
        }
    }

    pub(crate) fn signature(self) -> Signature {
        Signature::new(self.name(), self.algorithm(), None)
    }

    /// A new key.
    pub(crate) fn key(self) -> PKey<Private> {
        let mut seed = [0; 32];
        openssl::rand::rand_bytes(&mut seed).unwrap();
        self.of_seed(&seed).unwrap()
    }

    /// By PKCS#8: the openssl crate has its own call for it only where it is compiled against
    /// OpenSSL 3.5.
    pub(crate) fn of_seed(self, seed: &[u8; 32]) -> Result<PKey<Private>, ErrorStack> {
        PKey::private_key_from_pkcs8(&pkcs8(&self.algorithm(), &tlv(0x80, seed)))
    }
}

/// PKCS#8 around the content of a private key.
pub(crate) fn pkcs8(algorithm: &[u8], private: &[u8]) -> Vec<u8> {
    sequence(&[&[2, 1, 0], algorithm, &tlv(4, private)])
}

/// Whether this OpenSSL has ML-DSA; says so where it has not.
pub(crate) fn has_ml_dsa() -> bool {
    let has = MlDsa::M65.of_seed(&[1; 32]).is_ok();
    if !has {
        let version = openssl::version::version();
        report(&format!(
            "NOT TESTED: ML-DSA: {version} lacks it; take the feature `openssl-vendored`"
        ));
    }
    has
}

pub(crate) fn ecdsa(hash: &str) -> Signature {
    let (number, digest) = match hash {
        "SHA1" => ("1", MessageDigest::sha1()),
        "SHA224" => ("3.1", MessageDigest::sha224()),
        "SHA256" => ("3.2", MessageDigest::sha256()),
        "SHA384" => ("3.3", MessageDigest::sha384()),
        _ => ("3.4", MessageDigest::sha512()),
    };
    let oid_text = format!("1.2.840.10045.4.{number}");
    Signature::new(
        &format!("ecdsa-with-{hash}"),
        algorithm(&oid_text, &[]),
        Some(digest),
    )
}
