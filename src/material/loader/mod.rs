//! Loading of material in any encoding, detected by its content.

mod credential;
mod detect;
pub(crate) mod directory;
#[cfg(feature = "watch")]
pub(crate) mod fingerprint;
mod from_file;
mod identity;
pub(crate) mod input;
pub(crate) mod inspect;

use super::anchors::{self, TrustAnchors};
use super::chain::CertificateChain;
use super::container::pkcs7;
use super::identity as pairs;
use super::identity::MtlsIdentity;
use super::identity_warning::IdentityWarning;
use super::input::format::DetectedFormat;
use super::input::passphrase::Passphrase;
use super::input::permissions::{InsecurePermissions, KeyPermissions};
use super::key::{self, PrivateKey};
use super::pem::expected::ExpectedContent;
use super::revocation::RevocationLists;
use super::{encryption, pem};
use crate::error::{MaterialError, MaterialProblem};
use detect::{Certificates, certificates_in, neither, rejected};
use identity::{CertificateInput, IdentityInput, chain_of};
use input::Input;

/// A loader of identities, keys, chains, trust anchors and revocation lists, with options.
///
/// The format of an input is detected by its content, never by the name of a file:
///
/// - PEM (RFC 7468) and DER of certificates, keys (PKCS#8, PKCS#1, SEC1) and revocation lists;
/// - PKCS#7 certificates, in DER, BER or PEM (RFC 2315, section 9.1; RFC 5652, section 5.1). They
///   have no order: the leaf is the certificate of the key, or the only one that is not a CA's, and
///   the chain is built from it. Signatures in it are not verified;
/// - PKCS#12 in DER, BER or PEM (RFC 7292; cargo feature `pkcs12`). The leaf is the certificate of
///   the private key, and the chain is built from it by names and key identifiers, without the root
///   and without unrelated certificates. The MAC is verified first (RFC 7292 or PBMAC1, RFC 9579).
///   A container without a MAC is read only if nothing in it is encrypted and the passphrase is
///   missing or empty;
/// - encrypted keys (cargo feature `encrypted-keys`): PKCS#8 under PBES2 (RFC 8018, section 6.2:
///   PBKDF2 with HMAC-SHA-1 or SHA-2, or scrypt; AES-CBC, AES-GCM or 3DES), and the `DEK-Info`
///   headers of old OpenSSL (RFC 1421, section 4.6.1.3). PBES1 with SHA-1 and 3DES requires the
///   feature `legacy-keys`. Salts have at most 1,024 bytes.
///
/// Limits: [`CertificateChain::MAX_INPUT_BYTES`] for identities and chains,
/// [`PrivateKey::MAX_INPUT_BYTES`], [`TrustAnchors::MAX_INPUT_BYTES`] and
/// [`RevocationLists::MAX_INPUT_BYTES`]. The cost of key derivation is checked before the
/// derivation starts.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let pki = pki::pki();
/// # let (chain_pem, key_pem, ca_pem, crl_pem) = (&pki.client, &pki.client_key, &pki.ca, &pki.crl);
/// use mtls::material::{Input, KeyPermissions};
/// use mtls::{Loader, MtlsIdentity};
///
/// let loader = Loader::new().repair_chain(true).key_permissions(KeyPermissions::Deny);
/// let chain = loader.load_chain(Input::bytes(chain_pem))?;
/// let identity = MtlsIdentity::new(chain, loader.load_key(Input::bytes(key_pem))?)?;
/// let anchors = loader.load_anchors(Input::bytes(ca_pem))?;
/// let lists = loader.load_revocation_lists(Input::bytes(crl_pem))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Loader {
    passphrase: Option<Passphrase>,
    friendly_name: Option<String>,
    repairs_chain: bool,
    key_permissions: KeyPermissions,
}

impl Loader {
    /// Creates a loader without a passphrase that repairs nothing and warns about insecure files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the passphrase, which is read only for encrypted data and PKCS#12.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Passphrase) -> Self {
        self.passphrase = Some(passphrase);
        self
    }

    /// Sets the friendly name of the private key to load from PKCS#12 (RFC 7292, section 4.2).
    ///
    /// `openssl pkcs12 -name` and the aliases of `keytool` write this name. It is compared exactly;
    /// `keytool` turns its aliases into lower case. If the key has no name, the name
    /// of its certificate is compared. Other encodings ignore the name.
    #[must_use]
    pub fn friendly_name(mut self, name: impl Into<String>) -> Self {
        self.friendly_name = Some(name.into());
        self
    }

    /// Sets whether to put a chain in order for its key: see [`CertificateChain::repaired`].
    ///
    /// The default is `false`. Each repair is an [`IdentityWarning::ChainRepaired`] among the
    /// identity's warnings.
    #[must_use]
    pub fn repair_chain(mut self, yes: bool) -> Self {
        self.repairs_chain = yes;
        self
    }

    /// Sets what happens if others can read or write a key file.
    ///
    /// The default is [`KeyPermissions::Warn`].
    #[must_use]
    pub fn key_permissions(mut self, permissions: KeyPermissions) -> Self {
        self.key_permissions = permissions;
        self
    }

    /// Loads a chain and its key from one input: a PEM bundle or PKCS#12.
    ///
    /// In a bundle the key may be anywhere. The leaf must be the first certificate, unless the
    /// chain is [repaired](Self::repair_chain).
    ///
    /// ```no_run
    /// use mtls::{Loader, Passphrase};
    ///
    /// let loader = Loader::new().passphrase(Passphrase::from_file("/run/secrets/p12"));
    /// let identity = loader.friendly_name("web").load_identity("client.p12")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is damaged or has another format, which the
    /// error names; the passphrase is missing or wrong; a limit is exceeded; a PKCS#12 holds no
    /// identity, several, or none of the given name; and the errors of [`MtlsIdentity::new`].
    pub fn load_identity(&self, input: impl Into<Input>) -> Result<MtlsIdentity, MaterialError> {
        let read = |content: super::input::file::FileContent| {
            let name = self.friendly_name.as_deref();
            let identity = match IdentityInput::read(&content.bytes, self.secret(), name)? {
                IdentityInput::Arranged(identity) => identity,
                IdentityInput::Parts(chain, key) => self.pair(chain, key)?,
            };
            self.check_permissions(identity.exposed(content.exposure)?)
        };
        input.into().read(CertificateChain::MAX_INPUT_BYTES, read)
    }

    /// Loads a chain from one input and its key from another.
    ///
    /// ```no_run
    /// use mtls::{Loader, Passphrase};
    ///
    /// let loader = Loader::new().passphrase(Passphrase::from_env("KEY_PASSPHRASE"));
    /// let identity = loader.load_key_pair("client.crt", "client.key")?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`load_chain`](Self::load_chain), [`load_key`](Self::load_key) and
    /// [`MtlsIdentity::new`]; each names the input or both files.
    pub fn load_key_pair(
        &self,
        chain: impl Into<Input>,
        key: impl Into<Input>,
    ) -> Result<MtlsIdentity, MaterialError> {
        let (chain_input, key_input) = (chain.into(), key.into());
        let given = chain_input.read(CertificateChain::MAX_INPUT_BYTES, |content| {
            CertificateInput::read(&content.bytes)
        })?;
        // The permissions are checked below, where the error names both files.
        let key = self.read_key(&key_input, Ok)?;
        let build = || match given {
            CertificateInput::Listed(chain) => self.pair(chain, key),
            // Certificates without an order are not a chain in the wrong order.
            CertificateInput::Set(all) => MtlsIdentity::new(chain_of(all, &key)?, key),
        };
        let identity = build().and_then(|identity| self.check_permissions(identity));
        match (chain_input.as_file(), key_input.as_file()) {
            (Some(chain), Some(key)) => {
                identity.map_err(|error| error.with_origin(pairs::pair(&chain, &key)))
            }
            _ => identity,
        }
    }

    /// Loads a certificate chain, the leaf first: PEM, one certificate in DER, or PKCS#7.
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is damaged or has another format, which the
    /// error names; a PKCS#7 has no leaf or more than one; a limit is exceeded.
    pub fn load_chain(&self, input: impl Into<Input>) -> Result<CertificateChain, MaterialError> {
        input.into().read(
            CertificateChain::MAX_INPUT_BYTES,
            |content| match CertificateInput::read(&content.bytes)? {
                CertificateInput::Listed(chain) => Ok(chain),
                CertificateInput::Set(all) => CertificateChain::checked(pkcs7::chain(all)?),
            },
        )
    }

    /// Loads the one private key of an input: PEM or DER, encrypted or not.
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is damaged or has another format, which the
    /// error names; it is encrypted and the passphrase is missing or wrong; decrypting it would
    /// cost more than the limits of [`PrivateKey`]; others can access its file, or that of its
    /// passphrase, under [`KeyPermissions::Deny`].
    pub fn load_key(&self, input: impl Into<Input>) -> Result<PrivateKey, MaterialError> {
        self.read_key(&input.into(), |key| match self.key_permissions {
            KeyPermissions::Warn => Ok(key),
            KeyPermissions::Ignore => Ok(key.without_exposure()),
            KeyPermissions::Deny => {
                let exposure = key.exposure().or(key.passphrase_exposure());
                exposure.map_or(Ok(()), insecure)?;
                Ok(key)
            }
        })
    }

    fn read_key(
        &self,
        input: &Input,
        check: impl FnOnce(PrivateKey) -> Result<PrivateKey, MaterialError>,
    ) -> Result<PrivateKey, MaterialError> {
        let read = |content: super::input::file::FileContent| {
            let key = match DetectedFormat::of(&content.bytes) {
                DetectedFormat::Der(shape) if ExpectedContent::Key.is(shape) => {
                    encryption::from_der(&content.bytes, self.secret())
                }
                DetectedFormat::Text => {
                    let sections = pem::sections(&content.bytes, PrivateKey::MAX_SECTIONS);
                    let sections = sections.map_err(neither)?;
                    let key = key::only_key(&sections, ExpectedContent::Key)?;
                    encryption::from_section(key, self.secret())
                }
                found => Err(rejected(found, ExpectedContent::Key)),
            };
            check(key?.exposed(content.exposure))
        };
        input.read(PrivateKey::MAX_INPUT_BYTES, read)
    }

    /// Loads trust anchors: PEM, DER, PKCS#7, PKCS#12 or a [directory](Input::directory).
    ///
    /// DER holds one certificate. A PKCS#12 must have no private key, like a trust store of Java:
    /// with one it is an identity, whose CAs were not meant to be trusted, and is rejected. Every
    /// file in a directory has to load; links are followed, equal certificates count once, and
    /// names that begin with a dot are skipped. A directory has at most
    /// [`TrustAnchors::MAX_DIRECTORY_ENTRIES`] entries.
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is damaged or has another format, which the
    /// error names; it holds no certificate; the passphrase is missing or wrong; a limit is
    /// exceeded. An error in a file of a directory names that file.
    pub fn load_anchors(&self, input: impl Into<Input>) -> Result<TrustAnchors, MaterialError> {
        let input = input.into();
        if let Some(path) = input.as_directory() {
            return directory::anchors(path, |bytes| self.anchors_in(bytes));
        }
        let anchors = input.read(TrustAnchors::MAX_INPUT_BYTES, |content| {
            self.anchors_in(&content.bytes)
        });
        match input.as_file() {
            Some(path) => anchors.map_err(|error| anchors::name_directory(error, &path)),
            None => anchors,
        }
    }

    /// Loads revocation lists: PEM, or one list in DER.
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is damaged or has another format, which the
    /// error names; a list cannot be used; a limit is exceeded.
    pub fn load_revocation_lists(
        &self,
        input: impl Into<Input>,
    ) -> Result<RevocationLists, MaterialError> {
        input.into().read(
            RevocationLists::MAX_INPUT_BYTES,
            |content| match DetectedFormat::of(&content.bytes) {
                DetectedFormat::Text => RevocationLists::from_pem(&content.bytes).map_err(neither),
                DetectedFormat::Der(shape) if ExpectedContent::RevocationLists.is(shape) => {
                    RevocationLists::from_der([content.bytes.to_vec().into()])
                }
                found => Err(rejected(found, ExpectedContent::RevocationLists)),
            },
        )
    }

    fn anchors_in(&self, bytes: &[u8]) -> Result<TrustAnchors, MaterialError> {
        let most = TrustAnchors::MAX_CERTIFICATES;
        let certificates = certificates_in(bytes, most, ExpectedContent::Anchors, self.secret())?;
        TrustAnchors::checked(match certificates {
            Certificates::Listed(anchors) => anchors,
            Certificates::Pkcs7(der) => pkcs7::certificates(&der, most)?,
        })
    }

    fn pair(
        &self,
        chain: CertificateChain,
        key: PrivateKey,
    ) -> Result<MtlsIdentity, MaterialError> {
        if !self.repairs_chain {
            return MtlsIdentity::new(chain, key);
        }
        let (chain, repairs) = chain.repaired(&key)?;
        let repairs = repairs.into_iter().map(IdentityWarning::ChainRepaired);
        Ok(MtlsIdentity::new(chain, key)?.with_warnings(repairs))
    }

    fn check_permissions(&self, identity: MtlsIdentity) -> Result<MtlsIdentity, MaterialError> {
        match self.key_permissions {
            KeyPermissions::Warn => Ok(identity),
            KeyPermissions::Ignore => Ok(identity.without_exposure()),
            KeyPermissions::Deny => {
                identity.exposure().map_or(Ok(()), insecure)?;
                Ok(identity)
            }
        }
    }

    fn secret(&self) -> Option<&Passphrase> {
        self.passphrase.as_ref()
    }
}

fn insecure(exposure: &InsecurePermissions) -> Result<(), MaterialError> {
    Err(MaterialProblem::InsecurePermissions {
        path: exposure.path.clone(),
        mode: exposure.mode,
    }
    .into())
}
