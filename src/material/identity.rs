// Further methods of `MtlsIdentity`: `describe/` shows it, `loader/from_file.rs` reads files, since
// the types do not depend on the loader.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use pki_types::CertificateDer;

use super::chain::{CertificateChain, chain_checks};
use super::identity_warning::IdentityWarning;
use super::input::permissions::InsecurePermissions;
use super::key::PrivateKey;
use super::key::key_type::KeyType;
use super::key::signing_key::{ExternalKey, IdentityKey, SigningKey};
use crate::error::{MaterialError, MaterialOrigin};

/// Our identity: a certificate chain and the private key of its leaf.
///
/// An identity that exists is consistent: the key belongs to the leaf, the leaf is not a CA, and
/// each certificate names the next one as its issuer (RFC 5280, section 6.1.3 (a)(4) and section
/// 4.2.1.1). The signatures of the chain are verified when a client or a server is built, since the
/// backend has the algorithms. Whether an ECDSA P-521 or ML-DSA key belongs to the leaf is checked
/// then too; only a public key in its file is compared with the leaf at once. The same holds for
/// the other ECDSA keys and Ed25519 where none of the features `aws-lc-rs`, `key-match`, `ring`,
/// `openssl` and `native-tls` is on. Clones share the bytes.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let (chain_pem, key_pem) = (&pki::pki().client, &pki::pki().client_key);
/// use mtls::MtlsIdentity;
///
/// let identity = MtlsIdentity::from_pem(chain_pem.as_bytes(), key_pem.as_bytes())?;
/// assert_eq!(identity.chain().as_slice().len(), 1);
/// assert!(identity.private_key().is_some() && identity.signing_key().is_none());
/// for warning in identity.warnings() {
///     eprintln!("{warning}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MtlsIdentity(Arc<Inner>);

struct Inner {
    chain: CertificateChain,
    key: IdentityKey,
    warnings: Vec<IdentityWarning>,
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: match &self.key {
                IdentityKey::Held(key) => IdentityKey::Held(key.clone_key()),
                IdentityKey::External(key) => IdentityKey::External(key.clone()),
            },
            warnings: self.warnings.clone(),
        }
    }
}

impl MtlsIdentity {
    /// Pairs a certificate chain with its private key.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let (chain_pem, key_pem) = (&pki::pki().client, &pki::pki().client_key);
    /// use mtls::{CertificateChain, MtlsIdentity, PrivateKey};
    ///
    /// let chain = CertificateChain::from_pem(chain_pem.as_bytes())?;
    /// let other_key = PrivateKey::from_pem(pki::pki().server_key.as_bytes())?;
    /// assert!(MtlsIdentity::new(chain.clone(), other_key).is_err());
    /// let identity = MtlsIdentity::new(chain, PrivateKey::from_pem(key_pem.as_bytes())?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MaterialError`] if the key does not belong to the leaf, if the leaf is a CA, if a
    /// certificate is not followed by its issuer, or if the chain contains a certificate twice.
    pub fn new(chain: CertificateChain, private_key: PrivateKey) -> Result<Self, MaterialError> {
        Self::checked(chain, IdentityKey::Held(private_key))
    }

    /// Pairs a certificate chain with an external signing key.
    ///
    /// The key is in an HSM, a TPM or a KMS. Its public key is checked like a private key in
    /// [`new`](Self::new). Possession of the private half is checked when a client or a server is
    /// built: the key signs a short text once for each of them.
    ///
    /// ```no_run
    /// # fn f(key: impl mtls::material::SigningKey + 'static) -> Result<(), mtls::MaterialError> {
    /// use mtls::{CertificateChain, MtlsIdentity};
    /// use std::sync::Arc;
    ///
    /// let chain = CertificateChain::from_file("client.crt")?;
    /// let identity = MtlsIdentity::from_signing_key(chain, Arc::new(key))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), and [`MaterialError`] if the kind of the key is not accepted,
    /// its public key cannot be read, or none of its signature schemes fits it.
    pub fn from_signing_key(
        chain: CertificateChain,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, MaterialError> {
        Self::checked(chain, IdentityKey::External(ExternalKey::new(key)?))
    }

    fn checked(chain: CertificateChain, key: IdentityKey) -> Result<Self, MaterialError> {
        let warnings = chain_checks::check(&chain, &key)?;
        Ok(Self(Arc::new(Inner {
            chain,
            key,
            warnings,
        })))
    }

    /// Reads the chain from one PEM text and the key from another.
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_pem`], [`PrivateKey::from_pem`] and [`new`](Self::new).
    pub fn from_pem(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, MaterialError> {
        Self::new(
            CertificateChain::from_pem(chain_pem)?,
            PrivateKey::from_pem(key_pem)?,
        )
    }

    /// Creates an identity from DER; the key may be PKCS#8, PKCS#1 or SEC1.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let loaded = pki::client_identity();
    /// # let leaf = loaded.chain().leaf().clone();
    /// # let key = loaded.private_key().unwrap();
    /// let identity = mtls::MtlsIdentity::from_der([leaf], key.pkcs8_der().secret_pkcs8_der())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`CertificateChain::from_der`], [`PrivateKey::from_der`] and [`new`](Self::new).
    pub fn from_der(
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        key: &[u8],
    ) -> Result<Self, MaterialError> {
        Self::new(
            CertificateChain::from_der(chain)?,
            PrivateKey::from_der(key)?,
        )
    }

    /// Records the insecure permissions of the file that holds the key, if any.
    pub(crate) fn exposed(
        self,
        exposure: Option<InsecurePermissions>,
    ) -> Result<Self, MaterialError> {
        match (self.private_key(), exposure) {
            (Some(key), Some(exposure)) => {
                let key = key.clone_key().exposed(Some(exposure));
                // A chain does not show that it was repaired.
                let is_repair =
                    |w: &&IdentityWarning| matches!(w, IdentityWarning::ChainRepaired(_));
                let repairs = self.warnings().iter().filter(is_repair).cloned();
                Ok(Self::new(self.chain().clone(), key)?.with_warnings(repairs))
            }
            _ => Ok(self),
        }
    }

    /// Appends warnings.
    pub(super) fn with_warnings(self, more: impl Iterator<Item = IdentityWarning>) -> Self {
        let warnings = self.warnings().iter().cloned().chain(more).collect();
        self.with_all_warnings(warnings)
    }

    /// Removes the warnings about insecure files.
    pub(super) fn without_exposure(self) -> Self {
        let kept = self.warnings().iter().filter(|warning| {
            !matches!(
                warning,
                IdentityWarning::InsecureKeyFile(_) | IdentityWarning::InsecurePassphraseFile(_)
            )
        });
        let kept = kept.cloned().collect();
        self.with_all_warnings(kept)
    }

    fn with_all_warnings(self, warnings: Vec<IdentityWarning>) -> Self {
        let inner = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(Inner { warnings, ..inner }))
    }

    /// Returns the first insecure file of the key or its passphrase.
    pub(super) fn exposure(&self) -> Option<&InsecurePermissions> {
        self.warnings().iter().find_map(|warning| match warning {
            IdentityWarning::InsecureKeyFile(exposure)
            | IdentityWarning::InsecurePassphraseFile(exposure) => Some(exposure),
            _ => None,
        })
    }

    /// Returns the certificate chain, the leaf first.
    pub fn chain(&self) -> &CertificateChain {
        &self.0.chain
    }

    /// Returns the private key of the leaf; `None` for an external key.
    pub fn private_key(&self) -> Option<&PrivateKey> {
        match &self.0.key {
            IdentityKey::Held(key) => Some(key),
            IdentityKey::External(_) => None,
        }
    }

    /// Returns the external key of the leaf; `None` for a private key in memory.
    pub fn signing_key(&self) -> Option<&Arc<dyn SigningKey>> {
        self.external_key().map(ExternalKey::signer)
    }

    /// Returns whether `other` has the same chain, kind of key and warnings.
    ///
    /// A private key in memory is determined by the leaf. External keys must be the same object
    /// with the same schemes, because a new object may hold a new connection to the key.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let same_key = match (&self.0.key, &other.0.key) {
            (IdentityKey::Held(_), IdentityKey::Held(_)) => true,
            (IdentityKey::External(ours), IdentityKey::External(theirs)) => {
                Arc::ptr_eq(ours.signer(), theirs.signer()) && ours.schemes() == theirs.schemes()
            }
            _ => false,
        };
        same_key
            && self.chain().as_slice() == other.chain().as_slice()
            && self.warnings() == other.warnings()
    }

    pub(crate) fn key_type(&self) -> KeyType {
        self.0.key.kind()
    }

    pub(crate) fn external_key(&self) -> Option<&ExternalKey> {
        match &self.0.key {
            IdentityKey::Held(_) => None,
            IdentityKey::External(key) => Some(key),
        }
    }

    /// Returns what works but should be fixed; usually empty.
    pub fn warnings(&self) -> &[IdentityWarning] {
        &self.0.warnings
    }
}

/// Does not call the `Debug` of an external key.
impl fmt::Debug for MtlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MtlsIdentity")
            .field("chain", &self.0.chain)
            .field("key", &self.0.key)
            .field("warnings", &self.0.warnings)
            .finish()
    }
}

pub(super) fn pair(chain: &Path, key: &Path) -> MaterialOrigin {
    MaterialOrigin::Pair {
        chain: chain.to_owned(),
        key: key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use core::error::Error;

    use pki_types::SubjectPublicKeyInfoDer;
    use rcgen::{CertificateParams, KeyPair, PublicKeyData};

    use super::*;
    use crate::material::SignatureScheme;

    struct Elsewhere(Vec<u8>);

    impl SigningKey for Elsewhere {
        fn public_key(&self) -> SubjectPublicKeyInfoDer<'_> {
            self.0.as_slice().into()
        }

        fn schemes(&self) -> &[SignatureScheme] {
            &[SignatureScheme::EcdsaP256Sha256]
        }

        fn sign(
            &self,
            _: SignatureScheme,
            _: &[u8],
        ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
            Err("it signs nothing".into())
        }
    }

    #[test]
    fn an_external_key_is_the_same_where_its_signer_is() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let chain = CertificateChain::from_der([certificate.der().clone()]).unwrap();
        let signer = || Arc::new(Elsewhere(key.subject_public_key_info()));
        let with = |signer: &Arc<Elsewhere>| {
            MtlsIdentity::from_signing_key(chain.clone(), Arc::clone(signer) as _).unwrap()
        };
        let ours = signer();
        assert!(with(&ours).is_same_as(&with(&ours)));
        assert!(!with(&ours).is_same_as(&with(&signer())));
        let held = MtlsIdentity::from_der([certificate.der().clone()], &key.serialize_der());
        let held = held.unwrap();
        assert!(held.is_same_as(&held));
        assert!(!held.is_same_as(&with(&ours)));
    }
}
