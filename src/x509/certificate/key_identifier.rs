//! The key identifiers of a certificate, undecoded (RFC 5280, sections 4.2.1.1 and 4.2.1.2).
//!
//! The search for an issuer compares them for each candidate. So nothing is copied, and the other
//! fields of the extensions, which may hold any number of names, are not read.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_KEY_IDENTIFIER};
use der::{Reader, Tag, TagNumber};

use super::error::X509Error;
use super::view::Certificate;
use crate::x509::cursor::Cursor;

/// `keyIdentifier`, the first field of `AuthorityKeyIdentifier`, in DER.
const KEY_IDENTIFIER: Tag = Tag::ContextSpecific {
    constructed: false,
    number: TagNumber(0),
};

impl<'a> Certificate<'a> {
    /// Returns the claimed identifier of the key that signed the certificate.
    pub(crate) fn authority_key(&self) -> Result<Option<&'a [u8]>, X509Error> {
        let key = self.borrowed(ID_CE_AUTHORITY_KEY_IDENTIFIER, |r| {
            let mut r = Cursor::new(r.content(Tag::Sequence)?)?;
            let is_there = r.is_next(KEY_IDENTIFIER);
            is_there.then(|| r.content(KEY_IDENTIFIER)).transpose()
        })?;
        Ok(key.flatten())
    }

    /// Returns the identifier of the certificate's own key.
    pub(crate) fn subject_key(&self) -> Result<Option<&'a [u8]>, X509Error> {
        self.borrowed(ID_CE_SUBJECT_KEY_IDENTIFIER, |r| {
            r.content(Tag::OctetString)
        })
    }

    fn borrowed<T>(
        &self,
        oid: ObjectIdentifier,
        read: impl FnOnce(&mut Cursor<'a>) -> der::Result<T>,
    ) -> Result<Option<T>, X509Error> {
        let Some(extension) = self.extension(oid) else {
            return Ok(None);
        };
        let read = || {
            let mut r = Cursor::new(extension.value())?;
            let value = read(&mut r)?;
            r.finish()?;
            Ok(value)
        };
        read()
            .map(Some)
            .map_err(|source| X509Error::MalformedExtension { oid, source })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair};

    use super::*;

    /// Returns a certificate with an extension `id-ce` with this last arc.
    fn with(arc: u64, content: &[u8]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        let content = content.to_vec();
        params.custom_extensions =
            vec![CustomExtension::from_oid_content(&[2, 5, 29, arc], content)];
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    /// The decoder of x509-cert is the reference, except for the fields that are not read here.
    #[test]
    fn they_are_what_the_whole_extension_says() {
        for (content, is_read_whole) in [
            (&[0x30, 0][..], true),
            (&[0x30, 3, 0x80, 1, 7], true),
            (&[0x30, 2, 0x80, 0], true),
            (
                &[0x30, 11, 0x80, 1, 7, 0xa1, 3, 0x88, 1, 0x2a, 0x82, 1, 5],
                true,
            ),
            (&[0x30, 8, 0xa1, 3, 0x88, 1, 0x2a, 0x82, 1, 5], true),
            (&[0x30, 3, 0x80, 1, 7, 0], true),
            (&[0x30, 3, 0x80, 2, 7], true),
            (&[0x31, 3, 0x80, 1, 7], true),
            (&[0x30, 0x81, 3, 0x80, 1, 7], true),
            (&[0x80, 1, 7], true),
            (&[], true),
            (&[0x30, 5, 0x80, 1, 7, 0xa1, 9], false),
        ] {
            let der = with(35, content);
            let certificate = Certificate::from_der(&der).unwrap();
            let ours = certificate.authority_key();
            let whole = certificate.authority_key_identifier();
            if is_read_whole {
                let whole = whole.map(|a| a.unwrap().key_identifier);
                let ours = ours.map(|key| key.map(<[u8]>::to_vec));
                assert_eq!(ours.is_ok(), whole.is_ok(), "{content:02x?}: {whole:?}");
                let whole = whole.ok().flatten().map(|key| key.as_bytes().to_vec());
                assert_eq!(ours.ok().flatten(), whole, "{content:02x?}");
            } else {
                assert_eq!(ours.unwrap(), Some(&[7][..]), "{content:02x?}");
                assert!(whole.is_err(), "{content:02x?}");
            }
        }
        for content in [&[4, 1, 7][..], &[4, 0], &[4, 2, 7], &[4, 1, 7, 0], &[3, 0]] {
            let der = with(14, content);
            let certificate = Certificate::from_der(&der).unwrap();
            let ours = certificate.subject_key();
            let whole = certificate.subject_key_identifier();
            assert_eq!(ours.is_ok(), whole.is_ok(), "{content:02x?}");
            let whole = whole.ok().flatten().map(|key| key.0.as_bytes().to_vec());
            let ours = ours.ok().flatten().map(<[u8]>::to_vec);
            assert_eq!(ours, whole, "{content:02x?}");
        }
        let none = with(99, &[]);
        let none = Certificate::from_der(&none).unwrap();
        assert_eq!(none.authority_key(), Ok(None));
        assert_eq!(none.subject_key(), Ok(None));
    }
}
