//! The entry of a revocation list for one certificate (RFC 5280, section 5.3).

use const_oid::db::rfc5280::{ID_CE_CERTIFICATE_ISSUER, ID_CE_CRL_REASONS, ID_CE_INVALIDITY_DATE};
use der::asn1::{GeneralizedTime, IntRef};
use der::{Decode, Reader};
use pki_types::UnixTime;

use super::decode::{decode, time};
use super::error::CrlError;
use crate::error::RevocationListFault;
use crate::x509::certificate::extension;
use crate::x509::cursor::Cursor;
use crate::x509::pkix::CrlReason;

/// One entry of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrlEntry<'a> {
    /// The encoded content of the INTEGER.
    pub(crate) serial: &'a [u8],
    pub(crate) date: UnixTime,
    pub(crate) reason: Option<CrlReason>,
}

impl<'a> CrlEntry<'a> {
    /// Reads the entry at the start of `bytes`.
    pub(crate) fn at(bytes: &'a [u8]) -> Result<Self, CrlError> {
        Self::decode(&mut Cursor::new(bytes)?)
    }

    fn decode(r: &mut Cursor<'a>) -> Result<Self, CrlError> {
        r.sequence(|r| {
            let mut entry = Self {
                serial: IntRef::decode(r)?.as_bytes(),
                date: time(r)?,
                reason: None,
            };
            if r.is_finished() {
                return Ok(entry);
            }
            // Some CAs write an empty sequence here, which all readers accept.
            let extensions = extension::decode_all(r)?;
            extension::reject_duplicates(&extensions)?;
            for extension in &extensions {
                if extension.is(ID_CE_CRL_REASONS) {
                    entry.reason = Some(decode(ID_CE_CRL_REASONS, extension)?);
                } else if extension.is(ID_CE_CERTIFICATE_ISSUER) {
                    return Err(CrlError::Indirect);
                } else if extension.is(ID_CE_INVALIDITY_DATE) {
                    decode::<GeneralizedTime>(ID_CE_INVALIDITY_DATE, extension)?;
                } else if extension.critical {
                    let oid = extension.name();
                    return Err(CrlError::Unfit(
                        RevocationListFault::UnknownCriticalExtension { oid },
                    ));
                }
            }
            Ok(entry)
        })
    }
}

/// Returns the entries of a list, each with its offset.
pub(super) fn entries(
    revoked: &[u8],
) -> Result<impl Iterator<Item = Result<(usize, CrlEntry<'_>), CrlError>>, CrlError> {
    let mut reader = Cursor::new(revoked)?;
    let mut index: usize = 0;
    let mut unfit = false;
    Ok(core::iter::from_fn(move || {
        if unfit || reader.is_finished() {
            return None;
        }
        let place = usize::try_from(reader.position()).unwrap_or(usize::MAX);
        let entry = CrlEntry::decode(&mut reader).map(|entry| (place, entry));
        unfit = entry.is_err();
        let at = index;
        index = index.saturating_add(1);
        Some(entry.map_err(|error| match error {
            CrlError::Indirect => error,
            other => CrlError::Entry {
                index: at,
                source: Box::new(other),
            },
        }))
    }))
}
