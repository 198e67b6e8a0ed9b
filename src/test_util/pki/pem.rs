use base64ct::{Base64, Encoding};
use pki_types::CertificateDer;

/// Encodes one PEM section (RFC 7468), such as `CERTIFICATE` or `X509 CRL`.
///
/// ```
/// let pem = mtls::test_util::pem("X509 CRL", b"\x30\x00");
/// assert_eq!(pem, "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
/// ```
pub fn pem(label: &str, der: &[u8]) -> String {
    let lines = der
        .chunks(48)
        .map(|line| Base64::encode_string(line) + "\n");
    let text: String = lines.collect();
    format!("-----BEGIN {label}-----\n{text}-----END {label}-----\n")
}

pub(in crate::test_util) fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    pem("CERTIFICATE", certificate)
}
