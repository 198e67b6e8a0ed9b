// `Certificate` has a method for each extension, in the file of that extension.

use const_oid::ObjectIdentifier;
use der::asn1::{IntRef, UtcTime};
use der::{Decode, Reader, Tag, TagNumber};
use pki_types::UnixTime;

use super::error::{Version, X509Error};
use super::extension::{self, Extension};
use crate::x509::cursor::Cursor;
use crate::x509::element::{algorithm_content, explicit, sequence_content, whole_bits};
use crate::x509::key::PublicKey;
use crate::x509::name::{self, is_same_name};
use crate::x509::pkix::Time;

/// One certificate, borrowed from its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    /// The whole encoding.
    pub(crate) der: &'a [u8],
    /// The bytes that the signature covers, with their header.
    pub(crate) tbs: &'a [u8],
    pub(crate) version: Version,
    /// The encoded content of the INTEGER.
    pub(crate) serial: &'a [u8],
    /// Content of the `AlgorithmIdentifier` of the signature.
    pub(crate) signature_algorithm: &'a [u8],
    /// The issuer's `Name`, with its header.
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    /// Whether a date before 2050 is written as a `GeneralizedTime` (RFC 5280, section 4.1.2.5).
    pub(crate) has_early_general_time: bool,
    /// The subject's `Name`, with its header.
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: PublicKey<'a>,
    pub(crate) extensions: Vec<Extension<'a>>,
    pub(crate) signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one certificate; `bytes` must end with it.
    pub(crate) fn from_der(bytes: &'a [u8]) -> Result<Self, X509Error> {
        let mut reader = Cursor::new(bytes)?;
        let mut r = Cursor::new(reader.content(Tag::Sequence)?)?;
        reader.finish()?;
        let (tbs, content) = r.element(Tag::Sequence)?;
        let outer_algorithm = algorithm_content(&mut r)?;
        let signature = whole_bits(&mut r)?;
        r.finish()?;
        let certificate = Self {
            der: bytes,
            ..Self::from_tbs(tbs, content, signature)?
        };
        if certificate.signature_algorithm != outer_algorithm {
            return Err(X509Error::SignatureAlgorithmMismatch);
        }
        Ok(certificate)
    }

    fn from_tbs(tbs: &'a [u8], content: &'a [u8], signature: &'a [u8]) -> Result<Self, X509Error> {
        let r = &mut Cursor::new(content)?;
        let version = match explicit(r, 0, u8::decode)? {
            None | Some(0) => Version::V1,
            Some(1) => Version::V2,
            Some(2) => Version::V3,
            Some(other) => return Err(X509Error::UnknownVersion(other)),
        };
        let serial = IntRef::decode(r)?.as_bytes();
        let signature_algorithm = algorithm_content(r)?;
        let issuer = name::decode(r).map_err(X509Error::in_name)?;
        let validity = sequence_content(r)?;
        let (not_before, not_after) = dates(validity).map_err(X509Error::BadDate)?;
        let has_early_general_time =
            is_early_general_time(&not_before) || is_early_general_time(&not_after);
        let subject = name::decode_after(issuer, r).map_err(X509Error::in_name)?;
        let public_key = PublicKey::decode(r)?;
        skip_implicit_bits(r, 1)?;
        skip_implicit_bits(r, 2)?;
        let extensions = explicit(r, 3, extension::decode_all)?.unwrap_or_default();
        r.clone().finish()?;
        if version != Version::V3 && !extensions.is_empty() {
            return Err(X509Error::ExtensionsBeforeV3(version));
        }
        extension::reject_duplicates(&extensions)?;
        if !public_key.is_unambiguous() {
            return Err(X509Error::AmbiguousKey);
        }
        Ok(Self {
            der: &[],
            tbs,
            version,
            serial,
            signature_algorithm,
            issuer,
            not_before: since_epoch(&not_before),
            not_after: since_epoch(&not_after),
            has_early_general_time,
            subject,
            public_key,
            extensions,
            signature,
        })
    }

    pub(crate) fn has_empty_subject(&self) -> bool {
        self.subject == EMPTY_NAME
    }

    /// Returns whether the subject has an attribute of this type.
    pub(crate) fn subject_has(&self, attribute: ObjectIdentifier) -> bool {
        name::has_attribute(self.subject, attribute)
    }

    pub(crate) fn has_empty_issuer(&self) -> bool {
        self.issuer == EMPTY_NAME
    }

    /// Returns whether issuer and subject are the same name (RFC 5280, section 7.1).
    pub(crate) fn is_self_issued(&self) -> bool {
        is_same_name(self.issuer, self.subject)
    }
}

/// The two octets of a `Name` without attributes.
const EMPTY_NAME: &[u8] = &[0x30, 0x00];

fn dates(validity: &[u8]) -> der::Result<(Time, Time)> {
    let mut reader = Cursor::new(validity)?;
    let dates = (date(&mut reader)?, date(&mut reader)?);
    reader.finish()?;
    Ok(dates)
}

fn date(r: &mut Cursor<'_>) -> der::Result<Time> {
    // The common type first, without decoding the tag.
    if r.is_next(Tag::UtcTime) {
        return UtcTime::decode(r).map(Time::UtcTime);
    }
    Time::decode(r)
}

fn since_epoch(time: &Time) -> UnixTime {
    UnixTime::since_unix_epoch(time.to_unix_duration())
}

fn is_early_general_time(time: &Time) -> bool {
    matches!(time, Time::GeneralTime(time) if time.to_date_time().year() < 2050)
}

/// Skips the unique identifiers of X.509 v2, which are not used in practice (RFC 5280, section
/// 4.1.2.8).
fn skip_implicit_bits(r: &mut Cursor<'_>, number: u32) -> der::Result<()> {
    let tag = Tag::ContextSpecific {
        constructed: false,
        number: TagNumber(number),
    };
    if r.is_next(tag) {
        r.content(tag)?;
    }
    Ok(())
}
