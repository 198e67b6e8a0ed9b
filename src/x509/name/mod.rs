//! Directory names: attributes, comparison (RFC 5280, section 7.1) and text form (RFC 4514).

mod attributes;
mod canonical;
mod string;
mod words;

pub(crate) use crate::error::path::is_hidden;
pub(crate) use attributes::attribute_texts;
pub(super) use attributes::{decode, decode_after, has_attribute};
pub(crate) use canonical::{CanonicalName, is_same_name};
pub(crate) use words::{canonical_rfc4514, rfc4514, rfc4514_whole};
