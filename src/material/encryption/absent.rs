//! Replaces the parent module if encrypted keys are not compiled in.

use super::input::passphrase::Passphrase;
use super::key::PrivateKey;
use super::pem::Section;
use crate::error::MaterialError;

pub(super) fn from_section(
    section: &Section<'_>,
    _: Option<&Passphrase>,
) -> Result<PrivateKey, MaterialError> {
    PrivateKey::from_section(section)
}

pub(super) fn from_der(der: &[u8], _: Option<&Passphrase>) -> Result<PrivateKey, MaterialError> {
    PrivateKey::from_der(der)
}
