//! PKCS#12 containers (RFC 7292): `.p12` and `.pfx` files, and the key stores of Java.

mod attributes;
mod bags;
mod choose;
mod container;
mod crypt;
mod elements;
mod mac;
mod pbmac1;

use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::chain::{CertificateChain, certificates, chain_order};
use crate::material::identity::MtlsIdentity;
use crate::material::input::der_shape::DerShape;
use crate::material::input::file;
use crate::material::input::format::DetectedFormat;
use crate::material::input::passphrase::{Passphrase, PassphraseUse};
use crate::material::input::permissions::InsecurePermissions;
use crate::material::key::PrivateKey;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, label, unexpected_input};
use bags::Bags;
use container::Container;

/// PKCS#12 containers (cargo feature `pkcs12`).
impl MtlsIdentity {
    /// Reads a PKCS#12 container (RFC 7292): the private key, its certificate and the way up from
    /// it.
    ///
    /// It has to be in DER or BER (or that in a PEM section `PKCS12`, as certtool writes it), of
    /// version 3, with a MAC by the key derivation of PKCS#12 (SHA-1 or SHA-2) or by PBMAC1 (RFC
    /// 9579: PBKDF2 and HMAC), which is verified before anything is decrypted. Understood are
    /// PBES2, as [`PrivateKey::from_encrypted_pem`] has it, 3DES and RC2 under SHA-1, and no
    /// encryption: what `openssl`, `certtool`, `keytool`, Windows, NSS (Firefox, Thunderbird) and
    /// BouncyCastle write, now and before.
    ///
    /// A container without a MAC, in which anybody may change anything, is read where nothing in it
    /// is encrypted and the passphrase is empty; [`from_bytes`](Self::from_bytes) takes none at
    /// all.
    ///
    /// A container says nothing about order. So the leaf is the certificate of the private key, and
    /// the chain is put together from it by names and key identifiers. A root is not presented, and
    /// certificates that lead nowhere are left out. Of several keys one is taken if it is the only
    /// one with a certificate that is no CA's; otherwise see
    /// [`from_pkcs12_named`](Self::from_pkcs12_named).
    ///
    /// Taken at most are [`PrivateKey::MAX_INPUT_BYTES`], and for all its parts together
    /// [`PrivateKey::MAX_KDF_ITERATIONS`] rounds of key derivation, counted before they are begun.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let der = std::fs::read("client.p12")?;
    /// let identity = MtlsIdentity::from_pkcs12(&der, &Passphrase::new("correct horse"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MaterialError`] when it is damaged or something else, the passphrase is wrong, something
    /// in it is of a kind that is not read, there is no or more than one identity in it, or a limit
    /// is exceeded; and the errors of [`new`](Self::new).
    pub fn from_pkcs12(der: &[u8], passphrase: &Passphrase) -> Result<Self, MaterialError> {
        identity(der, Some(passphrase))
    }

    /// Reads a file as [`from_pkcs12`](Self::from_pkcs12) reads bytes.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let passphrase = Passphrase::from_env("CLIENT_P12_PASSPHRASE");
    /// let identity = MtlsIdentity::from_pkcs12_file("client.p12", &passphrase)?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`from_pkcs12`](Self::from_pkcs12), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_pkcs12_file(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), PrivateKey::MAX_INPUT_BYTES, |file| {
            open(&file.bytes, Some(passphrase), None, file.exposure)
        })
    }

    /// Reads one identity of a container with several, as [`from_pkcs12`](Self::from_pkcs12) reads
    /// the only one.
    ///
    /// The friendly name (RFC 7292, section 4.2) is what `openssl pkcs12 -name` and the aliases of
    /// `keytool` write, compared exactly: `keytool` turns its aliases into lower case. Where the
    /// private key has none, the one of its certificate counts.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let der = std::fs::read("keystore.p12")?;
    /// let passphrase = Passphrase::new("changeit");
    /// let identity = MtlsIdentity::from_pkcs12_named(&der, &passphrase, "client")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`from_pkcs12`](Self::from_pkcs12), and [`MaterialError`] when no private key in it
    /// has the name, or more than one.
    pub fn from_pkcs12_named(
        der: &[u8],
        passphrase: &Passphrase,
        friendly_name: &str,
    ) -> Result<Self, MaterialError> {
        open(der, Some(passphrase), Some(friendly_name), None)
    }

    /// Reads a file as [`from_pkcs12_named`](Self::from_pkcs12_named) reads bytes.
    ///
    /// ```no_run
    /// use mtls::{MtlsIdentity, Passphrase};
    ///
    /// let passphrase = Passphrase::from_file("/run/secrets/keystore-passphrase");
    /// let identity =
    ///     MtlsIdentity::from_pkcs12_named_file("keystore.p12", &passphrase, "client")?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`from_pkcs12_named`](Self::from_pkcs12_named), and those of reading; each
    /// names the file. Only regular files are read.
    pub fn from_pkcs12_named_file(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
        friendly_name: &str,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), PrivateKey::MAX_INPUT_BYTES, |file| {
            open(
                &file.bytes,
                Some(passphrase),
                Some(friendly_name),
                file.exposure,
            )
        })
    }
}

/// PKCS#12 containers (cargo feature `pkcs12`).
impl TrustAnchors {
    /// Reads every certificate of a PKCS#12 container without private keys (RFC 7292), such as a
    /// trust store of Java.
    ///
    /// What is understood, and the limits, are those of [`MtlsIdentity::from_pkcs12`]. A container
    /// with a private key is somebody's identity: whoever its certificates vouch for was not meant
    /// to be trusted, so it is refused. Names and purposes beside the certificates are not looked
    /// at. A store without a passphrase is read by [`from_bytes`](Self::from_bytes), too.
    ///
    /// ```no_run
    /// use mtls::{Passphrase, TrustAnchors};
    ///
    /// let der = std::fs::read("truststore.p12")?;
    /// let anchors = TrustAnchors::from_pkcs12(&der, &Passphrase::new("changeit"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MaterialError`] when it is damaged or something else, the passphrase is wrong, something
    /// in it is of a kind that is not read, there is a private key or no certificate in it, or a
    /// limit is exceeded.
    pub fn from_pkcs12(der: &[u8], passphrase: &Passphrase) -> Result<Self, MaterialError> {
        anchors(der, Some(passphrase))
    }

    /// Reads a file as [`from_pkcs12`](Self::from_pkcs12) reads bytes.
    ///
    /// ```no_run
    /// use mtls::{Passphrase, TrustAnchors};
    ///
    /// let passphrase = Passphrase::from_file("/run/secrets/truststore-passphrase");
    /// let anchors = TrustAnchors::from_pkcs12_file("truststore.p12", &passphrase)?;
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`from_pkcs12`](Self::from_pkcs12), and those of reading; each names the file.
    /// Only regular files are read.
    pub fn from_pkcs12_file(
        path: impl AsRef<Path>,
        passphrase: &Passphrase,
    ) -> Result<Self, MaterialError> {
        file::load(path.as_ref(), PrivateKey::MAX_INPUT_BYTES, |file| {
            Self::from_pkcs12(&file.bytes, passphrase)
        })
    }
}

/// The only identity of a container.
pub(crate) fn identity(
    der: &[u8],
    passphrase: Option<&Passphrase>,
) -> Result<MtlsIdentity, MaterialError> {
    open(der, passphrase, None, None)
}

/// The certificates of a container that takes no passphrase.
pub(crate) fn open_anchors(der: &[u8]) -> Result<TrustAnchors, MaterialError> {
    anchors(der, None).map_err(|error| match error.problem() {
        // Where the passphrase can be given, too.
        MaterialProblem::PassphraseMissing => {
            unexpected_input::instead(DerShape::Pkcs12, ExpectedContent::Anchors).into()
        }
        _ => error,
    })
}

/// The certificates of a container without private keys.
fn anchors(der: &[u8], passphrase: Option<&Passphrase>) -> Result<TrustAnchors, MaterialError> {
    let asked = passphrase.map(Passphrase::asked);
    let unwrapped = unwrapped(der)?;
    let der = unwrapped.as_ref().map_or(der, |inner| inner.as_slice());
    let container = Container::open(der, asked.as_ref())?;
    let bags = Bags::read(&container.safes)?;
    if !bags.keys.is_empty() {
        return Err(MaterialProblem::IdentityInsteadOfAnchors.into());
    }
    check_protection(&container, asked.as_ref())?;
    TrustAnchors::from_der(bags.certificates.into_iter().map(|c| c.der))
}

/// Who gives a passphrase relies on it, and without a MAC it protects nothing. An empty one
/// protects no more than none.
fn check_protection(
    container: &Container,
    asked: Option<&PassphraseUse<'_>>,
) -> Result<(), MaterialProblem> {
    match asked {
        Some(asked) if container.password.is_none() && !asked.reveal()?.is_empty() => {
            Err(MaterialProblem::Pkcs12PassphraseWithoutMac)
        }
        _ => Ok(()),
    }
}

/// The container in a PEM section `PKCS12`, as certtool writes it unless it is told otherwise.
fn unwrapped(input: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialError> {
    file::check_size(input, PrivateKey::MAX_INPUT_BYTES)?;
    if DetectedFormat::of(input) != DetectedFormat::Text {
        return Ok(None);
    }
    match pem::sections(input, 1).as_deref() {
        Ok([only]) if only.label == label::PKCS12 => only.decode().map(Some),
        _ => Ok(None),
    }
}

/// The identity of that name, or else the only one.
fn open(
    der: &[u8],
    passphrase: Option<&Passphrase>,
    name: Option<&str>,
    exposure: Option<InsecurePermissions>,
) -> Result<MtlsIdentity, MaterialError> {
    let asked = passphrase.map(Passphrase::asked);
    let unwrapped = unwrapped(der)?;
    let der = unwrapped.as_ref().map_or(der, |inner| inner.as_slice());
    let mut container = Container::open(der, asked.as_ref())?;
    let bags = Bags::read(&container.safes)?;
    let all = bags.certificates.iter().map(|c| c.der.clone());
    let all = certificates::from_der(all, PrivateKey::MAX_INPUT_BYTES, ExpectedContent::Bundle)?;
    let (key, leaf) = choose::pair(&bags, name, |key| {
        key.open(container.password.as_ref(), &mut container.budget)
    })?;
    check_protection(&container, asked.as_ref())?;
    let path = chain_order::path(&all, leaf)?;
    let chain = path.into_iter().filter_map(|at| all.get(at).cloned());
    let key = match asked {
        Some(asked) => asked.opened(key),
        None => key,
    };
    MtlsIdentity::new(
        CertificateChain::checked(chain.collect())?,
        key.exposed(exposure),
    )
}
