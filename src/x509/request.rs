//! Certificate requests (RFC 2986, section 4).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::asn1::IntRef;
use der::{Decode, Reader, Tag, TagNumber};

use super::certificate::extension::{self, Extension};
use super::certificate::{GeneralName, X509Error};
use super::cursor::Cursor;
use super::element::{algorithm_content, whole_bits};
use super::key::PublicKey;
use super::name;

/// `extensionRequest` (RFC 2985, section 5.4.2).
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
/// The attributes of a request, under an IMPLICIT tag.
const ATTRIBUTES: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(0),
};

/// One request, borrowed from its bytes.
#[derive(Clone, Debug)]
pub(crate) struct CertificateRequestView<'a> {
    /// The bytes that the signature covers, with their header.
    pub(crate) info: &'a [u8],
    /// The subject's `Name`, with its header.
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: PublicKey<'a>,
    /// The requested extensions (RFC 2985, section 5.4.2).
    extensions: Vec<Extension<'a>>,
    /// Content of the `AlgorithmIdentifier` of the signature.
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> CertificateRequestView<'a> {
    /// Reads one request; `bytes` must end with it.
    pub(crate) fn from_der(bytes: &'a [u8]) -> Result<Self, X509Error> {
        let mut reader = Cursor::new(bytes)?;
        let mut r = Cursor::new(reader.content(Tag::Sequence)?)?;
        reader.finish()?;
        let (info, content) = r.element(Tag::Sequence)?;
        let signature_algorithm = algorithm_content(&mut r)?;
        let signature = whole_bits(&mut r)?;
        r.finish()?;
        let r = &mut Cursor::new(content)?;
        IntRef::decode(r)?;
        let subject = name::decode(r).map_err(X509Error::in_name)?;
        let public_key = PublicKey::decode(r)?;
        // Some programs leave the attributes out, although they are not optional.
        let extensions = if r.is_next(ATTRIBUTES) {
            requested(r.content(ATTRIBUTES)?)?
        } else {
            Vec::new()
        };
        r.clone().finish()?;
        Ok(Self {
            info,
            subject,
            public_key,
            extensions,
            signature_algorithm,
            signature,
        })
    }

    /// Returns the requested subject alternative names; empty without the extension.
    pub(crate) fn alternative_names(&self) -> der::Result<Vec<GeneralName<'a>>> {
        let mut extensions = self.extensions.iter();
        let names = extensions.find(|extension| extension.is(ID_CE_SUBJECT_ALT_NAME));
        names.map_or_else(
            || Ok(Vec::new()),
            |names| GeneralName::all_in(names.value()),
        )
    }
}

/// Returns the extensions of the first attribute that requests some.
fn requested(attributes: &[u8]) -> Result<Vec<Extension<'_>>, X509Error> {
    let mut r = Cursor::new(attributes)?;
    while !r.is_finished() {
        let mut attribute = Cursor::new(r.content(Tag::Sequence)?)?;
        let kind = attribute.content(Tag::ObjectIdentifier)?;
        let values = attribute.content(Tag::Set)?;
        attribute.finish()?;
        if kind == EXTENSION_REQUEST.as_bytes() {
            let mut values = Cursor::new(values)?;
            let extensions = extension::decode_all(&mut values)?;
            values.finish()?;
            extension::reject_duplicates(&extensions)?;
            return Ok(extensions);
        }
    }
    Ok(Vec::new())
}
