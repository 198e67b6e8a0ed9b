use const_oid::db::rfc5280::{
    ID_CE_BASIC_CONSTRAINTS, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE, ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS, ID_CE_SUBJECT_ALT_NAME, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH,
};
use const_oid::{AssociatedOid, ObjectIdentifier};
use der::{Decode, Reader, Tag};

use super::error::X509Error;
use super::extension::Extension;
use super::view::Certificate;
use crate::x509::cursor::Cursor;
use crate::x509::element::sequence_content;
use crate::x509::pkix::{
    AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, NamedBits, SubjectKeyIdentifier,
};

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

    /// Returns whether the extended key usage lists this purpose, and beside it no other than those
    /// of TLS.
    ///
    /// So do almost all leaves: their lists need not be decoded.
    pub(crate) fn is_for_tls(&self, purpose: ObjectIdentifier) -> bool {
        let extension = self.extension(ID_CE_EXT_KEY_USAGE);
        extension.is_some_and(|extension| {
            lists_for_tls(extension.value(), purpose.as_bytes()).unwrap_or(false)
        })
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>, X509Error> {
        // Almost every one, without the decoder: it is asked for several times.
        let extension = self.extension(ID_CE_KEY_USAGE);
        match extension.and_then(|extension| NamedBits::usual(extension.value())) {
            Some(bits) => Ok(Some(KeyUsage(bits))),
            None => self.decode_extension(),
        }
    }

    pub(crate) fn name_constraints(&self) -> Result<Option<NameConstraints>, X509Error> {
        self.decode_extension()
    }

    /// Returns the encoded content of the name constraints, without the header.
    pub(crate) fn name_constraints_content(&self) -> Result<Option<&'a [u8]>, X509Error> {
        let oid = ID_CE_NAME_CONSTRAINTS;
        let read = |extension: &Extension<'a>| {
            let mut reader = Cursor::new(extension.value())?;
            let content = sequence_content(&mut reader)?;
            reader.finish()?;
            Ok(content)
        };
        let content = self.extension(oid).map(read).transpose();
        content.map_err(|source| X509Error::MalformedExtension { oid, source })
    }

    pub(crate) fn subject_key_identifier(&self) -> Result<Option<SubjectKeyIdentifier>, X509Error> {
        self.decode_extension()
    }

    /// Returns the first unknown critical extension (RFC 5280, section 4.2).
    pub(crate) fn unknown_critical_extension(&self) -> Option<&Extension<'a>> {
        let mut critical = self.extensions.iter().filter(|e| e.critical);
        critical.find(|e| !KNOWN.iter().any(|known| e.is(*known)))
    }

    /// Returns whether the key may sign handshakes (RFC 8446, section 4.4.2.2).
    ///
    /// A certificate without a key usage may be used for anything.
    pub(crate) fn may_sign_handshakes(&self) -> Result<bool, X509Error> {
        let usage = self.key_usage()?;
        Ok(usage.is_none_or(|usage| usage.0.contains(KeyUsages::DigitalSignature)))
    }

    /// Returns whether the certificate is a CA's by its own basicConstraints.
    pub(crate) fn is_ca(&self) -> Result<bool, X509Error> {
        Ok(self.basic_constraints()?.is_some_and(|b| b.ca))
    }

    fn decode_extension<T>(&self) -> Result<Option<T>, X509Error>
    where
        T: AssociatedOid + for<'b> Decode<'b, Error = der::Error>,
    {
        match self.extension(T::OID) {
            None => Ok(None),
            Some(extension) => match T::from_der(extension.value()) {
                Ok(value) => Ok(Some(value)),
                Err(source) => Err(X509Error::MalformedExtension {
                    oid: T::OID,
                    source,
                }),
            },
        }
    }
}

fn lists_for_tls(purposes: &[u8], purpose: &[u8]) -> der::Result<bool> {
    let mut reader = Cursor::new(purposes)?;
    let mut listed = Cursor::new(reader.content(Tag::Sequence)?)?;
    reader.finish()?;
    let mut is_listed = false;
    while !listed.is_finished() {
        let next = listed.content(Tag::ObjectIdentifier)?;
        if next != ID_KP_CLIENT_AUTH.as_bytes() && next != ID_KP_SERVER_AUTH.as_bytes() {
            return Ok(false);
        }
        is_listed |= next == purpose;
    }
    Ok(is_listed)
}

/// The extensions that webpki supports; only these may be critical.
const KNOWN: &[ObjectIdentifier] = &[
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE,
    ID_CE_NAME_CONSTRAINTS,
    ID_CE_SUBJECT_ALT_NAME,
];
