//! Extensions of a certificate, decoded by x509-cert where somebody asks for one.

use const_oid::{AssociatedOid, ObjectIdentifier};
use der::asn1::OctetStringRef;
use der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
    SubjectKeyIdentifier,
};

use super::{Certificate, X509Error};

/// One extension, its value still encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(crate) fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|e| e.oid == oid)
    }

    pub(crate) fn authority_key_identifier(
        &self,
    ) -> Result<Option<AuthorityKeyIdentifier>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn extended_key_usage(&self) -> Result<Option<ExtendedKeyUsage>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn subject_alt_name(&self) -> Result<Option<SubjectAltName>, X509Error> {
        self.decode_extension()
    }

    pub(crate) fn subject_key_identifier(&self) -> Result<Option<SubjectKeyIdentifier>, X509Error> {
        self.decode_extension()
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
                Err(source) => Err(X509Error::MalformedExtension { oid: T::OID, source }),
            },
        }
    }
}

pub(super) fn decode_all<'a>(r: &mut SliceReader<'a>) -> der::Result<Vec<Extension<'a>>> {
    r.sequence(|r| {
        let mut extensions = Vec::with_capacity(10);
        while !r.is_finished() {
            extensions.push(decode(r)?);
        }
        Ok(extensions)
    })
}

fn decode<'a>(r: &mut SliceReader<'a>) -> der::Result<Extension<'a>> {
    r.sequence(|r| {
        let oid = ObjectIdentifier::decode(r)?;
        // Some issuers encode the default FALSE; DER forbids it, everyone accepts it.
        let critical = Option::<bool>::decode(r)?.unwrap_or(false);
        let value = <&'a OctetStringRef>::decode(r)?.as_bytes();
        Ok(Extension {
            oid,
            critical,
            value,
        })
    })
}

pub(super) fn refuse_duplicates(extensions: &[Extension<'_>]) -> Result<(), X509Error> {
    for (index, extension) in extensions.iter().enumerate() {
        if extensions[..index].iter().any(|e| e.oid == extension.oid) {
            return Err(X509Error::DuplicateExtension(extension.oid));
        }
    }
    Ok(())
}
