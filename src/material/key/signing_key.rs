use core::fmt;
use std::error::Error as StdError;
use std::sync::Arc;

use pki_types::SubjectPublicKeyInfoDer;

use super::PrivateKey;
use super::key_type::KeyType;
use super::public_half::PublicHalf;
use super::signature_scheme::SignatureScheme;
use crate::error::{MaterialProblem, SigningKeyFault};
use crate::material::input::permissions::InsecurePermissions;
use crate::x509::PublicKey;

/// A private key in an HSM, a TPM or a KMS, which signs there.
///
/// Pass it to [`MtlsIdentity::from_signing_key`](crate::MtlsIdentity::from_signing_key). Only the
/// backend [`Rustls`](crate::backend::BackendKind::Rustls) supports it; on the others, building a
/// client or a server returns an error
/// ([`Capability::ExternalKeys`](crate::backend::Capability::ExternalKeys)).
/// `examples/external_key.rs` is a complete implementation.
///
/// - **Calls.** [`public_key`](Self::public_key) and [`schemes`](Self::schemes) are called once,
///   when the identity is created; later values have no effect. [`sign`](Self::sign) is called once
///   for each client or server that is built, over a test text, and once for each handshake.
/// - **Threads.** `sign` runs on the thread that builds or performs the handshake, and several
///   threads may call it at the same time: an implementation that signs one message at a time must
///   queue the calls. It may block. With `connect_async` and `accept_async` it then blocks a thread
///   of the runtime (`tokio::task::block_in_place` within `sign` lets a multi-threaded runtime
///   continue).
/// - **Verification.** Each signature is verified with the leaf's key before it is sent. An invalid
///   one (a replaced key, or a fault of the device, which could reveal an RSA key) is handled like
///   an error.
/// - **Timeouts.** `sign` must limit its own time. The handshake's timeout is checked after `sign`
///   returns, never during it.
/// - **Errors and panics.** If `sign` fails or panics in a handshake, the application gets
///   [`HandshakeError::SigningKey`](crate::HandshakeError::SigningKey) with the error as its
///   source. The peer gets no alert, only the end of the connection. A panic is caught. If `sign`
///   fails while a client or a server is built, that returns
///   [`BuildError::SigningKeyFailed`](crate::BuildError::SigningKeyFailed).
/// - **Logs.** An application that logs our errors logs those of `sign` too: they should not
///   contain tokens, PINs or whole responses.
///
/// ```
/// use mtls::pki_types::SubjectPublicKeyInfoDer;
/// use mtls::material::{SignatureScheme, SigningKey};
/// use std::error::Error;
///
/// struct Kms { key_id: String, spki: Vec<u8> }
///
/// impl SigningKey for Kms {
///     fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
///         self.spki.as_slice().into()
///     }
///
///     fn schemes(&self) -> &[SignatureScheme] {
///         &[SignatureScheme::EcdsaP256Sha256]
///     }
///
///     fn sign(
///         &self,
///         scheme: SignatureScheme,
///         message: &[u8],
///     ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
///         // One request, with the message, or with its SHA-256 if the service expects a digest.
///         Err(format!("{}: no connection to sign {} bytes by {scheme}", self.key_id, message.len()).into())
///     }
/// }
/// ```
pub trait SigningKey: Send + Sync {
    /// Returns the `SubjectPublicKeyInfo` of the key (RFC 5280, section 4.1.2.7).
    ///
    /// `openssl pkey -pubout -outform DER` writes this form, and most services return it. It must
    /// be the public key of the leaf.
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_>;

    /// Returns the schemes that the key supports, in order of preference.
    ///
    /// Schemes that do not fit the kind of the key are ignored. An RSA key that signs only by
    /// PKCS#1 v1.5 supports only TLS 1.2.
    fn schemes(&self) -> &[SignatureScheme];

    /// Signs a message by one of [`schemes`](Self::schemes).
    ///
    /// The message is not hashed: hashing is the first step of each scheme but Ed25519 and ML-DSA,
    /// which sign the message itself. For a service that signs digests, hash the message and
    /// declare the input a digest. The message holds nothing secret. In TLS 1.3 it has about 130
    /// bytes (RFC 8446, section 4.4.3). In TLS 1.2 a client signs all preceding handshake messages
    /// (RFC 5246, section 7.4.8), which may be longer than a service accepts.
    ///
    /// # Errors
    /// Any failure, with a description for operators and logs.
    fn sign(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>>;
}

/// Does not call the key's own `Debug`, which could show anything.
impl fmt::Debug for dyn SigningKey + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The key of an identity, in memory or external.
pub(crate) enum IdentityKey {
    Held(PrivateKey),
    External(ExternalKey),
}

/// An external key, with the public key and schemes that it returned once.
#[derive(Clone)]
pub(crate) struct ExternalKey {
    signer: Arc<dyn SigningKey>,
    spki: Vec<u8>,
    kind: KeyType,
    schemes: Vec<SignatureScheme>,
}

impl ExternalKey {
    pub(crate) fn new(signer: Arc<dyn SigningKey>) -> Result<Self, MaterialProblem> {
        let spki = signer.public_key().as_ref().to_vec();
        let key = PublicKey::from_spki(&spki).map_err(|_| unfit(SigningKeyFault::PublicKey))?;
        let kind = KeyType::of(&key)?;
        let mut schemes = Vec::new();
        for scheme in signer.schemes() {
            if scheme.fits(kind) && !schemes.contains(scheme) {
                schemes.push(*scheme);
            }
        }
        if schemes.is_empty() {
            let key = kind.to_string();
            return Err(unfit(SigningKeyFault::Schemes { key }));
        }
        Ok(Self {
            signer,
            spki,
            kind,
            schemes,
        })
    }

    pub(crate) fn signer(&self) -> &Arc<dyn SigningKey> {
        &self.signer
    }

    pub(crate) fn kind(&self) -> KeyType {
        self.kind
    }

    /// Returns the schemes that fit the kind of the key, each once; never empty.
    pub(crate) fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }
}

impl IdentityKey {
    pub(crate) fn public_half(&self) -> PublicHalf<'_> {
        match self {
            Self::Held(key) => key.public_half(),
            Self::External(key) => PublicHalf::Known(&key.spki),
        }
    }

    pub(crate) fn kind(&self) -> KeyType {
        match self {
            Self::Held(key) => key.key_type(),
            Self::External(key) => key.kind,
        }
    }

    pub(crate) fn exposure(&self) -> Option<&InsecurePermissions> {
        match self {
            Self::Held(key) => key.exposure(),
            Self::External(_) => None,
        }
    }

    pub(crate) fn passphrase_exposure(&self) -> Option<&InsecurePermissions> {
        match self {
            Self::Held(key) => key.passphrase_exposure(),
            Self::External(_) => None,
        }
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(key) => key.fmt(f),
            Self::External(key) => write!(f, "SigningKey({}, ..)", key.kind),
        }
    }
}

fn unfit(fault: SigningKeyFault) -> MaterialProblem {
    MaterialProblem::SigningKeyUnfit { fault }
}
