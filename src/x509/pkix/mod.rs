//! The decoded extensions of certificates and lists (RFC 5280, sections 4.2 and 5.2).
//!
//! `der` reads the values; the structures are written out here, because derive macros and a library
//! for whole certificates were a large part of the build. Their names are those of the crate
//! `x509-cert`, with which the tests compare them.

mod constraints;
mod distribution_point;
mod general_name;
mod identifiers;
mod key_usage;
#[allow(
    clippy::arithmetic_side_effects,
    reason = "`der` adds lengths with a check"
)]
mod name;
mod time;

pub(crate) use constraints::{BasicConstraints, GeneralSubtree, NameConstraints};
pub(crate) use distribution_point::{
    CrlDistributionPoints, CrlReason, DistributionPoint, DistributionPointName,
    IssuingDistributionPoint,
};
pub(crate) use general_name::GeneralName;
pub(crate) use identifiers::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, SubjectKeyIdentifier,
};
pub(crate) use key_usage::{ExtendedKeyUsage, KeyUsage, KeyUsages, NamedBits, ReasonFlags};
pub(crate) use name::{Name, RelativeDistinguishedName};
pub(crate) use time::Time;

/// Implements decoding of a type around another, whose encoding it has.
macro_rules! like {
    ($outer:ty, $inner:ty) => {
        impl der::FixedTag for $outer {
            const TAG: der::Tag = <$inner as der::FixedTag>::TAG;
        }

        impl<'a> der::DecodeValue<'a> for $outer {
            type Error = der::Error;

            fn decode_value<R: der::Reader<'a>>(
                reader: &mut R,
                header: der::Header,
            ) -> der::Result<Self> {
                <$inner as der::DecodeValue>::decode_value(reader, header).map(Self)
            }
        }
    };
}

/// Names the extension that a type is the value of.
macro_rules! extension {
    ($value:ty, $oid:ident) => {
        impl const_oid::AssociatedOid for $value {
            const OID: const_oid::ObjectIdentifier = const_oid::db::rfc5280::$oid;
        }
    };
}

use {extension, like};

/// Reads `[number] IMPLICIT T OPTIONAL`.
fn implicit<'a, T, R>(reader: &mut R, number: u32) -> der::Result<Option<T>>
where
    T: der::DecodeValue<'a, Error = der::Error> + der::FixedTag + 'a,
    R: der::Reader<'a>,
{
    reader.context_specific(der::TagNumber(number), der::TagMode::Implicit)
}

/// Reads `[number] EXPLICIT T OPTIONAL`.
fn explicit<'a, T, R>(reader: &mut R, number: u32) -> der::Result<Option<T>>
where
    T: der::Decode<'a, Error = der::Error>,
    R: der::Reader<'a>,
{
    let found = der::asn1::ContextSpecific::<T>::decode_explicit(reader, der::TagNumber(number))?;
    Ok(found.map(|found| found.value))
}

#[cfg(test)]
mod tests;
