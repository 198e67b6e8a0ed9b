//! Extensions of a certificate, decoded on demand by x509-cert.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::{Decode, Reader, Tag};

use super::error::X509Error;
use crate::x509::cursor::Cursor;
use crate::x509::element::usually;

/// One extension; its value is still encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    /// The encoded content of the OBJECT IDENTIFIER; most are only compared.
    oid: &'a [u8],
    pub(crate) critical: bool,
    value: &'a [u8],
}

impl Extension<'_> {
    pub(crate) fn is(&self, oid: ObjectIdentifier) -> bool {
        self.has_identifier(oid.as_bytes())
    }

    /// Compares the encoded content of the identifier.
    pub(crate) fn has_identifier(&self, oid: &[u8]) -> bool {
        // Almost all begin with the same octets.
        self.oid.last() == oid.last() && self.oid == oid
    }

    /// Returns the identifier in dotted form, for messages.
    pub(crate) fn name(&self) -> String {
        ObjectIdentifier::from_bytes(self.oid)
            .map_or_else(|_| "(unreadable)".to_owned(), |oid| oid.to_string())
    }
}

impl<'a> Extension<'a> {
    /// Returns the content of the OCTET STRING.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// Returns the name of an extended key usage in RFC 5280, section 4.2.1.12.
pub(crate) fn purpose_name(oid: &ObjectIdentifier) -> String {
    match *oid {
        ID_KP_CLIENT_AUTH => "clientAuth".to_owned(),
        ID_KP_SERVER_AUTH => "serverAuth".to_owned(),
        ANY_EXTENDED_KEY_USAGE => "anyExtendedKeyUsage".to_owned(),
        other => other.to_string(),
    }
}

/// The capacity for the extensions of a typical certificate.
const TYPICAL: usize = 10;
/// The most extensions of a certificate; the search for duplicates is quadratic.
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
    // Some issuers encode the default FALSE; DER forbids it, but all readers accept it.
    let is_true = |content: &[u8]| (content == [0xff]).then_some(true);
    let critical = r.is_next(Tag::Boolean) && usually(&mut r, Tag::Boolean, is_true, bool::decode)?;
    let value = r.content(Tag::OctetString)?;
    r.finish()?;
    Ok(Extension {
        oid,
        critical,
        value,
    })
}

pub(crate) fn reject_duplicates(extensions: &[Extension<'_>]) -> Result<(), X509Error> {
    let mut rest = extensions;
    while let Some((extension, others)) = rest.split_first() {
        if others.iter().any(|e| e.has_identifier(extension.oid)) {
            return Err(match ObjectIdentifier::from_bytes(extension.oid) {
                Ok(oid) => X509Error::DuplicateExtension(oid),
                Err(_) => X509Error::Der(Tag::ObjectIdentifier.value_error().into()),
            });
        }
        rest = others;
    }
    Ok(())
}
