//! The outer structure of a container (RFC 7292, section 4): its MAC and its safes.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Tag, TagNumber, Tagged};
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::crypt::{self, Password};
use super::elements::{check_tag, elements, for_each, malformed, unsupported};
use super::mac::{self, MacData};
use crate::error::{MaterialError, MaterialProblem};
use crate::material::encryption::Budget;
use crate::material::input::passphrase::PassphraseUse;
use crate::material::input::{file, format};
use crate::material::key::PrivateKey;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;

/// The maximum number of safes in a container; two are usual.
const MAX_SAFES: usize = 64;
const VERSION: u8 = 3;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const ENVELOPED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");

/// The tags of encrypted content: in one piece, and in several, as BER writes a stream.
const WHOLE: Tag = Tag::ContextSpecific {
    constructed: false,
    number: TagNumber(0),
};
const IN_PIECES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// A container whose MAC is valid, or that has neither a MAC nor encrypted safes.
pub(crate) struct Container {
    /// The `SafeContents`, decrypted.
    pub(crate) safes: Vec<Zeroizing<Vec<u8>>>,
    /// The password; `None` if the container has no MAC.
    pub(crate) password: Option<Password>,
    /// The budget that is left for the keys.
    pub(crate) budget: Budget,
}

#[derive(der::Sequence)]
struct Pfx<'a> {
    version: u8,
    auth_safe: ContentInfo<'a>,
    #[asn1(optional = "true")]
    mac: Option<MacData<'a>>,
}

#[derive(der::Sequence)]
struct ContentInfo<'a> {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<AnyRef<'a>>,
}

/// `EncryptedData` (RFC 5652, section 8); containers have no unprotected attributes.
#[derive(der::Sequence)]
struct EncryptedData<'a> {
    version: u8,
    info: EncryptedContentInfo<'a>,
}

#[derive(der::Sequence)]
struct EncryptedContentInfo<'a> {
    kind: ObjectIdentifier,
    algorithm: AlgorithmIdentifierRef<'a>,
    /// An OCTET STRING under an IMPLICIT tag.
    #[asn1(optional = "true")]
    content: Option<AnyRef<'a>>,
}

/// Returns the error for bytes that cannot be parsed as a container.
fn instead(der: &[u8]) -> MaterialProblem {
    match unexpected_input::instead_of_der(der, ExpectedContent::Bundle) {
        None | Some(MaterialProblem::Pkcs12) => MaterialProblem::Pkcs12Malformed,
        Some(other) => other,
    }
}

impl Container {
    pub(crate) fn open(
        der: &[u8],
        passphrase: Option<&PassphraseUse<'_>>,
    ) -> Result<Self, MaterialError> {
        file::check_size(der, PrivateKey::MAX_INPUT_BYTES)?;
        let rewritten = format::rewritten(der)?;
        let whole = rewritten.as_ref().map_or(der, |der| der.as_slice());
        let pfx = Pfx::from_der(whole).map_err(|_| instead(der))?;
        Ok(Self::check(&pfx, passphrase)?)
    }

    fn check(
        pfx: &Pfx<'_>,
        passphrase: Option<&PassphraseUse<'_>>,
    ) -> Result<Self, MaterialProblem> {
        if pfx.version != VERSION {
            return Err(unsupported(format!("version {}", pfx.version)));
        }
        let content = match pfx.auth_safe.kind {
            DATA => pfx.auth_safe.data()?,
            SIGNED_DATA => return Err(unsupported("a signature in place of a MAC (signedData)")),
            other => return Err(unsupported(format!("content of the type {other}"))),
        };
        let mut budget = Budget::new();
        let password = match &pfx.mac {
            None => None,
            Some(mac) => {
                let passphrase = passphrase.ok_or(MaterialProblem::PassphraseMissing)?;
                Some(mac::verify(mac, content, passphrase, &mut budget)?)
            }
        };
        // The MAC covers the original octets, so they are converted only now.
        let rewritten = format::rewritten(content)?;
        let content = rewritten.as_ref().map_or(content, |der| der.as_slice());
        let mut safes = Vec::new();
        for_each(content, |reader| {
            if safes.len() == MAX_SAFES {
                return Err(MaterialProblem::TooMany {
                    limit: MAX_SAFES,
                    what: "safes",
                });
            }
            let safe = ContentInfo::decode(reader).map_err(malformed)?;
            let safe = safe.open(password.as_ref(), &mut budget)?;
            safes.push(format::rewritten(&safe)?.unwrap_or(safe));
            Ok(())
        })?;
        Ok(Self {
            safes,
            password,
            budget,
        })
    }
}

impl<'a> ContentInfo<'a> {
    fn open(
        &self,
        password: Option<&Password>,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, MaterialProblem> {
        match self.kind {
            DATA => Ok(Zeroizing::new(self.data()?.to_vec())),
            ENCRYPTED_DATA => {
                let content = self.content.ok_or(MaterialProblem::Pkcs12Malformed)?;
                let EncryptedData { version, info } = content.decode_as().map_err(malformed)?;
                if version != 0 || info.kind != DATA {
                    return Err(MaterialProblem::Pkcs12Malformed);
                }
                let content = info.content.ok_or(MaterialProblem::Pkcs12Malformed)?;
                if content.tag() == IN_PIECES {
                    let data = joined(content.value())?;
                    return crypt::decrypt(info.algorithm, &data, password, budget);
                }
                check_tag(content, WHOLE)?;
                crypt::decrypt(info.algorithm, content.value(), password, budget)
            }
            ENVELOPED_DATA => Err(unsupported(
                "a safe that is encrypted to a certificate (envelopedData)",
            )),
            other => Err(unsupported(format!("a safe of the type {other}"))),
        }
    }

    fn data(&self) -> Result<&'a [u8], MaterialProblem> {
        let content = self.content.ok_or(MaterialProblem::Pkcs12Malformed)?;
        let octets: &OctetStringRef = content.decode_as().map_err(malformed)?;
        Ok(octets.as_bytes())
    }
}

/// Joins the contents of consecutive OCTET STRINGs.
fn joined(pieces: &[u8]) -> Result<Vec<u8>, MaterialProblem> {
    let mut whole = Vec::with_capacity(pieces.len());
    elements(pieces, |reader| {
        let piece = <&OctetStringRef>::decode(reader).map_err(malformed)?;
        whole.extend_from_slice(piece.as_bytes());
        Ok(())
    })?;
    Ok(whole)
}
