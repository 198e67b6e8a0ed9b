//! Replaces the parent module if encrypted keys are not compiled in.

use super::input::der_shape::DerShape;
use super::input::passphrase::Passphrase;
use super::key::PrivateKey;
use super::pem::{Section, label};
use crate::error::MaterialError;

const NOT_READ: &str = "algorithms that are read by the cargo feature `encrypted-keys` only";

pub(super) fn from_section(
    section: &Section<'_>,
    _: Option<&Passphrase>,
) -> Result<PrivateKey, MaterialError> {
    PrivateKey::from_section(section)
}

pub(super) fn from_der(der: &[u8], _: Option<&Passphrase>) -> Result<PrivateKey, MaterialError> {
    PrivateKey::from_der(der)
}

pub(super) fn describe_section(section: &Section<'_>) -> Option<String> {
    let is_encrypted = section.label == label::ENCRYPTED_PRIVATE_KEY;
    (is_encrypted || section.has_encryption_header()).then(|| NOT_READ.to_owned())
}

pub(super) fn describe_der(der: &[u8]) -> Option<String> {
    (DerShape::of(der) == Some(DerShape::EncryptedPkcs8)).then(|| NOT_READ.to_owned())
}
