//! The errors for inputs with unexpected content.

use super::expected::ExpectedContent;
use crate::error::MaterialProblem;
use crate::material::input::der_shape::DerShape;
use crate::material::input::format::{DetectedFormat, holds_pem};

/// Returns the error for an input without any PEM section.
pub(crate) fn instead_of_pem(input: &[u8]) -> MaterialProblem {
    match DetectedFormat::of(input) {
        DetectedFormat::Der(DerShape::Pkcs12) | DetectedFormat::Ber(DerShape::Pkcs12) => {
            MaterialProblem::Pkcs12
        }
        DetectedFormat::Der(shape) | DetectedFormat::Ber(shape @ DerShape::Pkcs7) => {
            let (found, command) = as_pem(shape);
            MaterialProblem::DerInsteadOfPem { found, command }
        }
        DetectedFormat::Text => MaterialProblem::NoPem,
        found => foreign(found, "PEM"),
    }
}

/// Returns a description of DER, and the command that converts it to PEM.
fn as_pem(shape: DerShape) -> (&'static str, &'static str) {
    match shape {
        DerShape::Certificate => (
            "a certificate",
            "`openssl x509 -inform DER -in FILE -out NEW`",
        ),
        DerShape::CertificateRequest => (
            "a certificate request",
            "`openssl req -inform DER -in FILE -out NEW`",
        ),
        DerShape::EncryptedPkcs8 => (
            "an encrypted private key",
            "`openssl pkcs8 -topk8 -inform DER -in FILE -out NEW`",
        ),
        DerShape::Dsa | DerShape::Pkcs1 | DerShape::Pkcs8 | DerShape::Sec1 => (
            "a private key",
            "`openssl pkey -inform DER -in FILE -out NEW` (NEW is not encrypted)",
        ),
        DerShape::Pkcs7 => (
            "PKCS#7",
            "`openssl pkcs7 -inform DER -print_certs -in FILE -out NEW`",
        ),
        DerShape::Pkcs12 => ("PKCS#12", UNPACK),
        DerShape::PublicKey => (
            "a public key",
            "`openssl pkey -pubin -inform DER -in FILE -out NEW`",
        ),
        DerShape::RevocationList => (
            "a revocation list",
            "`openssl crl -inform DER -in FILE -out NEW`",
        ),
    }
}

/// Returns the error for bytes that could not be parsed as the expected DER.
///
/// `None` if it would contain no more than the parser's own error.
pub(crate) fn instead_of_der(input: &[u8], wanted: ExpectedContent) -> Option<MaterialProblem> {
    match DetectedFormat::of(input) {
        DetectedFormat::Text if holds_pem(input) => Some(MaterialProblem::PemInsteadOfDer),
        DetectedFormat::Text => None,
        DetectedFormat::Der(shape) if wanted.is(shape) => None,
        DetectedFormat::Der(shape)
        | DetectedFormat::Ber(shape @ (DerShape::Pkcs7 | DerShape::Pkcs12)) => {
            Some(instead(shape, wanted))
        }
        DetectedFormat::Empty if !input.is_empty() => None,
        found => Some(foreign(found, wanted.content())),
    }
}

/// Returns the error for an input that is PEM or DER, but not the expected content.
pub(crate) fn instead(shape: DerShape, wanted: ExpectedContent) -> MaterialProblem {
    let (found, advice) = match (shape, wanted) {
        (DerShape::Certificate, ExpectedContent::Key) => {
            return MaterialProblem::CertificateInsteadOfKey;
        }
        (DerShape::Certificate, ExpectedContent::RevocationLists) => {
            return MaterialProblem::CertificateInsteadOfRevocationList;
        }
        (DerShape::Certificate, _) => ("a certificate", WITH_ITS_KEY),
        (
            DerShape::Dsa
            | DerShape::EncryptedPkcs8
            | DerShape::Pkcs1
            | DerShape::Pkcs8
            | DerShape::Sec1,
            wanted,
        ) => match wanted {
            ExpectedContent::Anchors | ExpectedContent::Certificates => {
                return MaterialProblem::KeyInsteadOfCertificate;
            }
            ExpectedContent::Bundle => ("a private key", WITH_ITS_CERTIFICATES),
            ExpectedContent::Anything | ExpectedContent::Key | ExpectedContent::RevocationLists => {
                ("a private key", ONLY_THE_LIST)
            }
        },
        (DerShape::CertificateRequest, _) => ("a certificate request", REQUEST),
        (DerShape::Pkcs7, ExpectedContent::Bundle) => ("PKCS#7", PKCS7_WITH_ITS_KEY),
        (DerShape::Pkcs7, ExpectedContent::RevocationLists) => ("PKCS#7", ONLY_THE_LIST),
        (DerShape::Pkcs7, ExpectedContent::Key) => (
            "PKCS#7",
            "PKCS#7 has no private key: give the file of the key, which is where the certificate was requested",
        ),
        (DerShape::Pkcs7, _) => (
            "PKCS#7",
            "give it as a file of certificates (in code: to a `Loader` or to \
        `from_file`)",
        ),
        (DerShape::Pkcs12, ExpectedContent::Anchors) => (
            "PKCS#12",
            "unpack its certificates by `openssl pkcs12 -in FILE -nokeys -out NEW` (in code: \
            `Loader::load_anchors` reads it, cargo feature `pkcs12`)",
        ),
        (DerShape::Pkcs12, ExpectedContent::RevocationLists) => ("PKCS#12", ONLY_THE_LIST),
        (DerShape::Pkcs12, _) => return MaterialProblem::Pkcs12,
        (DerShape::PublicKey, _) => ("a public key", PUBLIC_KEY),
        (DerShape::RevocationList, _) => ("a revocation list (CRL)", REVOCATION_LIST),
    };
    unexpected(found, wanted.content(), advice)
}

/// The advice to convert a store of BouncyCastle to PKCS#12.
macro_rules! bouncy_castle {
    ($store_type:literal) => {
        concat!(
            "turn it into PKCS#12, with BouncyCastle's bcprov.jar at hand, by \
             `keytool -importkeystore -srckeystore FILE -srcstoretype ",
            $store_type,
            " -destkeystore NEW -deststoretype PKCS12 \
             -providerclass org.bouncycastle.jce.provider.BouncyCastleProvider \
             -providerpath bcprov.jar`"
        )
    };
}

/// Returns the error for an input in an unsupported format.
pub(crate) fn foreign(found: DetectedFormat, expected: &'static str) -> MaterialProblem {
    let (found, advice) = match found {
        DetectedFormat::Empty => return MaterialProblem::Empty,
        DetectedFormat::Utf16 => return MaterialProblem::Utf16,
        DetectedFormat::Ber(_) => return MaterialProblem::Ber,
        DetectedFormat::BerDamaged => (
            "BER that is cut off or damaged",
            "copy the file again, whole and not as text",
        ),
        DetectedFormat::Base64 => (
            "base64 without PEM marker lines",
            "turn it into DER by `base64 -di FILE > NEW`, or put its line `-----BEGIN ..-----` and its line \
             `-----END ..-----` around it again",
        ),
        DetectedFormat::Base64OfPem => (
            "base64 of PEM",
            "the manifest of a Kubernetes secret has it so: decode it by `base64 -di FILE > NEW`",
        ),
        DetectedFormat::DerAndMore => (
            "DER with something after its end",
            "give one thing in a file, or several as PEM",
        ),
        DetectedFormat::DerCut => (
            "DER that was cut off",
            "copy the file again, whole and not as text",
        ),
        DetectedFormat::Jks => (
            "a Java keystore (JKS)",
            "turn it into PKCS#12 by \
             `keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype PKCS12` (then `chmod 600 NEW`)",
        ),
        DetectedFormat::Jceks => (
            "a Java keystore (JCEKS)",
            "turn it into PKCS#12 by `keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS \
             -destkeystore NEW -deststoretype PKCS12`",
        ),
        DetectedFormat::Bcfks => ("a BouncyCastle keystore (BCFKS)", bouncy_castle!("BCFKS")),
        DetectedFormat::Bks => ("a BouncyCastle keystore (BKS)", bouncy_castle!("BKS")),
        DetectedFormat::Uber => ("a BouncyCastle keystore (UBER)", bouncy_castle!("UBER")),
        DetectedFormat::Pgp => ("a PGP key", PGP),
        DetectedFormat::Putty => (
            "a private key of PuTTY's",
            "convert it by `puttygen FILE -O private-openssh -o NEW` and then `ssh-keygen -p -m PKCS8 -f NEW`",
        ),
        DetectedFormat::Html => (
            "an HTML page",
            "a page came in place of the file, such as one that asks for a login or says that nothing is there: read it by \
             `head -c 2000 FILE`, and fetch the file from the right address",
        ),
        DetectedFormat::SshPublicKey => ("an SSH public key", PUBLIC_KEY),
        DetectedFormat::Der(_) | DetectedFormat::Text => (
            "neither PEM nor DER of a known kind",
            "look at its beginning by `head -c 200 FILE`: often it is an error page, or some other file",
        ),
    };
    unexpected(found, expected, advice)
}

pub(crate) fn unexpected(
    found: impl Into<String>,
    expected: &'static str,
    advice: &'static str,
) -> MaterialProblem {
    MaterialProblem::UnexpectedContent {
        found: found.into(),
        expected,
        advice,
    }
}

impl ExpectedContent {
    /// Returns a description of the expected content, in any encoding.
    pub(crate) fn content(self) -> &'static str {
        match self {
            Self::Anchors | Self::Certificates => "certificates",
            Self::Anything => "certificates, private keys, requests or revocation lists",
            Self::Bundle => "a certificate chain together with its private key",
            Self::Key => "a private key",
            Self::RevocationLists => "a revocation list",
        }
    }

    /// Returns whether one DER value of this shape is the expected content.
    pub(crate) fn is(self, shape: DerShape) -> bool {
        match self {
            Self::Anchors | Self::Certificates => shape == DerShape::Certificate,
            Self::Anything => true,
            Self::Bundle => false,
            Self::Key => matches!(
                shape,
                DerShape::Dsa
                    | DerShape::EncryptedPkcs8
                    | DerShape::Pkcs1
                    | DerShape::Pkcs8
                    | DerShape::Sec1
            ),
            Self::RevocationLists => shape == DerShape::RevocationList,
        }
    }
}

const UNPACK: &str =
    "`openssl pkcs12 -in FILE -aes256 -out NEW` (it asks for a passphrase for the key in NEW)";
const ONLY_THE_LIST: &str =
    "give the list that the CA publishes (`openssl ca -gencrl -out FILE`), as PEM or DER";
const WITH_ITS_CERTIFICATES: &str =
    "give it together with the file of its certificates (in code: to `MtlsIdentity::from_files`)";
const WITH_ITS_KEY: &str =
    "give it together with the file of its private key (in code: to `MtlsIdentity::from_files`)";
const PKCS7_WITH_ITS_KEY: &str = "PKCS#7 has no private key: give it together with the file of its private key \
 (in code: to `MtlsIdentity::from_files`)";

pub(crate) const PGP: &str = "keys of PGP are not for TLS: give X.509 certificates and their keys";
pub(crate) const PUBLIC_KEY: &str = "a public key alone proves nothing: give the certificate that it is in, or \
 the private key that it belongs to";
pub(crate) const REQUEST: &str =
    "a request is no certificate: give the certificate that the CA issued for it";
pub(crate) const REVOCATION_LIST: &str =
    "revocation lists are given separately (in code: to `RevocationLists`): leave it out";
