//! Names of algorithms and curves, for messages.

use const_oid::ObjectIdentifier;
use der::Tag;

use super::cursor::Cursor;

/// Returns the name of an algorithm or a curve; the OID if it is unknown.
pub(crate) fn algorithm_name(oid: ObjectIdentifier) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(
        || format!("an unknown algorithm (OID {oid})"),
        |(_, name)| (*name).to_owned(),
    )
}

/// Returns the name for the content of an `AlgorithmIdentifier` (RFC 5280, section 4.1.1.2).
pub(crate) fn identified_name(content: &[u8]) -> String {
    let read = || {
        let oid = Cursor::new(content)?.content(Tag::ObjectIdentifier)?;
        ObjectIdentifier::from_bytes(oid).map_err(|_| Tag::ObjectIdentifier.value_error().into())
    };
    let oid: der::Result<ObjectIdentifier> = read();
    oid.map_or_else(|_| "an algorithm without a name".to_owned(), algorithm_name)
}

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const NAMES: &[(ObjectIdentifier, &str)] = &[
    // Signatures
    (oid("1.2.840.10040.4.3"), "dsa-with-SHA1"),
    (oid("1.2.840.10045.4.1"), "ecdsa-with-SHA1"),
    (oid("1.2.840.10045.4.3.1"), "ecdsa-with-SHA224"),
    (oid("1.2.840.10045.4.3.2"), "ecdsa-with-SHA256"),
    (oid("1.2.840.10045.4.3.3"), "ecdsa-with-SHA384"),
    (oid("1.2.840.10045.4.3.4"), "ecdsa-with-SHA512"),
    (oid("1.2.840.113549.1.1.2"), "md2WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.4"), "md5WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.5"), "sha1WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.11"), "sha256WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.12"), "sha384WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.13"), "sha512WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.14"), "sha224WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.15"), "sha512-224WithRSAEncryption"),
    (oid("1.2.840.113549.1.1.16"), "sha512-256WithRSAEncryption"),
    (oid("1.2.156.10197.1.501"), "SM2 with SM3"),
    (oid("1.2.643.7.1.1.3.2"), "GOST R 34.10-2012 (256 bits)"),
    (oid("1.2.643.7.1.1.3.3"), "GOST R 34.10-2012 (512 bits)"),
    (oid("1.3.14.3.2.29"), "sha1WithRSA"),
    (oid("2.16.840.1.101.3.4.3.2"), "dsa-with-SHA256"),
    (oid("2.16.840.1.101.3.4.3.10"), "ecdsa-with-SHA3-256"),
    (oid("2.16.840.1.101.3.4.3.11"), "ecdsa-with-SHA3-384"),
    (oid("2.16.840.1.101.3.4.3.12"), "ecdsa-with-SHA3-512"),
    // Signatures and keys
    (oid("1.2.840.113549.1.1.10"), "RSASSA-PSS"),
    (oid("1.3.101.112"), "Ed25519"),
    (oid("1.3.101.113"), "Ed448"),
    (oid("2.16.840.1.101.3.4.3.17"), "ML-DSA-44"),
    (oid("2.16.840.1.101.3.4.3.18"), "ML-DSA-65"),
    (oid("2.16.840.1.101.3.4.3.19"), "ML-DSA-87"),
    (oid("2.16.840.1.101.3.4.3.20"), "SLH-DSA-SHA2-128s"),
    (oid("2.16.840.1.101.3.4.3.21"), "SLH-DSA-SHA2-128f"),
    (oid("2.16.840.1.101.3.4.3.22"), "SLH-DSA-SHA2-192s"),
    (oid("2.16.840.1.101.3.4.3.23"), "SLH-DSA-SHA2-192f"),
    (oid("2.16.840.1.101.3.4.3.24"), "SLH-DSA-SHA2-256s"),
    (oid("2.16.840.1.101.3.4.3.25"), "SLH-DSA-SHA2-256f"),
    (oid("2.16.840.1.101.3.4.3.26"), "SLH-DSA-SHAKE-128s"),
    (oid("2.16.840.1.101.3.4.3.27"), "SLH-DSA-SHAKE-128f"),
    (oid("2.16.840.1.101.3.4.3.28"), "SLH-DSA-SHAKE-192s"),
    (oid("2.16.840.1.101.3.4.3.29"), "SLH-DSA-SHAKE-192f"),
    (oid("2.16.840.1.101.3.4.3.30"), "SLH-DSA-SHAKE-256s"),
    (oid("2.16.840.1.101.3.4.3.31"), "SLH-DSA-SHAKE-256f"),
    // Keys
    (oid("1.2.840.10040.4.1"), "DSA"),
    (oid("1.2.840.10045.2.1"), "an EC key"),
    (oid("1.2.840.10046.2.1"), "Diffie-Hellman"),
    (oid("1.2.840.113549.1.1.1"), "RSA"),
    (oid("1.2.840.113549.1.3.1"), "Diffie-Hellman"),
    (oid("1.3.101.110"), "X25519 (key agreement only)"),
    (oid("1.3.101.111"), "X448 (key agreement only)"),
    (
        oid("2.16.840.1.101.3.4.4.1"),
        "ML-KEM-512 (key agreement only)",
    ),
    (
        oid("2.16.840.1.101.3.4.4.2"),
        "ML-KEM-768 (key agreement only)",
    ),
    (
        oid("2.16.840.1.101.3.4.4.3"),
        "ML-KEM-1024 (key agreement only)",
    ),
    // Curves
    (oid("1.2.156.10197.1.301"), "SM2"),
    (oid("1.2.840.10045.3.1.1"), "ECDSA P-192"),
    (oid("1.2.840.10045.3.1.7"), "ECDSA P-256"),
    (oid("1.3.132.0.10"), "ECDSA secp256k1"),
    (oid("1.3.132.0.33"), "ECDSA P-224"),
    (oid("1.3.132.0.34"), "ECDSA P-384"),
    (oid("1.3.132.0.35"), "ECDSA P-521"),
    (oid("1.3.36.3.3.2.8.1.1.7"), "ECDSA brainpoolP256r1"),
    (oid("1.3.36.3.3.2.8.1.1.9"), "ECDSA brainpoolP320r1"),
    (oid("1.3.36.3.3.2.8.1.1.11"), "ECDSA brainpoolP384r1"),
    (oid("1.3.36.3.3.2.8.1.1.13"), "ECDSA brainpoolP512r1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_keeps_its_number() {
        assert_eq!(
            algorithm_name(oid("1.2.3")),
            "an unknown algorithm (OID 1.2.3)"
        );
        assert_eq!(identified_name(&[]), "an algorithm without a name");
        assert_eq!(
            identified_name(&pki_types::alg_id::ECDSA_SHA512),
            "ecdsa-with-SHA512"
        );
    }
}
