use core::fmt;

use base16ct::HexDisplay;

use super::certificate::{AlternativeName, names_of, unreadable_names};
use crate::crypto::sha256;
use crate::error::MaterialProblem;
use crate::material::pem::unexpected_input;
use crate::x509::{CertificateRequestView, PublicKey, rfc4514_whole};

/// A certificate request (RFC 2986), with checked form.
///
/// [`SignatureAlgorithms`](crate::policy::SignatureAlgorithms) verify its signature.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    der: Vec<u8>,
    description: RequestDescription,
}

/// The contents of a [`CertificateRequest`]; `Display` writes several lines.
///
/// The texts are the request's own, with invisible characters and line breaks escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestDescription {
    /// The subject (RFC 4514).
    pub subject: String,
    /// The requested subject alternative names (RFC 5280, section 4.2.1.6).
    pub names: Vec<AlternativeName>,
    /// The public key.
    pub key: PublicKeyDescription,
}

/// The kind and the digest of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicKeyDescription {
    /// A description of its kind.
    pub key: String,
    /// SHA-256 over its `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    pub spki_sha256: [u8; 32],
}

impl CertificateRequest {
    pub(crate) fn read(der: &[u8]) -> Result<Self, MaterialProblem> {
        let view = CertificateRequestView::from_der(der).map_err(|_| {
            unexpected_input::unexpected(
                "a damaged certificate request",
                "a certificate request",
                "look at it with `openssl req -in FILE -noout -text`, and where that fails too, make it anew",
            )
        })?;
        let names = view.alternative_names();
        Ok(Self {
            description: RequestDescription {
                subject: rfc4514_whole(view.subject),
                names: names.map_or_else(|_| unreadable_names(), names_of),
                key: PublicKeyDescription::of(&view.public_key),
            },
            der: der.to_vec(),
        })
    }

    /// Returns the request in DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Returns what it asks for.
    pub fn describe(&self) -> &RequestDescription {
        &self.description
    }
}

impl PublicKeyDescription {
    pub(crate) fn of(key: &PublicKey<'_>) -> Self {
        Self {
            key: key
                .kind()
                .map_or_else(|_| "unreadable".to_owned(), |kind| kind.to_string()),
            spki_sha256: sha256(key.spki),
        }
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CertificateRequest")
            .field(&self.description.subject)
            .finish()
    }
}

impl fmt::Display for RequestDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        for name in &self.names {
            write!(f, "\n  name: {name}")?;
        }
        write!(f, "\n  key: {}", self.key.key)?;
        write!(
            f,
            "\n  SHA-256 of the key: {:x}",
            HexDisplay(&self.key.spki_sha256)
        )
    }
}
