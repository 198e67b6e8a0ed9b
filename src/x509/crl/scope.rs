//! The certificates that a list covers (RFC 5280, section 5.2.5).

use const_oid::db::rfc5280::ID_CE_ISSUING_DISTRIBUTION_POINT;
use der::asn1::{Any, AnyRef};
use der::{Decode, Encode, Tag};

use super::error::CrlError;
use crate::error::RevocationListFault;
use crate::x509::certificate::Certificate;
use crate::x509::name::CanonicalName;
use crate::x509::pkix::{
    DistributionPoint, DistributionPointName, GeneralName, IssuingDistributionPoint, ReasonFlags,
    RelativeDistinguishedName,
};

/// The content of an `IssuingDistributionPoint`; without one, a list covers everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrlScope {
    /// The names of the distribution point; `None` for a list without one.
    names: Option<Vec<PointName>>,
    only: Option<Only>,
    reasons: Reasons,
}

/// A name of a distribution point in comparable form (RFC 5280, section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
enum PointName {
    Directory(CanonicalName),
    Other(GeneralName),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Cas,
    Leaves,
}

/// Why a list does not cover a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// The list covers only user certificates, and the certificate is a CA's.
    Ca,
    /// The list belongs to a distribution point, and the certificate names none.
    NoPoint,
    /// The list covers only CA certificates, and the certificate is not a CA's.
    NotCa,
    /// The list belongs to a distribution point that the certificate does not name.
    OtherPoint,
}

/// A set of reasons for a revocation (RFC 5280, section 4.2.1.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reasons(u16);

impl Reasons {
    pub(crate) const NONE: Self = Self(0);
    /// From keyCompromise, bit 1, to aACompromise, bit 8.
    pub(crate) const ALL: Self = Self(0x1fe);

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn of(flags: Option<ReasonFlags>) -> Self {
        flags.map_or(Self::ALL, |flags| Self(flags.bits()).and(Self::ALL))
    }
}

impl CrlScope {
    pub(crate) const EVERYTHING: Self = Self {
        names: None,
        only: None,
        reasons: Reasons::ALL,
    };

    pub(super) fn of(point: IssuingDistributionPoint, issuer: &[u8]) -> Result<Self, CrlError> {
        if point.indirect_crl {
            return Err(CrlError::Indirect);
        }
        if point.only_contains_attribute_certs {
            return Err(CrlError::Unfit(RevocationListFault::AttributeCertificates));
        }
        let malformed = |source| CrlError::MalformedExtension {
            oid: ID_CE_ISSUING_DISTRIBUTION_POINT,
            source,
        };
        let only = match (point.only_contains_user_certs, point.only_contains_ca_certs) {
            (false, false) => None,
            (true, false) => Some(Only::Leaves),
            (false, true) => Some(Only::Cas),
            // Such a list covers nothing (RFC 5280, section 5.2.5).
            (true, true) => return Err(malformed(Tag::Boolean.value_error().into())),
        };
        let names = point.distribution_point.as_ref();
        Ok(Self {
            names: names
                .map(|names| full_names(names, issuer))
                .transpose()
                .map_err(malformed)?,
            only,
            reasons: Reasons::of(point.only_some_reasons),
        })
    }

    /// Returns the revocation reasons that the list covers for this certificate (RFC 5280, section
    /// 6.3.3, (b) and (d)).
    ///
    /// A list of a distribution point covers the certificates that name the point, and with
    /// `unnamed` also those that name none.
    pub(crate) fn reasons_for(
        &self,
        certificate: &Certificate<'_>,
        unnamed: bool,
    ) -> Result<Reasons, Exclusion> {
        let is_ca = certificate.is_ca().unwrap_or_default();
        match self.only {
            Some(Only::Cas) if !is_ca => return Err(Exclusion::NotCa),
            Some(Only::Leaves) if is_ca => return Err(Exclusion::Ca),
            _ => {}
        }
        let Some(names) = &self.names else {
            return Ok(self.reasons);
        };
        // Every certificate belongs to a point with its issuer's name (RFC 5280, section 6.3.3,
        // last paragraph).
        let of_issuer = PointName::Directory(CanonicalName::of(certificate.issuer));
        if names.contains(&of_issuer) {
            return Ok(self.reasons);
        }
        match certificate.crl_distribution_points() {
            Ok(None) if unnamed => Ok(self.reasons),
            Ok(None) => Err(Exclusion::NoPoint),
            Ok(Some(points)) => {
                let named = points
                    .0
                    .iter()
                    .filter(|p| is_named(p, names, certificate.issuer));
                let reasons = named.map(|point| Reasons::of(point.reasons));
                let all = reasons.reduce(Reasons::or).ok_or(Exclusion::OtherPoint)?;
                Ok(all.and(self.reasons))
            }
            Err(_) => Err(Exclusion::OtherPoint),
        }
    }
}

/// Returns whether a distribution point of a certificate has one of the names.
///
/// A point with a `cRLIssuer` belongs to another issuer's indirect list.
fn is_named(point: &DistributionPoint, names: &[PointName], issuer: &[u8]) -> bool {
    match (&point.distribution_point, &point.crl_issuer) {
        (Some(own), None) => {
            full_names(own, issuer).is_ok_and(|own| own.iter().any(|name| names.contains(name)))
        }
        _ => false,
    }
}

fn full_names(name: &DistributionPointName, issuer: &[u8]) -> der::Result<Vec<PointName>> {
    match name {
        DistributionPointName::FullName(names) => names.iter().map(point_name).collect(),
        DistributionPointName::NameRelativeToCRLIssuer(last) => {
            let name = below(issuer, last)?;
            Ok(vec![PointName::Directory(CanonicalName::of(&name))])
        }
    }
}

fn point_name(name: &GeneralName) -> der::Result<PointName> {
    Ok(match name {
        GeneralName::DirectoryName(name) => {
            PointName::Directory(CanonicalName::of(&name.to_der()?))
        }
        other => PointName::Other(other.clone()),
    })
}

/// Returns the issuer's name extended by `last`.
fn below(issuer: &[u8], last: &RelativeDistinguishedName) -> der::Result<Vec<u8>> {
    let mut content = AnyRef::from_der(issuer)?.value().to_vec();
    last.encode_to_vec(&mut content)?;
    Any::new(Tag::Sequence, content)?.to_der()
}
