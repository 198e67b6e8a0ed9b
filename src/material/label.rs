//! What the labels of PEM sections say, and what other inputs look like.

use super::shape::Shape;
use crate::error::MaterialProblem;

pub(super) const CERTIFICATE: &str = "CERTIFICATE";
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(super) const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
pub(super) const X509_CRL: &str = "X509 CRL";
const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
const DSA_PRIVATE_KEY: &str = "DSA PRIVATE KEY";
const EC_PARAMETERS: &str = "EC PARAMETERS";

/// What a reader takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Bundle,
    Certificates,
    Key,
    RevocationLists,
}

/// What a section holds, as far as somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Certificate,
    Key,
    RevocationList,
    /// The curve that `openssl ecparam -genkey` writes before the key, which names it again.
    EcParameters,
}

/// Sorts a section by its label, or says why it does not belong here.
pub(super) fn sort(label: &str, wanted: Wanted) -> Result<Content, MaterialProblem> {
    match label {
        X509_CRL if wanted == Wanted::RevocationLists => Ok(Content::RevocationList),
        CERTIFICATE if wanted == Wanted::RevocationLists => {
            Err(MaterialProblem::CertificateInsteadOfRevocationList)
        }
        _ if wanted == Wanted::RevocationLists => Err(unexpected(label, wanted)),
        CERTIFICATE if wanted == Wanted::Key => Err(MaterialProblem::CertificateInsteadOfKey),
        CERTIFICATE => Ok(Content::Certificate),
        PRIVATE_KEY
        | ENCRYPTED_PRIVATE_KEY
        | RSA_PRIVATE_KEY
        | EC_PRIVATE_KEY
        | DSA_PRIVATE_KEY
            if wanted == Wanted::Certificates =>
        {
            Err(MaterialProblem::KeyInsteadOfCertificate)
        }
        DSA_PRIVATE_KEY => Err(MaterialProblem::KeyUnsupported {
            found: "DSA".to_owned(),
        }),
        PRIVATE_KEY | ENCRYPTED_PRIVATE_KEY | RSA_PRIVATE_KEY | EC_PRIVATE_KEY => Ok(Content::Key),
        EC_PARAMETERS if wanted != Wanted::Certificates => Ok(Content::EcParameters),
        _ => Err(unexpected(label, wanted)),
    }
}

fn unexpected(label: &str, wanted: Wanted) -> MaterialProblem {
    MaterialProblem::UnexpectedSection {
        label: label.to_owned(),
        expected: wanted.expected(),
        advice: advice(label),
    }
}

/// Says what an input without any section is.
pub(super) fn instead_of_pem(input: &[u8]) -> MaterialProblem {
    if input.trim_ascii().is_empty() || input == b"\xef\xbb\xbf" {
        return MaterialProblem::Empty;
    }
    if input.starts_with(b"\xff\xfe") || input.starts_with(b"\xfe\xff") {
        return MaterialProblem::Utf16;
    }
    match Shape::of(input) {
        Some(Shape::Pkcs12) => MaterialProblem::Pkcs12,
        Some(_) => MaterialProblem::DerInsteadOfPem,
        None => MaterialProblem::NoPem,
    }
}

/// Says what bytes are that were to be DER and could not be read as what was wanted.
pub(super) fn instead_of_der(input: &[u8]) -> Option<MaterialProblem> {
    if input.is_empty() {
        return Some(MaterialProblem::Empty);
    }
    let pem = b"-----BEGIN ";
    if input.windows(pem.len()).any(|window| window == pem) {
        return Some(MaterialProblem::PemInsteadOfDer);
    }
    (Shape::of(input) == Some(Shape::Pkcs12)).then_some(MaterialProblem::Pkcs12)
}

impl Wanted {
    fn expected(self) -> &'static str {
        match self {
            Self::Bundle => "CERTIFICATE and PRIVATE KEY",
            Self::Certificates => "CERTIFICATE",
            Self::RevocationLists => X509_CRL,
            Self::Key => "PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY",
        }
    }
}

fn advice(label: &str) -> &'static str {
    match label {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            "a request is no certificate: give what the CA answered to it"
        }
        "OPENSSH PRIVATE KEY" => "convert it by `ssh-keygen -p -m PKCS8 -f FILE`",
        "PKCS7" | "CMS" => "unpack it by `openssl pkcs7 -print_certs -in FILE -out NEW`",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key alone proves nothing: leave it out",
        "TRUSTED CERTIFICATE" => {
            "it carries OpenSSL's own trust settings, which nobody else reads: strip them by \
             `openssl x509 -in FILE -out NEW`"
        }
        "X509 CERTIFICATE" => {
            "it is an old name of CERTIFICATE: rewrite it by `openssl x509 -in FILE -out NEW`"
        }
        X509_CRL => "revocation lists are given separately, to `RevocationLists`: leave it out",
        _ => "leave it out",
    }
}
