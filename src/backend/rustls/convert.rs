//! Conversion of our settings into rustls'.

use std::sync::Arc;

use pki_types::PrivateKeyDer;
use rustls::SupportedProtocolVersion;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};

use super::session_info::group_name;
use super::signing::external_key::ExternalSigner;
use super::slot::{has_slot, note};
use super::verifier::handshake_signatures::HandshakeSignatures;
use crate::backend::settings::{PROBE, held_key, key_mismatch, takes_proof};
use crate::backend::{CertificateRequest, SessionVerifier, Versions};
use crate::error::BackendKind;
use crate::material::MtlsIdentity;
use crate::policy::BuildError;
use crate::x509::Certificate;

/// With the post-quantum hybrid first, as in rustls' own default features.
#[cfg(feature = "aws-lc-rs")]
pub(super) fn compiled_in_provider() -> Option<Arc<CryptoProvider>> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider
        .kx_groups
        .sort_by_key(|group| group.name() != rustls::NamedGroup::X25519MLKEM768);
    Some(Arc::new(provider))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(super) fn compiled_in_provider() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
pub(super) fn compiled_in_provider() -> Option<Arc<CryptoProvider>> {
    None
}

pub(super) fn versions(versions: Versions) -> Vec<&'static SupportedProtocolVersion> {
    let mut list = Vec::with_capacity(2);
    if versions.tls13 {
        list.push(&rustls::version::TLS13);
    }
    if versions.tls12 {
        list.push(&rustls::version::TLS12);
    }
    list
}

/// Whether the first key exchange on offer is a hybrid with ML-KEM (TLS 1.3 only).
pub(super) fn prefers_ml_kem(provider: &CryptoProvider, versions: Versions) -> bool {
    let first = provider.kx_groups.first();
    versions.tls13 && first.is_some_and(|group| group_name(group.name()).contains("MLKEM"))
}

/// What to do about protocol versions that the crypto provider does not support.
pub(super) const VERSIONS_ADVICE: &str = "give the other version by `.protocol_versions(..)`, or \
                                          a crypto provider with its cipher suites by \
                                          `Rustls::with_provider`";

pub(super) fn build_error(
    what: &'static str,
    advice: &'static str,
) -> impl FnOnce(rustls::Error) -> BuildError {
    move |source| BuildError::Backend {
        backend: BackendKind::Rustls,
        what,
        advice,
        source: Box::new(source),
    }
}

/// Our own chain and key, always presented complete.
#[derive(Debug)]
pub(super) struct OwnIdentity {
    certified: Arc<CertifiedKey>,
    verifier: Arc<SessionVerifier>,
}

impl OwnIdentity {
    pub(super) fn new(
        identity: &MtlsIdentity,
        provider: &CryptoProvider,
        verifier: &Arc<SessionVerifier>,
        versions: Versions,
    ) -> Result<Self, BuildError> {
        let key: Arc<dyn SigningKey> = match identity.external_key() {
            Some(key) => Arc::new(ExternalSigner::new(key, identity, provider, versions)?),
            None => {
                let key = held_key(identity, BackendKind::Rustls)?;
                let loaded = provider
                    .key_provider
                    .load_private_key(PrivateKeyDer::from(key.pkcs8_der().clone_key()));
                // The library has the algorithm, and checks that the key's own parts match.
                if takes_proof(key.key_type())
                    && loaded.is_err()
                    && has_algorithm(provider, identity)
                {
                    return Err(key_mismatch(identity));
                }
                let loaded = loaded.map_err(build_error(
                    "the private key",
                    "export it again from where it was made, or give one that the crypto provider \
                     signs with (ring: no ECDSA P-521, no ML-DSA, and RSA of up to 4096 bits, with \
                     the public exponent 65537 or a larger one)",
                ))?;
                if takes_proof(key.key_type()) {
                    prove(&*loaded, identity, provider)?;
                }
                loaded
            }
        };
        // Not by `CertifiedKey::from_der`, which cannot read a version 1 leaf. That the key matches
        // the leaf was checked when the identity was made.
        let chain = identity.chain().as_slice().to_vec();
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(chain, key)),
            verifier: Arc::clone(verifier),
        })
    }
}

fn has_algorithm(provider: &CryptoProvider, identity: &MtlsIdentity) -> bool {
    let Ok(leaf) = Certificate::from_der(identity.chain().leaf()) else {
        return false;
    };
    let all = provider.signature_verification_algorithms.all;
    all.iter()
        .any(|a| &*a.public_key_alg_id() == leaf.public_key.algorithm)
}

/// Checks by a signature that the key is the one in the leaf.
fn prove(
    key: &dyn SigningKey,
    identity: &MtlsIdentity,
    provider: &CryptoProvider,
) -> Result<(), BuildError> {
    let signatures = HandshakeSignatures::new(provider);
    let signer = key
        .choose_scheme(signatures.schemes())
        .ok_or_else(|| key_mismatch(identity))?;
    let signature = signer.sign(PROBE).map_err(build_error(
        "a signature by the private key",
        "export the key again from where it was made, or give another provider by \
             `Rustls::with_provider`",
    ))?;
    let leaf = Certificate::from_der(identity.chain().leaf());
    let leaf = leaf.map_err(|_| key_mismatch(identity))?;
    signatures
        .verify_by(signer.scheme(), &leaf, PROBE, &signature)
        .map_err(|_| key_mismatch(identity))?;
    Ok(())
}

impl ResolvesClientCert for OwnIdentity {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[rustls::SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        // The request changes nothing; it explains a later rejection by the server.
        note(&self.verifier, |record| {
            let fits = self.certified.key.choose_scheme(sigschemes).is_some();
            record.request =
                CertificateRequest::received(self.verifier.own(), root_hint_subjects, fits);
        });
        Some(Arc::clone(&self.certified))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for OwnIdentity {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // Here and not with the client's certificate: an optional one may be missing.
        if let Err(rejection) = self.verifier.check_serving() {
            if !has_slot(&self.verifier) {
                self.verifier.report_native(Err(&rejection));
            }
            note(&self.verifier, |record| {
                record.verdict = Some(Err(rejection));
            });
            return None;
        }
        Some(Arc::clone(&self.certified))
    }
}
