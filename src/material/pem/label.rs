//! The labels of PEM sections.

use super::expected::ExpectedContent;
use super::unexpected_input;
use crate::error::MaterialProblem;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(crate) const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
pub(crate) const PKCS12: &str = "PKCS12";
pub(crate) const X509_CRL: &str = "X509 CRL";
pub(crate) const PUBLIC_KEY: &str = "PUBLIC KEY";
const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";
const EC_PRIVATE_KEY: &str = "EC PRIVATE KEY";
const DSA_PRIVATE_KEY: &str = "DSA PRIVATE KEY";
const EC_PARAMETERS: &str = "EC PARAMETERS";
/// The labels of parameters that TLS does not use today.
///
/// `openssl ecparam -genkey` writes the curve before the key. haproxy, nginx and others read a
/// key-exchange group from the certificate file.
const PARAMETERS: [&str; 4] = [
    EC_PARAMETERS,
    "DH PARAMETERS",
    "X9.42 DH PARAMETERS",
    "DSA PARAMETERS",
];

/// Old labels of certificates (RFC 7468, section 5.1).
const OLD_CERTIFICATE: [&str; 2] = ["X509 CERTIFICATE", "X.509 CERTIFICATE"];
/// PKCS#7 (RFC 7468, section 8) and its younger form (section 9).
const PKCS7: [&str; 2] = ["PKCS7", "CMS"];

/// Requests (RFC 7468, section 7), and what old programs call them.
const REQUESTS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// Returns the current form of a label.
pub(crate) fn today(label: &str) -> &str {
    if OLD_CERTIFICATE.contains(&label) {
        return CERTIFICATE;
    }
    label
}

pub(crate) fn is_pkcs7(label: &str) -> bool {
    PKCS7.contains(&label)
}

pub(crate) fn is_request(label: &str) -> bool {
    REQUESTS.contains(&label)
}

pub(crate) fn is_parameters(label: &str) -> bool {
    PARAMETERS.contains(&label)
}

/// The kind of a section that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SectionKind {
    Certificate,
    Key,
    RevocationList,
    /// Parameters, which are ignored.
    Parameters,
}

/// Returns the kind of a section by its label; an error if it is not expected here.
pub(crate) fn sort(label: &str, wanted: ExpectedContent) -> Result<SectionKind, MaterialProblem> {
    match label {
        X509_CRL if wanted == ExpectedContent::RevocationLists => Ok(SectionKind::RevocationList),
        CERTIFICATE if wanted == ExpectedContent::RevocationLists => {
            Err(MaterialProblem::CertificateInsteadOfRevocationList)
        }
        _ if wanted == ExpectedContent::RevocationLists => Err(unexpected(label, wanted)),
        CERTIFICATE if wanted == ExpectedContent::Key => {
            Err(MaterialProblem::CertificateInsteadOfKey)
        }
        CERTIFICATE => Ok(SectionKind::Certificate),
        PRIVATE_KEY
        | ENCRYPTED_PRIVATE_KEY
        | RSA_PRIVATE_KEY
        | EC_PRIVATE_KEY
        | DSA_PRIVATE_KEY
            if wanted.is_certificates() =>
        {
            Err(MaterialProblem::KeyInsteadOfCertificate)
        }
        DSA_PRIVATE_KEY => Err(MaterialProblem::KeyUnsupported {
            found: "DSA".to_owned(),
        }),
        PRIVATE_KEY | ENCRYPTED_PRIVATE_KEY | RSA_PRIVATE_KEY | EC_PRIVATE_KEY => {
            Ok(SectionKind::Key)
        }
        label if is_parameters(label) && wanted != ExpectedContent::Anchors => {
            Ok(SectionKind::Parameters)
        }
        _ => Err(unexpected(label, wanted)),
    }
}

pub(crate) fn unexpected(label: &str, wanted: ExpectedContent) -> MaterialProblem {
    MaterialProblem::UnexpectedSection {
        label: label.to_owned(),
        expected: wanted.expected(),
        advice: advice(label, wanted),
    }
}

fn advice(label: &str, wanted: ExpectedContent) -> &'static str {
    match label {
        "ANY PRIVATE KEY" => {
            "this is OpenSSL's name for a key of any kind, which no file has: write the key anew by \
             `openssl pkey -in FILE -out NEW`"
        }
        _ if is_request(label) => unexpected_input::REQUEST,
        EC_PARAMETERS if wanted == ExpectedContent::Key || wanted == ExpectedContent::Bundle => {
            "it only names a curve, and no private key stands beside it: make one by \
             `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out FILE`"
        }
        _ if is_parameters(label) => {
            "parameters are no key, and TLS needs none from a file: leave it out (and where the file has nothing \
             else, give the file that has what is expected)"
        }
        "OPENSSH PRIVATE KEY" => {
            "convert a copy of it by `ssh-keygen -p -m PKCS8 -f COPY`, but for Ed25519, which `ssh-keygen` leaves \
            as it is: \
             make a new key by `openssl genpkey -algorithm ed25519 -out NEW`"
        }
        _ if is_pkcs7(label) => match wanted {
            ExpectedContent::Anchors | ExpectedContent::Certificates => {
                "give it alone in a file (in code: to a `Loader` or to `from_file`), or unpack it by `openssl \
                pkcs7 -print_certs -in FILE -out NEW`"
            }
            _ => "unpack it by `openssl pkcs7 -print_certs -in FILE -out NEW`",
        },
        PUBLIC_KEY | "RSA PUBLIC KEY" => unexpected_input::PUBLIC_KEY,
        "TRUSTED CERTIFICATE" => {
            "it has OpenSSL's own trust settings, which only OpenSSL reads: take them off by \
             `openssl x509 -in FILE -out NEW`, one certificate at a time"
        }
        X509_CRL => unexpected_input::REVOCATION_LIST,
        _ if label.starts_with("PGP ") => unexpected_input::PGP,
        PKCS12 => {
            "give it alone in a file (in code: to `Loader::load_identity` or `Loader::load_anchors`, cargo \
            feature `pkcs12`)"
        }
        _ => {
            "leave it out (and where the file has nothing else, give the file that has what is expected)"
        }
    }
}
