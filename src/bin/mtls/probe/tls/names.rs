use rustls::{NamedGroup, SignatureScheme};

/// Returns the name of a signature scheme in RFC 8446, section 4.2.3, or its number.
pub(crate) fn scheme_name(scheme: SignatureScheme) -> String {
    let number = u16::from(scheme);
    let name = match number {
        0x0201 => "rsa_pkcs1_sha1",
        0x0203 => "ecdsa_sha1",
        0x0401 => "rsa_pkcs1_sha256",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080a => "rsa_pss_pss_sha384",
        0x080b => "rsa_pss_pss_sha512",
        // draft-ietf-tls-mldsa, section 3.
        0x0904 => "mldsa44",
        0x0905 => "mldsa65",
        0x0906 => "mldsa87",
        _ => return format!("{number:#06x}"),
    };
    name.to_owned()
}

/// Returns the name of a group in RFC 8446, section 4.2.7, or its number.
pub(crate) fn group_name(group: NamedGroup) -> String {
    let name = match group {
        NamedGroup::secp256r1 => "secp256r1",
        NamedGroup::secp384r1 => "secp384r1",
        NamedGroup::secp521r1 => "secp521r1",
        NamedGroup::X25519 => "x25519",
        NamedGroup::X448 => "x448",
        // The names of draft-ietf-tls-ecdhe-mlkem.
        NamedGroup::X25519MLKEM768 => "X25519MLKEM768",
        NamedGroup::secp256r1MLKEM768 => "SecP256r1MLKEM768",
        _ => return format!("{:#06x}", u16::from(group)),
    };
    name.to_owned()
}
