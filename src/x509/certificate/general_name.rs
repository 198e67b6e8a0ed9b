//! The subject alternative names of a certificate, undecoded (RFC 5280, section 4.2.1.6).
//!
//! `pkix` decodes all of them or none, but one unusual name must not hide the others.

use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::{Reader, Tag};

use super::error::X509Error;
use super::view::Certificate;
use crate::x509::cursor::Cursor;

/// One name with an undecoded value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GeneralName<'a> {
    /// The identifier octet.
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
}

impl GeneralName<'_> {
    pub(crate) const OTHER_NAME: u8 = 0xa0;
    pub(crate) const EMAIL: u8 = 0x81;
    pub(crate) const DNS: u8 = 0x82;
    pub(crate) const X400_ADDRESS: u8 = 0xa3;
    pub(crate) const DIRECTORY_NAME: u8 = 0xa4;
    pub(crate) const EDI_PARTY_NAME: u8 = 0xa5;
    pub(crate) const URI: u8 = 0x86;
    pub(crate) const IP: u8 = 0x87;
    pub(crate) const REGISTERED_ID: u8 = 0x88;
}

impl<'a> GeneralName<'a> {
    /// Reads the names of an extension.
    pub(in crate::x509) fn all_in(extension: &'a [u8]) -> der::Result<Vec<Self>> {
        let mut reader = Cursor::new(extension)?;
        let mut r = Cursor::new(reader.content(Tag::Sequence)?)?;
        reader.finish()?;
        let mut names = Vec::with_capacity(r.rest().len().div_ceil(TYPICAL));
        while !r.is_finished() {
            let (tag, value) = r.any()?;
            names.push(Self { tag, value });
        }
        Ok(names)
    }
}

/// The length of a typical name.
const TYPICAL: usize = 24;

impl<'a> Certificate<'a> {
    /// Returns the subject alternative names; `None` without the extension.
    ///
    /// Returns an error if the extension is not a sequence of names.
    pub(crate) fn alternative_names(&self) -> Result<Option<Vec<GeneralName<'a>>>, X509Error> {
        let Some(extension) = self.extension(ID_CE_SUBJECT_ALT_NAME) else {
            return Ok(None);
        };
        let names = GeneralName::all_in(extension.value()).map_err(|source| {
            X509Error::MalformedExtension {
                oid: ID_CE_SUBJECT_ALT_NAME,
                source,
            }
        })?;
        Ok(Some(names))
    }
}
