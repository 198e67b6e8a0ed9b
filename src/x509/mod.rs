//! Borrowed, strict views of certificates (RFC 5280, section 4.1) and revocation lists (section 5).
//!
//! The `der` crate reads everything once, without copying. Reading does not establish trust; the
//! policy does.

mod algorithm;
mod certificate;
mod crl;
mod cursor;
mod element;
mod key;
mod name;
pub(crate) mod pkix;
mod request;

pub(crate) use crate::error::date::rfc3339;
pub(crate) use algorithm::{algorithm_name, identified_name};
pub(crate) use certificate::{Certificate, GeneralName, Outline, Version, X509Error, purpose_name};
pub(crate) use crl::{CrlEntry, CrlError, CrlScope, CrlView, Exclusion, Reasons};
pub(crate) use element::{Span, content};
pub(crate) use key::curve::{P256_BYTES, P384_BYTES, P521_BYTES};
pub(crate) use key::{KeyFault, KeyKind, MAX_RSA_BITS, MIN_RSA_BITS, PublicKey};
pub(crate) use name::{
    CanonicalName, attribute_texts, canonical_rfc4514, is_hidden, is_same_name, rfc4514,
    rfc4514_whole,
};
pub(crate) use request::CertificateRequestView;
