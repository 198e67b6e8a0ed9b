use pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature,
    verify_tls13_signature_with_raw_key,
};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};

use crate::x509::{Certificate, Version};

/// Verifies handshake signatures with the schemes on our list, the same for every provider.
pub(in crate::backend::rustls) struct HandshakeSignatures {
    algorithms: WebPkiSupportedAlgorithms,
    /// Those on our list that the provider has; each handshake offers them.
    schemes: Vec<SignatureScheme>,
}

const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::ML_DSA_65,
    SignatureScheme::ML_DSA_87,
    SignatureScheme::ML_DSA_44,
];

/// Allowed in TLS 1.3 only (draft-ietf-tls-mldsa, section 4).
///
/// rustls checks this itself, except for a version 1 leaf, whose signature we verify.
const ML_DSA: &[SignatureScheme] = &[
    SignatureScheme::ML_DSA_44,
    SignatureScheme::ML_DSA_65,
    SignatureScheme::ML_DSA_87,
];

impl HandshakeSignatures {
    pub(in crate::backend::rustls) fn new(provider: &CryptoProvider) -> Self {
        let algorithms = provider.signature_verification_algorithms;
        let supported = algorithms.supported_schemes();
        let listed = SCHEMES.iter().copied();
        Self {
            algorithms,
            schemes: listed.filter(|scheme| supported.contains(scheme)).collect(),
        }
    }

    pub(in crate::backend::rustls) fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    pub(in crate::backend::rustls) fn verify_tls12(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check_scheme(dss)?;
        if ML_DSA.contains(&dss.scheme) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        let verdict = verify_tls12_signature(message, cert, dss, &self.algorithms);
        let Some(leaf) = unread_v1(&verdict, cert) else {
            return verdict;
        };
        self.verify_by(dss.scheme, &leaf, message, dss.signature())
    }

    /// Verifies a signature with the key in the leaf, by an algorithm of the scheme.
    pub(in crate::backend::rustls) fn verify_by(
        &self,
        scheme: SignatureScheme,
        leaf: &Certificate<'_>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithm = self
            .algorithms
            .mapping
            .iter()
            .filter(|(known, _)| *known == scheme)
            .flat_map(|(_, algorithms)| algorithms.iter())
            .find(|a| &*a.public_key_alg_id() == leaf.public_key.algorithm)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        match algorithm.verify_signature(leaf.public_key.key, message, signature) {
            Ok(()) => Ok(HandshakeSignatureValid::assertion()),
            Err(_) => Err(CertificateError::BadSignature.into()),
        }
    }

    pub(in crate::backend::rustls) fn verify_tls13(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check_scheme(dss)?;
        // Our verifier has read the leaf and accepted it. rustls would read it once more, and not
        // one of version 1.
        let spki = Certificate::spki_of(cert).map_err(|_| CertificateError::BadEncoding)?;
        let spki = SubjectPublicKeyInfoDer::from(spki);
        verify_tls13_signature_with_raw_key(message, &spki, dss, &self.algorithms)
    }
}

fn check_scheme(dss: &DigitallySignedStruct) -> Result<(), Error> {
    if SCHEMES.contains(&dss.scheme) {
        Ok(())
    } else {
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }
}

/// Returns a version 1 leaf, which rustls cannot read.
///
/// It comes here only if our verifier accepted it; its signature is then verified with the bare
/// key.
fn unread_v1<'a>(
    verdict: &Result<HandshakeSignatureValid, Error>,
    cert: &'a CertificateDer<'_>,
) -> Option<Certificate<'a>> {
    if verdict.is_ok() {
        return None;
    }
    match Certificate::from_der(cert) {
        Ok(leaf) if leaf.version == Version::V1 => Some(leaf),
        _ => None,
    }
}

#[cfg(all(test, feature = "aws-lc-rs"))]
mod tests {
    use rustls::internal::msgs::codec::{Codec, Reader};

    use super::*;

    #[test]
    fn ml_dsa_does_not_count_in_tls_1_2() {
        let signatures = HandshakeSignatures::new(&rustls::crypto::aws_lc_rs::default_provider());
        let cert = CertificateDer::from(&[][..]);
        for scheme in ML_DSA {
            assert!(signatures.schemes().contains(scheme));
            let [high, low] = u16::from(*scheme).to_be_bytes();
            let dss = DigitallySignedStruct::read(&mut Reader::init(&[high, low, 0, 0])).unwrap();
            let error = signatures.verify_tls12(b"", &cert, &dss).unwrap_err();
            let expected = PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme;
            assert_eq!(error, expected.into());
        }
    }
}
