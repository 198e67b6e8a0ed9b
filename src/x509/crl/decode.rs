//! Decoding of values that a list and its entries share.

use const_oid::ObjectIdentifier;
use der::Decode;
use pki_types::UnixTime;

use super::error::CrlError;
use crate::x509::certificate::Extension;
use crate::x509::cursor::Cursor;
use crate::x509::pkix::Time;

pub(super) fn decode<'a, T: Decode<'a, Error = der::Error>>(
    oid: ObjectIdentifier,
    extension: &Extension<'a>,
) -> Result<T, CrlError> {
    T::from_der(extension.value()).map_err(|source| CrlError::MalformedExtension { oid, source })
}

pub(super) fn time(r: &mut Cursor<'_>) -> der::Result<UnixTime> {
    Time::decode(r).map(|time| UnixTime::since_unix_epoch(time.to_unix_duration()))
}
