//! A borrowed, strict view of one X.509 certificate (RFC 5280, section 4.1).
//!
//! Everything is read once, from the bytes that were given, with the `der` crate; nothing is
//! copied. Reading says nothing about trust: that is the business of the policy floor.

mod algorithm;
mod authority_access;
mod crl;
mod cursor;
mod curve;
mod date;
mod extension;
mod general_name;
mod key;
mod key_identifier;
mod name;

pub(crate) use algorithm::{algorithm_name, identified_name};
pub(crate) use crl::{CrlEntry, CrlError, CrlScope, CrlView, Exclusion, Reasons};
pub(crate) use date::rfc3339;
pub(crate) use extension::{Extension, purpose_name};
pub(crate) use general_name::GeneralName;
pub(crate) use key::{KeyKind, MAX_RSA_BITS, MIN_RSA_BITS, PublicKey};
pub(crate) use name::{
    CanonicalName, attribute_texts, canonical_rfc4514, is_hidden, is_same_name, rfc4514,
    rfc4514_whole,
};

use core::ops::Range;

use const_oid::ObjectIdentifier;
use cursor::Cursor;
use der::asn1::{AnyRef, IntRef, UtcTime};
use der::{Decode, Reader, Tag, TagNumber};
use pki_types::UnixTime;
use x509_cert::time::Time;

/// One certificate, as it stands in the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    /// All of it.
    pub(crate) der: &'a [u8],
    /// The bytes that the signature covers, with their header.
    pub(crate) tbs: &'a [u8],
    pub(crate) version: Version,
    /// Content of the INTEGER, as encoded.
    pub(crate) serial: &'a [u8],
    /// Content of the `AlgorithmIdentifier` that the signature was made with.
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
    V3,
}

/// Why bytes are not a certificate that we accept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum X509Error {
    #[error("the bytes are not a DER certificate")]
    Der(#[from] der::Error),
    #[error("a name of the certificate cannot be read")]
    BadName(#[source] der::Error),
    #[error("a date of the validity cannot be read")]
    BadDate(#[source] der::Error),
    #[error("the certificate's public key is not in the one form that every library reads")]
    AmbiguousKey,
    #[error("the certificate carries the extension {0} twice")]
    DuplicateExtension(ObjectIdentifier),
    #[error("a version {0:?} certificate carries extensions, which only version 3 may")]
    ExtensionsBeforeV3(Version),
    #[error("the two signature algorithm fields of the certificate differ")]
    SignatureAlgorithmMismatch,
    #[error("the certificate carries more than {0} extensions")]
    TooManyExtensions(usize),
    #[error("certificate version number {0} does not exist")]
    UnknownVersion(u8),
    #[error("the extension {oid} cannot be read")]
    MalformedExtension {
        oid: ObjectIdentifier,
        source: der::Error,
    },
}

impl X509Error {
    /// What our reader does not know in a name, another may: that is no reason to give up the
    /// certificates beside it.
    fn in_name(error: der::Error) -> Self {
        match error.kind() {
            der::ErrorKind::TagUnknown { .. } | der::ErrorKind::OidMalformed => {
                Self::BadName(error)
            }
            _ => Self::Der(error),
        }
    }

    /// Whether the bytes have not even the shape of a certificate: every TLS library stops there,
    /// while about the rest they differ.
    pub(crate) fn is_no_certificate(&self) -> bool {
        matches!(self, Self::Der(_))
    }
}

impl<'a> Certificate<'a> {
    /// Reads one certificate that fills `bytes` to the last byte.
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
        extension::refuse_duplicates(&extensions)?;
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

    /// Whether the subject has an attribute of this type.
    pub(crate) fn subject_has(&self, attribute: ObjectIdentifier) -> bool {
        name::has_attribute(self.subject, attribute)
    }

    pub(crate) fn has_empty_issuer(&self) -> bool {
        self.issuer == EMPTY_NAME
    }

    /// Whether issuer and subject are the same name (RFC 5280, section 7.1).
    pub(crate) fn is_self_issued(&self) -> bool {
        is_same_name(self.issuer, self.subject)
    }
}

/// Where `part` lies in `whole`, of which it is a part; nowhere when it is none, as an empty one
/// need not be.
pub(crate) fn range_in(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
    match start {
        Some(start) if start.saturating_add(part.len()) <= whole.len() => {
            start..start.saturating_add(part.len())
        }
        _ => 0..0,
    }
}

/// The two octets of a `Name` without attributes.
const EMPTY_NAME: &[u8] = &[0x30, 0x00];

/// The content of a SEQUENCE, without its header.
fn sequence_content<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    r.content(Tag::Sequence)
}

/// The content of an `AlgorithmIdentifier`: an identifier, and at most one value (RFC 5280, section
/// 4.1.1.2).
fn algorithm_content<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    let content = r.content(Tag::Sequence)?;
    let mut inner = Cursor::new(content)?;
    inner.content(Tag::ObjectIdentifier)?;
    if !inner.is_finished() {
        AnyRef::decode(&mut inner)?;
    }
    inner.finish()?;
    Ok(content)
}

/// A SEQUENCE with its header.
fn sequence_tlv<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    r.element(Tag::Sequence).map(|(whole, _)| whole)
}

/// The bytes of a BIT STRING that ends on a byte boundary.
fn whole_bits<'a>(r: &mut Cursor<'a>) -> der::Result<&'a [u8]> {
    // The first octet counts the bits that the last one does not use (X.690, section 8.6.2).
    match r.content(Tag::BitString)?.split_first() {
        Some((0, bytes)) => Ok(bytes),
        _ => Err(Tag::BitString.value_error().into()),
    }
}

fn dates(validity: &[u8]) -> der::Result<(Time, Time)> {
    let mut reader = Cursor::new(validity)?;
    let dates = (date(&mut reader)?, date(&mut reader)?);
    reader.finish()?;
    Ok(dates)
}

fn date(r: &mut Cursor<'_>) -> der::Result<Time> {
    // The usual one without looking for what it is.
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

/// The value inside an EXPLICIT context-specific tag, when the next element bears it.
fn explicit<'a, T, E: From<der::Error>>(
    r: &mut Cursor<'a>,
    number: u32,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, E>,
) -> Result<Option<T>, E> {
    let tag = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(number),
    };
    if !r.is_next(tag) {
        return Ok(None);
    }
    let mut inner = Cursor::new(r.content(tag)?)?;
    let value = read(&mut inner)?;
    inner.finish()?;
    Ok(Some(value))
}

/// Passes over the unique identifiers of X.509 v2, which nobody uses (RFC 5280, section 4.1.2.8).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_of_a_part_alone() {
        let all = [0; 6];
        let whole = &all[1..4];
        assert_eq!(range_in(whole, whole), 0..3);
        assert_eq!(range_in(whole, &all[2..3]), 1..2);
        for other in [&all[..2], &all[2..6], &all[5..]] {
            assert_eq!(range_in(whole, other), 0..0);
        }
    }
}
