use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_NUMBER, ID_CE_DELTA_CRL_INDICATOR,
    ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Reader, Tag};
use pki_types::UnixTime;

use super::decode::{decode, time};
use super::entry::{self, CrlEntry};
use super::error::CrlError;
use super::scope::CrlScope;
use crate::error::RevocationListFault;
use crate::x509::certificate::extension::{self, Extension};
use crate::x509::cursor::Cursor;
use crate::x509::element::{explicit, sequence_content, sequence_tlv, whole_bits};
use crate::x509::pkix::IssuingDistributionPoint;

/// The length of the longest CRL number in octets (RFC 5280, section 5.2.3).
const MAX_NUMBER_OCTETS: usize = 20;

/// One list, borrowed from its bytes; [`entries`](Self::entries) reads its entries.
#[derive(Clone, Debug)]
pub(crate) struct CrlView<'a> {
    /// The bytes that the signature covers, with their header.
    pub(crate) tbs: &'a [u8],
    /// Content of the `AlgorithmIdentifier` of the signature.
    pub(crate) signature_algorithm: &'a [u8],
    /// The issuer's `Name`, with its header.
    pub(crate) issuer: &'a [u8],
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    /// Content of `revokedCertificates`; empty if absent.
    pub(crate) revoked: &'a [u8],
    /// Big-endian, without leading zeros; `None` for a list without a CRL number.
    pub(crate) number: Option<&'a [u8]>,
    pub(crate) scope: CrlScope,
    pub(crate) signature: &'a [u8],
}

impl<'a> CrlView<'a> {
    /// Reads one list except its entries; `bytes` must end with it.
    pub(crate) fn from_der(bytes: &'a [u8]) -> Result<Self, CrlError> {
        let mut reader = Cursor::new(bytes)?;
        let list = reader.sequence(|r| {
            let tbs = r.tlv_bytes()?;
            let outer_algorithm = sequence_content(r)?;
            let signature = whole_bits(r)?;
            let list = Self::from_tbs(tbs, signature)?;
            if list.signature_algorithm == outer_algorithm {
                Ok(list)
            } else {
                Err(CrlError::Unfit(
                    RevocationListFault::SignatureAlgorithmMismatch,
                ))
            }
        })?;
        reader.finish()?;
        Ok(list)
    }

    /// Returns every entry with its offset in `revokedCertificates`; stops at the first invalid
    /// one.
    pub(crate) fn entries(
        &self,
    ) -> Result<impl Iterator<Item = Result<(usize, CrlEntry<'a>), CrlError>> + use<'a>, CrlError>
    {
        entry::entries(self.revoked)
    }

    fn from_tbs(tbs: &'a [u8], signature: &'a [u8]) -> Result<Self, CrlError> {
        let mut reader = Cursor::new(tbs)?;
        reader.sequence(|r| {
            if Tag::peek(r)? == Tag::Sequence {
                return Err(CrlError::Version1);
            }
            if u8::decode(r)? != 1 {
                return Err(CrlError::Unfit(RevocationListFault::UnknownVersion));
            }
            let signature_algorithm = sequence_content(r)?;
            let issuer = sequence_tlv(r)?;
            if AnyRef::from_der(issuer)?.value().is_empty() {
                return Err(CrlError::Unfit(RevocationListFault::EmptyIssuer));
            }
            let this_update = time(r)?;
            if r.is_finished() || !matches!(Tag::peek(r)?, Tag::UtcTime | Tag::GeneralizedTime) {
                return Err(CrlError::Unfit(RevocationListFault::NoNextUpdate));
            }
            let next_update = time(r)?;
            let revoked = if r.is_finished() || Tag::peek(r)? != Tag::Sequence {
                &[]
            } else {
                sequence_content(r)?
            };
            let extensions = explicit(r, 0, extension::decode_all)?.unwrap_or_default();
            extension::reject_duplicates(&extensions)?;
            let (number, scope) = read_extensions(&extensions, issuer)?;
            Ok(Self {
                tbs,
                signature_algorithm,
                issuer,
                this_update,
                next_update,
                revoked,
                number,
                scope,
                signature,
            })
        })
    }
}

/// Returns the CRL number and the scope.
///
/// The authority key identifier is not read: only the signature determines which key signed the
/// list.
fn read_extensions<'a>(
    extensions: &[Extension<'a>],
    issuer: &[u8],
) -> Result<(Option<&'a [u8]>, CrlScope), CrlError> {
    let mut number = None;
    let mut scope = CrlScope::EVERYTHING;
    for extension in extensions {
        if extension.is(ID_CE_CRL_NUMBER) {
            if extension.critical {
                return Err(CrlError::Unfit(RevocationListFault::CriticalNumber));
            }
            let value = decode::<UintRef<'_>>(ID_CE_CRL_NUMBER, extension)?.as_bytes();
            if value.len() > MAX_NUMBER_OCTETS {
                return Err(CrlError::Unfit(RevocationListFault::NumberTooLong));
            }
            number = Some(value);
        } else if extension.is(ID_CE_DELTA_CRL_INDICATOR) {
            return Err(CrlError::Delta);
        } else if extension.is(ID_CE_ISSUING_DISTRIBUTION_POINT) {
            scope = CrlScope::of(decode_point(extension)?, issuer)?;
        } else if extension.critical && !extension.is(ID_CE_AUTHORITY_KEY_IDENTIFIER) {
            let oid = extension.name();
            return Err(CrlError::Unfit(
                RevocationListFault::UnknownCriticalExtension { oid },
            ));
        }
    }
    Ok((number, scope))
}

/// Decodes the distribution point; reasons that are not in DER are rejected, because they are
/// ambiguous.
fn decode_point(extension: &Extension<'_>) -> Result<IssuingDistributionPoint, CrlError> {
    let oid = ID_CE_ISSUING_DISTRIBUTION_POINT;
    let point: IssuingDistributionPoint = decode(oid, extension)?;
    if point.only_some_reasons.is_none() || point.is_der {
        Ok(point)
    } else {
        Err(CrlError::MalformedExtension {
            oid,
            source: Tag::BitString.value_error().into(),
        })
    }
}
