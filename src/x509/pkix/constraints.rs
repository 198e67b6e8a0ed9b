use der::{Decode, DecodeValue, Error, Header, Reader, Result, Sequence};

use super::general_name::GeneralName;
use super::{extension, implicit};

/// `BasicConstraints` (RFC 5280, section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_len_constraint: Option<u8>,
}

extension!(BasicConstraints, ID_CE_BASIC_CONSTRAINTS);

impl<'a> DecodeValue<'a> for BasicConstraints {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            ca: Option::decode(reader)?.unwrap_or_default(),
            path_len_constraint: Option::decode(reader)?,
        })
    }
}

impl Sequence<'_> for BasicConstraints {}

/// `NameConstraints` (RFC 5280, section 4.2.1.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameConstraints {
    pub(crate) permitted_subtrees: Option<Vec<GeneralSubtree>>,
    pub(crate) excluded_subtrees: Option<Vec<GeneralSubtree>>,
}

extension!(NameConstraints, ID_CE_NAME_CONSTRAINTS);

impl<'a> DecodeValue<'a> for NameConstraints {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            permitted_subtrees: implicit(reader, 0)?,
            excluded_subtrees: implicit(reader, 1)?,
        })
    }
}

impl Sequence<'_> for NameConstraints {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GeneralSubtree {
    pub(crate) base: GeneralName,
    pub(crate) minimum: u32,
    pub(crate) maximum: Option<u32>,
}

impl<'a> DecodeValue<'a> for GeneralSubtree {
    type Error = Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> Result<Self> {
        Ok(Self {
            base: GeneralName::decode(reader)?,
            minimum: implicit(reader, 0)?.unwrap_or_default(),
            maximum: implicit(reader, 1)?,
        })
    }
}

impl Sequence<'_> for GeneralSubtree {}
