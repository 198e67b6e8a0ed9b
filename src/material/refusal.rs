//! The words for inputs that are something else than what was asked for.

use super::label::Wanted;
use super::shape::Shape;
use super::sniff::{Found, holds_pem};
use crate::error::MaterialProblem;

/// Says what an input without any PEM section is.
pub(super) fn instead_of_pem(input: &[u8]) -> MaterialProblem {
    match Found::of(input) {
        Found::Der(Shape::Pkcs12) | Found::Ber(Shape::Pkcs12) => MaterialProblem::Pkcs12,
        Found::Der(shape) | Found::Ber(shape @ Shape::Pkcs7) => {
            let (found, command) = as_pem(shape);
            MaterialProblem::DerInsteadOfPem { found, command }
        }
        Found::Text => MaterialProblem::NoPem,
        found => foreign(found, "PEM"),
    }
}

/// What DER is, and how it becomes PEM.
fn as_pem(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Certificate => (
            "a certificate",
            "`openssl x509 -inform DER -in FILE -out NEW`",
        ),
        Shape::CertificateRequest => (
            "a certificate request",
            "`openssl req -inform DER -in FILE -out NEW`",
        ),
        Shape::EncryptedPkcs8 => (
            "an encrypted private key",
            "`openssl pkcs8 -topk8 -inform DER -in FILE -out NEW`",
        ),
        Shape::Dsa | Shape::Pkcs1 | Shape::Pkcs8 | Shape::Sec1 => (
            "a private key",
            "`openssl pkey -inform DER -in FILE -out NEW` (NEW is not encrypted)",
        ),
        Shape::Pkcs7 => (
            "PKCS#7",
            "`openssl pkcs7 -inform DER -print_certs -in FILE -out NEW`",
        ),
        Shape::Pkcs12 => ("PKCS#12", UNPACK),
        Shape::PublicKey => (
            "a public key",
            "`openssl pkey -pubin -inform DER -in FILE -out NEW`",
        ),
        Shape::RevocationList => (
            "a revocation list",
            "`openssl crl -inform DER -in FILE -out NEW`",
        ),
    }
}

/// Says what bytes are that were to be DER and could not be read as what was wanted; nothing where
/// that would not say more than the reader's own words.
pub(super) fn instead_of_der(input: &[u8], wanted: Wanted) -> Option<MaterialProblem> {
    match Found::of(input) {
        Found::Text if holds_pem(input) => Some(MaterialProblem::PemInsteadOfDer),
        Found::Text => None,
        Found::Der(shape) if wanted.is(shape) => None,
        Found::Der(shape) | Found::Ber(shape @ (Shape::Pkcs7 | Shape::Pkcs12)) => {
            Some(instead(shape, wanted))
        }
        Found::Empty if !input.is_empty() => None,
        found => Some(foreign(found, wanted.content())),
    }
}

/// Says what an input is that could be PEM or DER and is not what was wanted.
pub(super) fn instead(shape: Shape, wanted: Wanted) -> MaterialProblem {
    let (found, advice) = match (shape, wanted) {
        (Shape::Certificate, Wanted::Key) => return MaterialProblem::CertificateInsteadOfKey,
        (Shape::Certificate, Wanted::RevocationLists) => {
            return MaterialProblem::CertificateInsteadOfRevocationList;
        }
        (Shape::Certificate, _) => ("a certificate", WITH_ITS_KEY),
        (
            Shape::Dsa | Shape::EncryptedPkcs8 | Shape::Pkcs1 | Shape::Pkcs8 | Shape::Sec1,
            wanted,
        ) => match wanted {
            Wanted::Anchors | Wanted::Certificates => {
                return MaterialProblem::KeyInsteadOfCertificate;
            }
            Wanted::Bundle => ("a private key", WITH_ITS_CERTIFICATES),
            Wanted::Key | Wanted::RevocationLists => ("a private key", ONLY_THE_LIST),
        },
        (Shape::CertificateRequest, _) => ("a certificate request", REQUEST),
        (Shape::Pkcs7, Wanted::Bundle) => ("PKCS#7, which holds no private key", WITH_ITS_KEY),
        (Shape::Pkcs7, Wanted::RevocationLists) => ("PKCS#7", ONLY_THE_LIST),
        (Shape::Pkcs7, Wanted::Key) => (
            "PKCS#7, which holds no private key",
            "the key is where its certificate was asked for: give that file",
        ),
        (Shape::Pkcs7, _) => ("PKCS#7", "give it to `from_bytes` or `from_file`"),
        (Shape::Pkcs12, Wanted::Anchors) => (
            "PKCS#12",
            "give it to `TrustAnchors::from_pkcs12` (cargo feature `pkcs12`), or unpack its certificates by \
             `openssl pkcs12 -in FILE -nokeys -out NEW`",
        ),
        (Shape::Pkcs12, Wanted::RevocationLists) => ("PKCS#12", ONLY_THE_LIST),
        (Shape::Pkcs12, _) => return MaterialProblem::Pkcs12,
        (Shape::PublicKey, _) => ("a public key", PUBLIC_KEY),
        (Shape::RevocationList, _) => ("a revocation list (CRL)", REVOCATION_LIST),
    };
    unexpected(found, wanted.content(), advice)
}

/// How a store of BouncyCastle's becomes PKCS#12.
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

/// Says what an input is that no reader takes.
pub(super) fn foreign(found: Found, expected: &'static str) -> MaterialProblem {
    let (found, advice) = match found {
        Found::Empty => return MaterialProblem::Empty,
        Found::Utf16 => return MaterialProblem::Utf16,
        Found::Ber(_) => return MaterialProblem::Ber,
        Found::BerDamaged => (
            "BER that is cut off or damaged",
            "copy the file again, whole and not as text",
        ),
        Found::Base64 => (
            "base64 without PEM marker lines",
            "turn it into DER by `base64 -di FILE > NEW`, or put its line `-----BEGIN ..-----` and its line \
             `-----END ..-----` around it again",
        ),
        Found::Base64OfPem => (
            "base64 of PEM, as in the manifest of a Kubernetes secret",
            "decode it by `base64 -di FILE > NEW`",
        ),
        Found::DerAndMore => (
            "DER with something after its end",
            "give one thing in a file, or several as PEM",
        ),
        Found::DerCut => (
            "DER that was cut off",
            "copy the file again, whole and not as text",
        ),
        Found::Jks => (
            "a Java keystore (JKS)",
            "turn it into PKCS#12 by \
             `keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype PKCS12` (then `chmod 600 NEW`)",
        ),
        Found::Jceks => (
            "a Java keystore (JCEKS)",
            "turn it into PKCS#12 by `keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS \
             -destkeystore NEW -deststoretype PKCS12`",
        ),
        Found::Bcfks => ("a BouncyCastle keystore (BCFKS)", bouncy_castle!("BCFKS")),
        Found::Bks => ("a BouncyCastle keystore (BKS)", bouncy_castle!("BKS")),
        Found::Uber => ("a BouncyCastle keystore (UBER)", bouncy_castle!("UBER")),
        Found::Pgp => ("a PGP key", PGP),
        Found::Putty => (
            "a private key of PuTTY's",
            "convert it by `puttygen FILE -O private-openssh -o NEW` and then `ssh-keygen -p -m PKCS8 -f NEW`",
        ),
        Found::SshPublicKey => ("an SSH public key", PUBLIC_KEY),
        Found::Der(_) | Found::Text => (
            "neither PEM nor DER of a known kind",
            "look at its beginning by `head -c 200 FILE`: often it is an error page, or some other file",
        ),
    };
    unexpected(found, expected, advice)
}

pub(super) fn unexpected(
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

impl Wanted {
    /// What is expected, whatever it comes in.
    pub(super) fn content(self) -> &'static str {
        match self {
            Self::Anchors | Self::Certificates => "certificates",
            Self::Bundle => "a certificate chain together with its private key",
            Self::Key => "a private key",
            Self::RevocationLists => "a revocation list",
        }
    }

    /// Whether one DER value of this shape is what is expected.
    pub(super) fn is(self, shape: Shape) -> bool {
        match self {
            Self::Anchors | Self::Certificates => shape == Shape::Certificate,
            Self::Bundle => false,
            Self::Key => matches!(
                shape,
                Shape::Dsa | Shape::EncryptedPkcs8 | Shape::Pkcs1 | Shape::Pkcs8 | Shape::Sec1
            ),
            Self::RevocationLists => shape == Shape::RevocationList,
        }
    }
}

const UNPACK: &str =
    "`openssl pkcs12 -in FILE -aes256 -out NEW` (it asks for a passphrase for the key in NEW)";
const ONLY_THE_LIST: &str =
    "give the list that the CA publishes (`openssl ca -gencrl -out FILE`), as PEM or DER";
const WITH_ITS_CERTIFICATES: &str =
    "give it together with the file of its certificates to `MtlsIdentity::from_files`";
const WITH_ITS_KEY: &str =
    "give it together with the file of its private key to `MtlsIdentity::from_files`";

pub(super) const PGP: &str = "keys of PGP are not for TLS: give X.509 certificates and their keys";
pub(super) const PUBLIC_KEY: &str = "a public key alone proves nothing: give the certificate that it is in, or the private key that it belongs to";
pub(super) const REQUEST: &str = "a request is no certificate: give what the CA answered to it";
pub(super) const REVOCATION_LIST: &str =
    "revocation lists are given separately, to `RevocationLists`: leave it out";
