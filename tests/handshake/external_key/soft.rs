//! A key in memory that behaves as if it were elsewhere, and misbehaves on demand.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtls::material::{SignatureScheme, SigningKey};
use pki_types::SubjectPublicKeyInfoDer;
use rustls::SignatureScheme as Native;

use super::providers;
use crate::common::pki::Credential;

pub(super) use Behaviour::*;

/// What happens when it shall sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Signs,
    Fails,
    Panics,
    /// Signs other bytes.
    Lies,
    /// Gives bytes that are no signature.
    Babbles,
    /// Gives nothing.
    Silent,
    /// Gives more than any message of TLS has room for.
    Floods,
    /// Signs, but longer than [`TIMEOUT`] allows.
    Dawdles,
}

/// An error of its own type, to be found again.
#[derive(Debug, thiserror::Error)]
#[error("the token was pulled out")]
pub(super) struct Pulled;

pub(super) struct Soft {
    key: Arc<dyn rustls::sign::SigningKey>,
    pub(super) spki: Vec<u8>,
    pub(super) schemes: Vec<SignatureScheme>,
    /// What happens first, at build; and then, in handshakes.
    pub(super) behaviour: Mutex<[Behaviour; 2]>,
    /// All that was signed, or was to be.
    pub(super) asked: Mutex<Vec<(SignatureScheme, Vec<u8>)>>,
}

/// Time for a handshake, where it matters.
pub(super) const TIMEOUT: Duration = Duration::from_millis(100);

/// Schemes of RSA, with those before that TLS 1.3 does not have.
pub(super) const EVERY_SCHEME: [SignatureScheme; 9] = [
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha512,
    SignatureScheme::RsaPssSha512,
    SignatureScheme::RsaPssSha256,
    SignatureScheme::RsaPssSha384,
    SignatureScheme::EcdsaP256Sha256,
    SignatureScheme::EcdsaP384Sha384,
    SignatureScheme::Ed25519,
];

impl Soft {
    pub(super) fn new(credential: &Credential) -> Self {
        let provider = providers().remove(0);
        let key = provider.key_provider.load_private_key(credential.key_der());
        let key = key.unwrap();
        Self {
            spki: key.public_key().unwrap().to_vec(),
            key,
            schemes: EVERY_SCHEME.to_vec(),
            behaviour: Mutex::new([Signs, Signs]),
            asked: Mutex::default(),
        }
    }

    pub(super) fn behaves(self, first: Behaviour, then: Behaviour) -> Self {
        *self.behaviour.lock().unwrap() = [first, then];
        self
    }

    pub(super) fn offers(mut self, schemes: &[SignatureScheme]) -> Self {
        self.schemes = schemes.to_vec();
        self
    }

    pub(super) fn taken(&self) -> Vec<(SignatureScheme, Vec<u8>)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl SigningKey for Soft {
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
        self.spki.as_slice().into()
    }

    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        self.asked.lock().unwrap().push((scheme, message.to_vec()));
        let signer = self.key.choose_scheme(&[native(scheme)]).unwrap();
        let behaviour = {
            let mut behaviour = self.behaviour.lock().unwrap();
            let then = behaviour[1];
            std::mem::replace(&mut behaviour[0], then)
        };
        match behaviour {
            Signs => Ok(signer.sign(message)?),
            Lies => Ok(signer.sign(b"something else")?),
            Babbles => Ok(vec![0; 70]),
            Silent => Ok(Vec::new()),
            Floods => Ok(vec![0x30; 20 << 20]),
            Dawdles => {
                std::thread::sleep(TIMEOUT * 3);
                Ok(signer.sign(message)?)
            }
            Fails => Err(Pulled.into()),
            Panics => panic!("the driver fell over"),
        }
    }
}

fn native(scheme: SignatureScheme) -> Native {
    match scheme {
        SignatureScheme::EcdsaP256Sha256 => Native::ECDSA_NISTP256_SHA256,
        SignatureScheme::EcdsaP384Sha384 => Native::ECDSA_NISTP384_SHA384,
        SignatureScheme::Ed25519 => Native::ED25519,
        SignatureScheme::RsaPkcs1Sha256 => Native::RSA_PKCS1_SHA256,
        SignatureScheme::RsaPkcs1Sha384 => Native::RSA_PKCS1_SHA384,
        SignatureScheme::RsaPkcs1Sha512 => Native::RSA_PKCS1_SHA512,
        SignatureScheme::RsaPssSha256 => Native::RSA_PSS_SHA256,
        SignatureScheme::RsaPssSha384 => Native::RSA_PSS_SHA384,
        SignatureScheme::RsaPssSha512 => Native::RSA_PSS_SHA512,
        other => panic!("{other}"),
    }
}
