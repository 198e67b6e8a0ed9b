use der::{Decode, DecodeValue, Error, FixedTag, Header, Reader, Result, Sequence, Tag, TagNumber};

use super::general_name::{GeneralName, unexpected};
use super::key_usage::ReasonFlags;
use super::name::RelativeDistinguishedName;
use super::{explicit, extension, implicit, like};

/// `CRLDistributionPoints` (RFC 5280, section 4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrlDistributionPoints(pub(crate) Vec<DistributionPoint>);

like!(CrlDistributionPoints, Vec<DistributionPoint>);
extension!(CrlDistributionPoints, ID_CE_CRL_DISTRIBUTION_POINTS);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DistributionPoint {
    pub(crate) distribution_point: Option<DistributionPointName>,
    pub(crate) reasons: Option<ReasonFlags>,
    pub(crate) crl_issuer: Option<Vec<GeneralName>>,
}

impl<'a> DecodeValue<'a> for DistributionPoint {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            distribution_point: explicit(reader, 0)?,
            reasons: implicit(reader, 1)?,
            crl_issuer: implicit(reader, 2)?,
        })
    }
}

impl Sequence<'_> for DistributionPoint {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DistributionPointName {
    FullName(Vec<GeneralName>),
    NameRelativeToCRLIssuer(RelativeDistinguishedName),
}

impl<'a> Decode<'a> for DistributionPointName {
    type Error = Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        let tag = Tag::peek(reader)?;
        let alternative = |number| Tag::ContextSpecific {
            constructed: true,
            number: TagNumber(number),
        };
        let name = if tag == alternative(0) {
            implicit(reader, 0)?.map(Self::FullName)
        } else if tag == alternative(1) {
            implicit(reader, 1)?.map(Self::NameRelativeToCRLIssuer)
        } else {
            None
        };
        name.ok_or_else(|| unexpected(tag, reader))
    }
}

/// `IssuingDistributionPoint` (RFC 5280, section 5.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuingDistributionPoint {
    pub(crate) distribution_point: Option<DistributionPointName>,
    pub(crate) only_contains_user_certs: bool,
    pub(crate) only_contains_ca_certs: bool,
    pub(crate) only_some_reasons: Option<ReasonFlags>,
    pub(crate) indirect_crl: bool,
    pub(crate) only_contains_attribute_certs: bool,
    /// Whether no default is written out, and names and reasons are in their one form in DER.
    pub(crate) is_der: bool,
}

impl<'a> DecodeValue<'a> for IssuingDistributionPoint {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        let mut is_der = true;
        let distribution_point = explicit(reader, 0)?;
        if let Some(DistributionPointName::FullName(names)) = &distribution_point {
            is_der &= names.iter().all(GeneralName::is_der);
        }
        if let Some(DistributionPointName::NameRelativeToCRLIssuer(last)) = &distribution_point {
            is_der &= last.is_der();
        }
        let mut flag = |reader: &mut R, number| -> Result<bool> {
            let flag: Option<bool> = implicit(reader, number)?;
            is_der &= flag != Some(false);
            Ok(flag.unwrap_or_default())
        };
        let only_contains_user_certs = flag(reader, 1)?;
        let only_contains_ca_certs = flag(reader, 2)?;
        let only_some_reasons: Option<ReasonFlags> = implicit(reader, 3)?;
        let indirect_crl = flag(reader, 4)?;
        let only_contains_attribute_certs = flag(reader, 5)?;
        is_der &= only_some_reasons.is_none_or(|reasons| reasons.is_der());
        Ok(Self {
            distribution_point,
            only_contains_user_certs,
            only_contains_ca_certs,
            only_some_reasons,
            indirect_crl,
            only_contains_attribute_certs,
            is_der,
        })
    }
}

impl Sequence<'_> for IssuingDistributionPoint {}

/// `CRLReason` (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrlReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    RemoveFromCRL,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl FixedTag for CrlReason {
    const TAG: Tag = Tag::Enumerated;
}

impl<'a> DecodeValue<'a> for CrlReason {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> Result<Self> {
        Ok(match u32::decode_value(reader, header)? {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCRL,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return Err(Tag::Enumerated.value_error().into()),
        })
    }
}
