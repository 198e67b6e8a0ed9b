//! Conversion of signature schemes between rustls' type and ours.

use rustls::SignatureScheme as Native;

use crate::material::SignatureScheme;

const ALL: [SignatureScheme; 13] = [
    SignatureScheme::EcdsaP256Sha256,
    SignatureScheme::EcdsaP384Sha384,
    SignatureScheme::EcdsaP521Sha512,
    SignatureScheme::Ed25519,
    SignatureScheme::MlDsa44,
    SignatureScheme::MlDsa65,
    SignatureScheme::MlDsa87,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::RsaPssSha256,
    SignatureScheme::RsaPssSha384,
    SignatureScheme::RsaPssSha512,
];

pub(in crate::backend::rustls) fn native(scheme: SignatureScheme) -> Native {
    match scheme {
        SignatureScheme::EcdsaP256Sha256 => Native::ECDSA_NISTP256_SHA256,
        SignatureScheme::EcdsaP384Sha384 => Native::ECDSA_NISTP384_SHA384,
        SignatureScheme::EcdsaP521Sha512 => Native::ECDSA_NISTP521_SHA512,
        SignatureScheme::Ed25519 => Native::ED25519,
        SignatureScheme::MlDsa44 => Native::ML_DSA_44,
        SignatureScheme::MlDsa65 => Native::ML_DSA_65,
        SignatureScheme::MlDsa87 => Native::ML_DSA_87,
        SignatureScheme::RsaPkcs1Sha256 => Native::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1Sha384 => Native::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1Sha512 => Native::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPssSha256 => Native::RSA_PSS_SHA256,
        SignatureScheme::RsaPssSha384 => Native::RSA_PSS_SHA384,
        SignatureScheme::RsaPssSha512 => Native::RSA_PSS_SHA512,
    }
}

/// Returns our scheme with this number; `None` if it is not on our list.
pub(in crate::backend::rustls) fn ours(scheme: Native) -> Option<SignatureScheme> {
    ALL.into_iter().find(|known| native(*known) == scheme)
}
