//! The bags of a container (RFC 7292, section 4.2).

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, SliceReader, Tag, TagNumber};
use pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::attributes::Attributes;
use super::crypt::{self, Password};
use super::elements::{EXPORT_WITHOUT_LISTS, check_tag, for_each, malformed, unsupported};
use crate::error::MaterialProblem;
use crate::material::encryption::Budget;
use crate::material::encryption::pkcs8::EncryptedKey;
use crate::material::input::passphrase::is_sequence;
use crate::material::key::PrivateKey;

/// The maximum number of bags in a container; a store of the public web's roots has about 150.
const MAX_BAGS: usize = 4096;
/// The maximum number of private keys.
const MAX_KEYS: usize = 64;
/// The maximum depth of nested bags; usual containers have none.
const MAX_DEPTH: usize = 4;

const KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.4");
const SECRET: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.5");
const SAFE_CONTENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");

const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const SDSI_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.2");

/// The keys and certificates of a container, in no order.
#[derive(Default)]
pub(crate) struct Bags<'a> {
    pub(crate) keys: Vec<KeyBag<'a>>,
    /// Each certificate once.
    pub(crate) certificates: Vec<CertificateBag<'a>>,
    count: usize,
}

/// A private key, not yet decrypted.
pub(crate) struct KeyBag<'a> {
    pub(crate) attributes: Attributes<'a>,
    der: &'a [u8],
    is_encrypted: bool,
}

pub(crate) struct CertificateBag<'a> {
    pub(crate) attributes: Attributes<'a>,
    pub(crate) der: CertificateDer<'static>,
}

#[derive(der::Sequence)]
struct SafeBag<'a> {
    kind: ObjectIdentifier,
    /// The value under an EXPLICIT tag.
    value: AnyRef<'a>,
    #[asn1(optional = "true")]
    attributes: Option<AnyRef<'a>>,
}

const VALUE: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

#[derive(der::Sequence)]
struct CertBag<'a> {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: AnyRef<'a>,
}

impl<'a> Bags<'a> {
    pub(crate) fn read(safes: &'a [Zeroizing<Vec<u8>>]) -> Result<Self, MaterialProblem> {
        let mut bags = Self::default();
        for safe in safes {
            for_each(safe, |reader| bags.add(reader, 0))?;
        }
        Ok(bags)
    }

    fn add(&mut self, reader: &mut SliceReader<'a>, depth: usize) -> Result<(), MaterialProblem> {
        self.count = self.count.saturating_add(1);
        if self.count > MAX_BAGS {
            return Err(too_many(MAX_BAGS, "bags"));
        }
        let bag = SafeBag::decode(reader).map_err(malformed)?;
        let value = bag.value.value();
        check_tag(bag.value, VALUE)?;
        match bag.kind {
            KEY | SHROUDED_KEY => {
                if self.keys.len() == MAX_KEYS {
                    return Err(too_many(MAX_KEYS, "private keys"));
                }
                self.keys.push(KeyBag {
                    attributes: bag.attributes()?,
                    der: value,
                    is_encrypted: bag.kind == SHROUDED_KEY,
                });
            }
            CERTIFICATE => {
                let der = certificate(value)?;
                if self.certificates.iter().all(|c| *c.der != *der) {
                    self.certificates.push(CertificateBag {
                        attributes: bag.attributes()?,
                        der: CertificateDer::from(der.to_vec()),
                    });
                }
            }
            // Passwords and symmetric keys, which `keytool -importpass` writes beside the others.
            // They hold no key or certificate, and ignoring them weakens no check.
            SECRET => {}
            // Ignoring a revocation list would accept the certificates that it revokes.
            CRL => {
                return Err(MaterialProblem::Pkcs12Unsupported {
                    found: "a revocation list".to_owned(),
                    advice: EXPORT_WITHOUT_LISTS,
                });
            }
            SAFE_CONTENTS => {
                let deeper = depth.saturating_add(1);
                if deeper > MAX_DEPTH {
                    return Err(too_many(MAX_DEPTH, "levels of bags in bags"));
                }
                for_each(value, |reader| self.add(reader, deeper))?;
            }
            other => return Err(unsupported(format!("a bag of the type {other}"))),
        }
        Ok(())
    }
}

impl<'a> SafeBag<'a> {
    fn attributes(&self) -> Result<Attributes<'a>, MaterialProblem> {
        match self.attributes {
            None => Ok(Attributes::default()),
            Some(set) => {
                check_tag(set, Tag::Set)?;
                Attributes::read(set.value())
            }
        }
    }
}

impl KeyBag<'_> {
    pub(crate) fn open(
        &self,
        password: Option<&Password>,
        budget: &mut Budget,
    ) -> Result<PrivateKey, MaterialProblem> {
        if !self.is_encrypted {
            return PrivateKey::read(self.der);
        }
        let key = EncryptedKey::from_der(self.der).map_err(malformed)?;
        let data = key.data.as_bytes();
        let plain = crypt::decrypt(key.algorithm, data, password, budget)?;
        if !is_sequence(&plain) {
            return Err(crypt::another_passphrase());
        }
        PrivateKey::read(&plain)
    }
}

fn certificate(bag: &[u8]) -> Result<&[u8], MaterialProblem> {
    let bag = CertBag::from_der(bag).map_err(malformed)?;
    match bag.kind {
        X509_CERTIFICATE => {
            let octets: &OctetStringRef = bag.value.decode_as().map_err(malformed)?;
            Ok(octets.as_bytes())
        }
        SDSI_CERTIFICATE => Err(unsupported("an SDSI certificate")),
        other => Err(unsupported(format!("a certificate of the type {other}"))),
    }
}

fn too_many(limit: usize, what: &'static str) -> MaterialProblem {
    MaterialProblem::TooMany { limit, what }
}
