//! The names of encryption schemes and of their parts, for messages.

use const_oid::ObjectIdentifier;

use crate::error::MaterialProblem;

/// Returns the error for an unsupported scheme, with its name and number.
pub(in crate::material) fn unsupported(scheme: ObjectIdentifier) -> MaterialProblem {
    encryption_unsupported(name(scheme))
}

/// Returns the error for an unsupported encryption of a key, with the command that replaces it.
pub(crate) fn encryption_unsupported(algorithm: String) -> MaterialProblem {
    let advice = if is_withdrawn(&algorithm) {
        "encrypt the key anew by `openssl pkcs8 -provider legacy -provider default -topk8 -v2 aes-256-cbc -in FILE \
             -out NEW`"
    } else {
        "encrypt the key anew by `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW`"
    };
    MaterialProblem::EncryptionUnsupported { algorithm, advice }
}

/// Returns whether OpenSSL has the algorithm only in its provider `legacy`.
pub(in crate::material) fn is_withdrawn(algorithm: &str) -> bool {
    const PARTS: [&str; 10] = [
        "BF-", "CAST5-", "IDEA-", "MD2", "MD5", "PBES1 ", "RC2", "RC4", "RC5", "SEED-",
    ];
    PARTS.iter().any(|part| algorithm.contains(part))
        || (algorithm.starts_with("DES-") && !algorithm.starts_with("DES-EDE"))
}

/// The ciphers that OpenSSL writes into the headers of a key and that are not supported.
const CIPHERS: [&str; 62] = [
    "AES-128-CFB",
    "AES-128-CTR",
    "AES-128-OFB",
    "AES-192-CFB",
    "AES-192-CTR",
    "AES-192-OFB",
    "AES-256-CFB",
    "AES-256-CTR",
    "AES-256-OFB",
    "ARIA-128-CBC",
    "ARIA-128-CFB",
    "ARIA-128-CTR",
    "ARIA-128-OFB",
    "ARIA-192-CBC",
    "ARIA-192-CFB",
    "ARIA-192-CTR",
    "ARIA-192-OFB",
    "ARIA-256-CBC",
    "ARIA-256-CFB",
    "ARIA-256-CTR",
    "ARIA-256-OFB",
    "BF-CBC",
    "BF-CFB",
    "BF-OFB",
    "CAMELLIA-128-CBC",
    "CAMELLIA-128-CFB",
    "CAMELLIA-128-CTR",
    "CAMELLIA-128-OFB",
    "CAMELLIA-192-CBC",
    "CAMELLIA-192-CFB",
    "CAMELLIA-192-CTR",
    "CAMELLIA-192-OFB",
    "CAMELLIA-256-CBC",
    "CAMELLIA-256-CFB",
    "CAMELLIA-256-CTR",
    "CAMELLIA-256-OFB",
    "CAST5-CBC",
    "CAST5-CFB",
    "CAST5-OFB",
    "DES-CBC",
    "DES-CFB",
    "DES-EDE-CBC",
    "DES-EDE-CFB",
    "DES-EDE-OFB",
    "DES-EDE3-CBC",
    "DES-EDE3-CFB",
    "DES-EDE3-OFB",
    "DES-OFB",
    "IDEA-CBC",
    "IDEA-CFB",
    "IDEA-OFB",
    "RC2-40-CBC",
    "RC2-64-CBC",
    "RC2-CBC",
    "RC2-CFB",
    "RC2-OFB",
    "SEED-CBC",
    "SEED-CFB",
    "SEED-OFB",
    "SM4-CBC",
    "SM4-CFB",
    "SM4-OFB",
];

/// Returns a cipher's name from the headers of a key; any other word may be a part of the key.
pub(crate) fn cipher(name: &str) -> &'static str {
    let known = CIPHERS.iter().find(|known| **known == name);
    known
        .copied()
        .unwrap_or("something that is no cipher's name")
}

/// Returns the name with the number, or only the number.
pub(in crate::material) fn name(scheme: ObjectIdentifier) -> String {
    let oid = scheme.to_string();
    let name = match oid.as_str() {
        "1.2.392.200011.61.1.1.1.2" => "Camellia-128-CBC",
        "1.2.392.200011.61.1.1.1.3" => "Camellia-192-CBC",
        "1.2.392.200011.61.1.1.1.4" => "Camellia-256-CBC",
        "1.2.840.113549.1.12.1.1" => "pbeWithSHAAnd128BitRC4",
        "1.2.840.113549.1.12.1.2" => "pbeWithSHAAnd40BitRC4",
        "1.2.840.113549.1.12.1.3" => "pbeWithSHAAnd3-KeyTripleDES-CBC",
        "1.2.840.113549.1.12.1.4" => "pbeWithSHAAnd2-KeyTripleDES-CBC",
        "1.2.840.113549.1.12.1.5" => "pbeWithSHAAnd128BitRC2-CBC",
        "1.2.840.113549.1.12.1.6" => "pbeWithSHAAnd40BitRC2-CBC",
        "1.2.840.113549.1.5.1" => "PBES1 pbeWithMD2AndDES-CBC",
        "1.2.840.113549.1.5.3" => "PBES1 pbeWithMD5AndDES-CBC",
        "1.2.840.113549.1.5.4" => "PBES1 pbeWithMD2AndRC2-CBC",
        "1.2.840.113549.1.5.6" => "PBES1 pbeWithMD5AndRC2-CBC",
        "1.2.840.113549.1.5.10" => "PBES1 pbeWithSHA1AndDES-CBC",
        "1.2.840.113549.1.5.11" => "PBES1 pbeWithSHA1AndRC2-CBC",
        "1.2.840.113549.1.5.12" => "PBKDF2",
        "1.2.840.113549.3.2" => "RC2-CBC",
        "1.2.840.113549.3.7" => "DES-EDE3-CBC",
        "1.3.6.1.4.1.11591.4.11" => "scrypt",
        "2.16.840.1.101.3.4.1.2" => "AES-128-CBC",
        "2.16.840.1.101.3.4.1.22" => "AES-192-CBC",
        "2.16.840.1.101.3.4.1.42" => "AES-256-CBC",
        "1.3.14.3.2.7" => "DES-CBC",
        _ => "",
    };
    match name {
        "" => oid,
        name => format!("{name} ({oid})"),
    }
}
