use core::time::Duration;

use der::asn1::{GeneralizedTime, UtcTime};
use der::{Decode, Error, Reader, Result, Tag};

use super::general_name::unexpected;

/// `Time` (RFC 5280, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    UtcTime(UtcTime),
    GeneralTime(GeneralizedTime),
}

impl Time {
    pub(crate) fn to_unix_duration(self) -> Duration {
        match self {
            Self::UtcTime(time) => time.to_unix_duration(),
            Self::GeneralTime(time) => time.to_unix_duration(),
        }
    }
}

impl<'a> Decode<'a> for Time {
    type Error = Error;

    fn decode<R: Reader<'a>>(reader: &mut R) -> Result<Self> {
        match Tag::peek(reader)? {
            Tag::UtcTime => reader.decode().map(Self::UtcTime),
            Tag::GeneralizedTime => reader.decode().map(Self::GeneralTime),
            other => Err(unexpected(other, reader)),
        }
    }
}
