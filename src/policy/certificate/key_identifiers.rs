//! Key identifiers: whether one certificate can have issued another, beyond names and signature.

use std::borrow::Cow;

use const_oid::db::rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER;

use crate::policy::verdict::defect::{unreadable, without_key};
use crate::policy::verdict::reason::RejectionReason;
use crate::policy::verdict::rejection::Rejection;
use crate::x509::pkix::GeneralName;
use crate::x509::{Certificate, X509Error, is_same_name};

/// The values of an issuer that an authority key identifier can name.
pub(crate) struct Identifiers<'a> {
    pub(crate) key: Option<Cow<'a, [u8]>>,
    pub(crate) serial: &'a [u8],
    /// The name of the issuer's own issuer.
    pub(crate) issuer: &'a [u8],
}

impl<'a> Identifiers<'a> {
    pub(crate) fn of(index: usize, issuer: &Certificate<'a>) -> Result<Self, Rejection> {
        Self::read(issuer).map_err(|error| unreadable(index, issuer, &error))
    }

    pub(crate) fn read(issuer: &Certificate<'a>) -> Result<Self, X509Error> {
        let key = issuer.subject_key_identifier()?;
        Ok(Self {
            key: key.map(|key| Vec::from(key.0.into_bytes()).into()),
            serial: issuer.serial,
            issuer: issuer.issuer,
        })
    }
}

/// Verifies that the authority key identifier of `child` matches `issuer`, where both are present
/// (RFC 5280, section 4.2.1.1).
///
/// It distinguishes the certificates of a CA that has changed its key. OpenSSL takes no issuer into
/// a path whose identifier does not match, so such a certificate is not an issuer here either.
pub(crate) fn check_link(
    index: usize,
    child: &Certificate<'_>,
    issuer: &Identifiers<'_>,
) -> Result<(), Rejection> {
    let broken = |error| unreadable(index, child, &error);
    let Some(identifier) = child.authority_key_identifier().map_err(broken)? else {
        return Ok(());
    };
    let has_own = child.extension(ID_CE_SUBJECT_KEY_IDENTIFIER).is_some();
    if identifier.key_identifier.is_none() && has_own {
        return Err(without_key().of(index, child));
    }
    let key_fits = match (&identifier.key_identifier, &issuer.key) {
        (Some(wanted), Some(own)) => wanted.as_bytes() == &**own,
        _ => true,
    };
    let serial_fits = match &identifier.authority_cert_serial_number {
        Some(wanted) => wanted.as_bytes() == issuer.serial,
        None => true,
    };
    let issuer_fits = match &identifier.authority_cert_issuer {
        Some(names) => names.iter().any(|name| names_issuer_of(name, issuer)),
        None => true,
    };
    if key_fits && serial_fits && issuer_fits {
        Ok(())
    } else {
        Err(Rejection::new(RejectionReason::UnknownIssuer)
            .about(index, child)
            .with_expected("an issuer that fits the authorityKeyIdentifier")
            .with_presented("one of the same name with another key identifier or serial number")
            .with_hint(
                "the certificate was issued with another key, or under another certificate, of the CA: present that \
                 CA's certificate, or give it as trust anchor",
            ))
    }
}

fn names_issuer_of(name: &GeneralName, issuer: &Identifiers<'_>) -> bool {
    match name {
        GeneralName::DirectoryName(name) => name
            .to_der()
            .is_ok_and(|der| is_same_name(&der, issuer.issuer)),
        // OpenSSL ignores other kinds as well.
        _ => true,
    }
}
