// `Certificate` has a method for each extension, in the file of that extension.

use const_oid::ObjectIdentifier;
use der::asn1::{GeneralizedTime, UtcTime};
use der::{DateTime, Decode, Reader, Tag, TagNumber};
use pki_types::UnixTime;

use super::error::{Version, X509Error};
use super::extension::{self, Extension};
use crate::x509::cursor::Cursor;
use crate::x509::element::{
    algorithm_content, explicit, integer_content, sequence_content, usually, whole_bits,
};
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

    /// Returns the `SubjectPublicKeyInfo`, with its header, of a certificate that was read before.
    #[allow(dead_code, reason = "one backend alone asks for it")]
    pub(crate) fn spki_of(der: &'a [u8]) -> der::Result<&'a [u8]> {
        let mut r = Cursor::new(Cursor::new(der)?.content(Tag::Sequence)?)?;
        let mut r = Cursor::new(r.content(Tag::Sequence)?)?;
        explicit(&mut r, 0, |version| version.content(Tag::Integer))?;
        r.content(Tag::Integer)?;
        for _ in ["algorithm", "issuer", "validity", "subject"] {
            r.content(Tag::Sequence)?;
        }
        let (spki, _) = r.element(Tag::Sequence)?;
        Ok(spki)
    }

    fn from_tbs(tbs: &'a [u8], content: &'a [u8], signature: &'a [u8]) -> Result<Self, X509Error> {
        let r = &mut Cursor::new(content)?;
        let small = |content: &[u8]| match content {
            [number] if *number < 0x80 => Some(*number),
            _ => None,
        };
        let version = |r: &mut Cursor<'a>| usually(r, Tag::Integer, small, u8::decode);
        let version = match explicit(r, 0, version)? {
            None | Some(0) => Version::V1,
            Some(1) => Version::V2,
            Some(2) => Version::V3,
            Some(other) => return Err(X509Error::UnknownVersion(other)),
        };
        let serial = integer_content(r)?;
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
    if r.is_next(Tag::UtcTime) {
        let usual = |content: &[u8]| utc_time(content).map(Time::UtcTime);
        return usually(r, Tag::UtcTime, usual, Time::decode);
    }
    let usual = |content: &[u8]| general_time(content).map(Time::GeneralTime);
    usually(r, Tag::GeneralizedTime, usual, Time::decode)
}

/// Reads the content of a `UTCTime` as RFC 5280, section 4.1.2.5.1, has it: `YYMMDDHHMMSSZ`.
fn utc_time(content: &[u8]) -> Option<UtcTime> {
    let [year, rest @ ..] = pairs::<6>(content)?;
    let century = if year < 50 { 2000 } else { 1900 };
    UtcTime::from_date_time(date_time(century, year, rest)?).ok()
}

/// Reads the content of a `GeneralizedTime` as RFC 5280, section 4.1.2.5.2, has it:
/// `YYYYMMDDHHMMSSZ`.
fn general_time(content: &[u8]) -> Option<GeneralizedTime> {
    let [century, year, rest @ ..] = pairs::<7>(content)?;
    let century = u16::from(century).saturating_mul(100);
    date_time(century, year, rest).map(GeneralizedTime::from_date_time)
}

fn date_time(century: u16, year: u8, rest: [u8; 5]) -> Option<DateTime> {
    let year = century.saturating_add(year.into());
    let [month, day, hour, minutes, seconds] = rest;
    DateTime::new(year, month, day, hour, minutes, seconds).ok()
}

/// Returns the numbers of two digits each, after which there is a `Z`.
fn pairs<const N: usize>(content: &[u8]) -> Option<[u8; N]> {
    let (digits, b"Z") = content.split_last_chunk()? else {
        return None;
    };
    let (digits, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let digits = <&[[u8; 2]; N]>::try_from(digits).ok()?;
    let mut pairs = [0; N];
    for (pair, [tens, ones]) in pairs.iter_mut().zip(digits) {
        if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
            return None;
        }
        *pair = (tens & 0x0f).saturating_mul(10).saturating_add(ones & 0x0f);
    }
    Some(pairs)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_certificate_is_found_without_the_rest() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key);
        let der = certificate.unwrap().der().to_vec();
        let spki = Certificate::from_der(&der).unwrap().public_key.spki;
        assert_eq!(Certificate::spki_of(&der), Ok(spki));
        for length in 0..der.len() {
            assert!(Certificate::spki_of(&der[..length]).is_err(), "{length}");
        }
    }

    /// The decoder of `der` is the measure: what it reads is read the same, or left to it.
    #[test]
    fn usual_dates_are_read_as_by_the_decoder() {
        let tlv = |tag: u8, content: &[u8]| {
            [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
        };
        let decoded = |content: &[u8]| UtcTime::from_der(&tlv(0x17, content)).ok();
        let general = |content: &[u8]| GeneralizedTime::from_der(&tlv(0x18, content)).ok();
        let mut read = 0;
        for day in 0..=99 {
            for (year, month, rest) in [
                ("00", "02", "000000Z"),
                ("24", "02", "235959Z"),
                ("25", "02", "235960Z"),
                ("49", "12", "240000Z"),
                ("50", "01", "000000Z"),
                ("69", "12", "235959Z"),
                ("70", "01", "006000Z"),
                ("99", "13", "000000Z"),
                ("99", "06", "101112Z"),
            ] {
                let content = format!("{year}{month}{day:02}{rest}");
                let ours = utc_time(content.as_bytes());
                assert_eq!(ours, decoded(content.as_bytes()), "{content}");
                read += usize::from(ours.is_some());
                for century in ["19", "20", "21", "40", "99"] {
                    let content = [century, &content].concat();
                    let ours = general_time(content.as_bytes());
                    assert_eq!(ours, general(content.as_bytes()), "{content}");
                    read += usize::from(ours.is_some());
                }
            }
        }
        assert!(read > 400, "{read}");
        let good = b"990610101112Z";
        for place in 0..good.len() {
            for octet in 0..=255 {
                let mut content = good.to_vec();
                content[place] = octet;
                assert_eq!(utc_time(&content), decoded(&content), "{content:02x?}");
                let content = [b"20", &content[..]].concat();
                assert_eq!(general_time(&content), general(&content), "{content:02x?}");
            }
        }
        for length in 0..good.len() {
            assert_eq!(utc_time(&good[..length]), None);
            assert_eq!(general_time(&[b"20", &good[..length]].concat()), None);
        }
        assert_eq!(utc_time(b"9906101011120Z"), None);
        assert_eq!(utc_time(b"990610101112+0100"), None);
    }
}
