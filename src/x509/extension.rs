//! Extensions of a certificate, decoded by x509-cert where somebody asks for one.

use const_oid::db::rfc5280::{
    ANY_EXTENDED_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE, ID_CE_NAME_CONSTRAINTS, ID_CE_SUBJECT_ALT_NAME,
    ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH,
};
use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Reader, Tag};
use x509_cert::ext::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, SubjectKeyIdentifier,
};

use super::cursor::Cursor;
use super::{Certificate, X509Error};

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

impl<'a> Certificate<'a> {
    pub(crate) fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|e| e.is(oid))
    }

    pub(crate) fn authority_info_access(
        &self,
    ) -> Result<Option<AuthorityInfoAccessSyntax>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn authority_key_identifier(
        &self,
    ) -> Result<Option<AuthorityKeyIdentifier>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn crl_distribution_points(
        &self,
    ) -> Result<Option<CrlDistributionPoints>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn extended_key_usage(&self) -> Result<Option<ExtendedKeyUsage>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn name_constraints(&self) -> Result<Option<NameConstraints>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn subject_key_identifier(&self) -> Result<Option<SubjectKeyIdentifier>, X509Error> {
        self.decode_extension()
    }

    /// The first critical extension that is not known (RFC 5280, section 4.2).
    pub(crate) fn unknown_critical_extension(&self) -> Option<&Extension<'a>> {
        let mut critical = self.extensions.iter().filter(|e| e.critical);
        critical.find(|e| !KNOWN.iter().any(|known| e.is(*known)))
    }

    /// Whether its key may sign handshakes (RFC 8446, section 4.4.2.2). A certificate without a key
    /// usage may be used for anything.
    pub(crate) fn may_sign_handshakes(&self) -> Result<bool, X509Error> {
        let usage = self.key_usage()?;
        Ok(usage.is_none_or(|usage| usage.0.contains(KeyUsages::DigitalSignature)))
    }

    /// Whether the certificate says of itself that it is a CA's.
    pub(crate) fn is_ca(&self) -> Result<bool, X509Error> {
        Ok(self.basic_constraints()?.is_some_and(|b| b.ca))
    }

    fn decode_extension<T>(&self) -> Result<Option<T>, X509Error>
    where
        T: AssociatedOid + for<'b> Decode<'b, Error = der::Error>,
    {
        match self.extension(T::OID) {
            None => Ok(None),
            Some(extension) => match T::from_der(extension.value) {
                Ok(value) => Ok(Some(value)),
                Err(source) => Err(X509Error::MalformedExtension {
                    oid: T::OID,
                    source,
                }),
            },
        }
    }
}

impl<'a> Extension<'a> {
    /// The content of the OCTET STRING.
    pub(super) fn value(&self) -> &'a [u8] {
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

/// The extensions that webpki knows, and so may be critical.
const KNOWN: &[ObjectIdentifier] = &[
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS,
    ID_CE_SUBJECT_ALT_NAME,
];

/// Room for the extensions of an ordinary certificate.
const TYPICAL: usize = 10;
/// Extensions that a certificate may carry; looking for duplicates costs the square of it.
const MOST: usize = 64;

pub(super) fn decode_all<'a>(r: &mut Cursor<'a>) -> Result<Vec<Extension<'a>>, X509Error> {
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

pub(super) fn refuse_duplicates(extensions: &[Extension<'_>]) -> Result<(), X509Error> {
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
