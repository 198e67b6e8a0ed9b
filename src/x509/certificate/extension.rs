//! Extensions of a certificate, decoded by x509-cert where somebody asks for one.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::{Decode, Reader, Tag};

use super::error::X509Error;
use crate::x509::cursor::Cursor;

/// One extension, its value still encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    /// Content of the OBJECT IDENTIFIER, as encoded: most are only ever compared.
    oid: &'a [u8],
    pub(crate) critical: bool,
    value: &'a [u8],
}

impl Extension<'_> {
    pub(crate) fn is(&self, oid: ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// The identifier in dotted form, for messages.
    pub(crate) fn name(&self) -> String {
        ObjectIdentifier::from_bytes(self.oid)
            .map_or_else(|_| "(unreadable)".to_owned(), |oid| oid.to_string())
    }
}

impl<'a> Extension<'a> {
    /// The content of the OCTET STRING.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// A purpose of an extended key usage in the words of RFC 5280, section 4.2.1.12.
pub(crate) fn purpose_name(oid: &ObjectIdentifier) -> String {
    match *oid {
        ID_KP_CLIENT_AUTH => "clientAuth".to_owned(),
        ID_KP_SERVER_AUTH => "serverAuth".to_owned(),
        ANY_EXTENDED_KEY_USAGE => "anyExtendedKeyUsage".to_owned(),
        other => other.to_string(),
    }
}

/// Room for the extensions of an ordinary certificate.
const TYPICAL: usize = 10;
/// Extensions that a certificate may carry; looking for duplicates costs the square of it.
const MOST: usize = 64;

pub(crate) fn decode_all<'a>(r: &mut Cursor<'a>) -> Result<Vec<Extension<'a>>, X509Error> {
    let mut r = Cursor::new(r.content(Tag::Sequence)?)?;
    let mut extensions = Vec::with_capacity(TYPICAL);
    while !r.is_finished() {
        if extensions.len() == MOST {
            return Err(X509Error::TooManyExtensions(MOST));
        }
        extensions.push(decode(&mut r)?);
    }
    Ok(extensions)
}

fn decode<'a>(r: &mut Cursor<'a>) -> der::Result<Extension<'a>> {
    let mut r = Cursor::new(r.content(Tag::Sequence)?)?;
    let oid = r.content(Tag::ObjectIdentifier)?;
    // Some issuers encode the default FALSE here; DER forbids it, everyone accepts it.
    let critical = r.is_next(Tag::Boolean) && bool::decode(&mut r)?;
    let value = r.content(Tag::OctetString)?;
    r.finish()?;
    Ok(Extension {
        oid,
        critical,
        value,
    })
}

pub(crate) fn refuse_duplicates(extensions: &[Extension<'_>]) -> Result<(), X509Error> {
    let mut rest = extensions;
    while let Some((extension, others)) = rest.split_first() {
        if others.iter().any(|e| e.oid == extension.oid) {
            return Err(match ObjectIdentifier::from_bytes(extension.oid) {
                Ok(oid) => X509Error::DuplicateExtension(oid),
                Err(_) => X509Error::Der(Tag::ObjectIdentifier.value_error().into()),
            });
        }
        rest = others;
    }
    Ok(())
}
