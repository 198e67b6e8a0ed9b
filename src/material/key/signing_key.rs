use core::fmt;
use std::error::Error as StdError;
use std::sync::Arc;

use pki_types::SubjectPublicKeyInfoDer;

use super::PrivateKey;
use super::key_type::KeyType;
use super::public_half::PublicHalf;
use super::signature_scheme::SignatureScheme;
use crate::error::MaterialProblem;
use crate::material::input::permissions::InsecurePermissions;
use crate::x509::PublicKey;

/// A private key that stays where it is, in an HSM, a TPM or a KMS, and signs there.
///
/// Give it to [`MtlsIdentity::from_signing_key`](crate::MtlsIdentity::from_signing_key). It works
/// on the backend [`Rustls`](crate::backend::BackendKind::Rustls); the others are refused when a client or a
/// server is built ([`Capability::ExternalKeys`](crate::backend::Capability::ExternalKeys)).
/// `examples/external_key.rs` has a whole one.
///
/// - **When it is called.** [`public_key`](Self::public_key) and [`schemes`](Self::schemes) once,
///   when the identity is made: later answers would not count. [`sign`](Self::sign) once for each
///   client or server that is built, over a test text, and once for each handshake.
/// - **On which thread.** The one that builds or shakes hands, which may be many at the same time:
///   whoever can sign one at a time only has to queue them. It may block; with `connect_async` and
///   `accept_async` it then blocks a thread of the runtime (`tokio::task::block_in_place` within
///   `sign` lets a runtime of several threads go on).
/// - **Each signature is verified** with the leaf before it is sent. One that does not verify (a
///   key that was replaced, a fault in the device, which could give an RSA key away) ends as a
///   failure does.
/// - **Time-outs are its own.** The handshake's is looked at when `sign` has come back, never in
///   between.
/// - **Where it fails or panics** in a handshake, the application gets
///   [`HandshakeError::SigningKey`](crate::HandshakeError::SigningKey) with its error as the
///   source, and the connection is over: the peer gets no alert, only the end of the connection. A
///   panic of `sign` is caught. Where it fails when a client or a server is built, that is
///   [`BuildError::SigningKeyFailed`](crate::BuildError::SigningKeyFailed).
/// - **Its errors are logged** by whoever logs ours: they should not hold tokens, PINs or whole
///   answers.
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
///         // One request, with the message or, where the service wants that, with its SHA-256.
///         Err(format!("{}: no connection to sign {} bytes by {scheme}", self.key_id, message.len()).into())
///     }
/// }
/// ```
pub trait SigningKey: Send + Sync {
    /// The `SubjectPublicKeyInfo` of the key (RFC 5280, section 4.1.2.7), as `openssl pkey -pubout
    /// -outform DER` writes it and most services hand it out. It must be the one in the leaf.
    fn public_key(&self) -> SubjectPublicKeyInfoDer<'_>;

    /// How it can sign, most wanted first. What does not fit the kind of the key is passed over.
    ///
    /// An RSA key that signs by PKCS#1 v1.5 alone serves TLS 1.2 alone.
    fn schemes(&self) -> &[SignatureScheme];

    /// Signs the message by one of [`schemes`](Self::schemes).
    ///
    /// The message is not hashed yet: hashing it is the first step of each scheme but Ed25519 and
    /// ML-DSA, which sign it as it is. A service that takes digests has to be given the digest, and
    /// told that it is one. The message holds nothing secret. It is some 130 bytes in TLS 1.3 (RFC
    /// 8446, section 4.4.3); in TLS 1.2 a client signs the whole handshake so far (RFC 5246,
    /// section 7.4.8), which may be longer than a service takes.
    ///
    /// # Errors
    /// Whatever went wrong, in words for the operator and for logs.
    fn sign(
        &self,
        scheme: SignatureScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>>;
}

/// Says that there is one. The key's own `Debug`, if it has one, is not asked: nobody knows what it
/// would show.
impl fmt::Debug for dyn SigningKey + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The key of an identity, wherever it is.
pub(crate) enum IdentityKey {
    Held(PrivateKey),
    External(ExternalKey),
}

/// A key that is elsewhere, and what it said of itself when it was asked.
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
        let key = PublicKey::from_spki(&spki)
            .map_err(|_| unfit("its public key is not a SubjectPublicKeyInfo in DER".to_owned()))?;
        let kind = KeyType::of(&key)?;
        let mut schemes = Vec::new();
        for scheme in signer.schemes() {
            if scheme.fits(kind) && !schemes.contains(scheme) {
                schemes.push(*scheme);
            }
        }
        if schemes.is_empty() {
            return Err(unfit(format!(
                "none of the signature schemes that it offers fits its key, which is {kind}"
            )));
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

    /// Those that fit the kind of the key, each once; never none.
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

fn unfit(problem: String) -> MaterialProblem {
    MaterialProblem::SigningKeyUnfit { problem }
}
