//! Recognition of an input's whole content, for tools.

use pki_types::CertificateDer;

use super::Loader;
use super::detect::{neither, rejected};
use super::input::Input;
use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::chain::certificates;
use crate::material::container::{pkcs7, pkcs12};
use crate::material::describe::{CertificateRequest, PublicKeyDescription};
use crate::material::encryption;
use crate::material::identity::MtlsIdentity;
use crate::material::input::der_shape::DerShape;
use crate::material::input::format::DetectedFormat;
use crate::material::input::permissions::InsecurePermissions;
use crate::material::key::PrivateKey;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::{self, Section, label, unexpected_input};
use crate::material::revocation::RevocationLists;
use crate::x509::PublicKey;

/// The most encrypted keys that are opened: each may cost some seconds.
const MAX_OPENED_KEYS: usize = 4;

/// Everything that an input holds, as [`Loader::inspect`] finds it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Inspection {
    /// What can be read.
    pub contents: Vec<Content>,
    /// What cannot be read, or does not belong there.
    pub faults: Vec<MaterialError>,
    /// Set if others can read or write the file, and a private key is in it.
    pub insecure_permissions: Option<InsecurePermissions>,
    /// Set if the same holds of the file of the passphrase that opened a private key.
    pub insecure_passphrase_file: Option<InsecurePermissions>,
}

/// One thing that an input holds.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// All certificates, in the order of the input.
    Certificates {
        /// The certificates in DER, each well-formed; never empty.
        certificates: Vec<CertificateDer<'static>>,
        /// Whether their order means something; it does not in PKCS#7 and PKCS#12.
        is_ordered: bool,
    },
    /// PKCS#12 that only a passphrase opens, and there is none.
    EncryptedContainer,
    /// A private key that only a passphrase opens, and there is none.
    EncryptedKey {
        /// The names of the algorithms; `None` if they cannot be read.
        encryption: Option<String>,
    },
    /// The identity of a PKCS#12 container.
    Identity(MtlsIdentity),
    /// A private key.
    Key(PrivateKey),
    /// Parameters, which loading ignores.
    Parameters {
        /// The label of the PEM section.
        label: String,
    },
    /// A public key.
    PublicKey(PublicKeyDescription),
    /// A certificate request.
    Request(CertificateRequest),
    /// All revocation lists.
    RevocationLists(RevocationLists),
}

impl Loader {
    /// Reads everything that an input holds, whatever it is.
    ///
    /// For tools that show a file. Each PEM section counts for itself: a damaged one is among the
    /// [`faults`](Inspection::faults), and does not hide the others. Certificates are not put in
    /// order, and a key is not paired with them. An encrypted key without a passphrase is no fault.
    /// At most 4 encrypted keys are opened, and at most [`PrivateKey::MAX_SECTIONS`] are read.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let bundle = format!("{}{}", pki::pki().client, pki::pki().client_key);
    /// use mtls::Loader;
    /// use mtls::material::{Content, Input};
    ///
    /// let inspection = Loader::new().inspect(Input::bytes(bundle))?;
    /// assert!(inspection.faults.is_empty());
    /// for content in inspection.contents {
    ///     match content {
    ///         Content::Certificates { certificates, .. } => assert_eq!(certificates.len(), 1),
    ///         Content::Key(key) => println!("a key of {}", key.key_type()),
    ///         other => println!("{other:?}"),
    ///     }
    /// }
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaterialError`]: the input cannot be read, is longer than
    /// [`RevocationLists::MAX_INPUT_BYTES`], is of no format that is read here, which the error
    /// names, or it has damaged marker lines.
    pub fn inspect(&self, input: impl Into<Input>) -> Result<Inspection, MaterialError> {
        let input = input.into();
        let inspection = input.read(RevocationLists::MAX_INPUT_BYTES, |content| {
            let mut inspection = self.inspect_bytes(&content.bytes)?;
            if inspection.contents.iter().any(Content::is_secret) {
                inspection.insecure_permissions = content.exposure;
            }
            Ok(inspection)
        })?;
        let Some(path) = input.as_file() else {
            return Ok(inspection);
        };
        let faults = inspection.faults.into_iter();
        Ok(Inspection {
            faults: faults.map(|fault| fault.in_file(&path)).collect(),
            ..inspection
        })
    }

    fn inspect_bytes(&self, bytes: &[u8]) -> Result<Inspection, MaterialError> {
        let mut collector = Collector::new(self);
        match DetectedFormat::of(bytes) {
            DetectedFormat::Der(shape)
            | DetectedFormat::Ber(shape @ (DerShape::Pkcs7 | DerShape::Pkcs12)) => {
                collector.add_der(shape, bytes);
            }
            DetectedFormat::Text => {
                let sections = pem::sections(bytes, TrustAnchors::MAX_CERTIFICATES);
                for section in sections.map_err(neither)? {
                    collector.add_section(&section);
                }
            }
            found => return Err(rejected(found, ExpectedContent::Anything)),
        }
        Ok(collector.finish())
    }
}

impl Content {
    fn is_secret(&self) -> bool {
        matches!(self, Self::Identity(_) | Self::Key(_))
            || matches!(self, Self::EncryptedContainer | Self::EncryptedKey { .. })
    }
}

/// Collects what is read; certificates and lists together, whatever stands between them.
struct Collector<'l> {
    loader: &'l Loader,
    found: Inspection,
    certificates: Vec<CertificateDer<'static>>,
    lists: Vec<RevocationLists>,
    keys: usize,
    opened: usize,
}

impl<'l> Collector<'l> {
    fn new(loader: &'l Loader) -> Self {
        Self {
            loader,
            found: Inspection::default(),
            certificates: Vec::new(),
            lists: Vec::new(),
            keys: 0,
            opened: 0,
        }
    }

    fn add_section(&mut self, section: &Section<'_>) {
        let added = match section.label {
            label::CERTIFICATE => section.decode_public().and_then(|der| {
                certificates::check_shape(&der).map_err(|problem| section.error(problem))?;
                self.certificates.push(der.into());
                Ok(())
            }),
            label::X509_CRL => section.decode_public().and_then(|der| {
                let list = RevocationLists::from_der([der.into()]);
                self.lists
                    .push(list.map_err(|error| error.at(section.place()))?);
                Ok(())
            }),
            label::PKCS12 => section.decode().and_then(|der| self.container(&der)),
            label if label::is_pkcs7(label) => section.decode().and_then(|der| self.set(&der)),
            label if label::is_request(label) => section.decode().and_then(|der| {
                let request = CertificateRequest::read(&der);
                let request = request.map_err(|problem| section.error(problem))?;
                self.found.contents.push(Content::Request(request));
                Ok(())
            }),
            label::PUBLIC_KEY => section.decode().and_then(|der| {
                let key = public_key(&der).map_err(|problem| section.error(problem))?;
                self.found.contents.push(key);
                Ok(())
            }),
            label if label::is_parameters(label) => {
                let label = label.to_owned();
                self.found.contents.push(Content::Parameters { label });
                Ok(())
            }
            label => match label::sort(label, ExpectedContent::Anything) {
                Ok(_) => self.key(
                    || encryption::describe_section(section),
                    |loader| encryption::from_section(section, loader.secret()),
                ),
                Err(problem) => Err(section.error(problem)),
            },
        };
        self.found.faults.extend(added.err());
    }

    fn add_der(&mut self, shape: DerShape, der: &[u8]) {
        let added = match shape {
            DerShape::Certificate => certificates::check_shape(der)
                .map(|()| self.certificates.push(der.to_vec().into()))
                .map_err(MaterialError::from),
            DerShape::CertificateRequest => CertificateRequest::read(der)
                .map(|request| self.found.contents.push(Content::Request(request)))
                .map_err(MaterialError::from),
            DerShape::Dsa
            | DerShape::EncryptedPkcs8
            | DerShape::Pkcs1
            | DerShape::Pkcs8
            | DerShape::Sec1 => self.key(
                || encryption::describe_der(der),
                |loader| encryption::from_der(der, loader.secret()),
            ),
            DerShape::Pkcs7 => self.set(der),
            DerShape::Pkcs12 => self.container(der),
            DerShape::PublicKey => public_key(der)
                .map(|key| self.found.contents.push(key))
                .map_err(MaterialError::from),
            DerShape::RevocationList => {
                RevocationLists::from_der([der.to_vec().into()]).map(|list| self.lists.push(list))
            }
        };
        self.found.faults.extend(added.err());
    }

    /// Adds a private key, or that it is encrypted.
    fn key(
        &mut self,
        describe: impl Fn() -> Option<String>,
        read: impl Fn(&Loader) -> Result<PrivateKey, MaterialError>,
    ) -> Result<(), MaterialError> {
        self.keys = self.keys.saturating_add(1);
        check_count(self.keys, PrivateKey::MAX_SECTIONS, "private keys")?;
        let encryption = describe();
        if encryption.is_some() && self.loader.passphrase.is_some() {
            self.opened = self.opened.saturating_add(1);
            check_count(self.opened, MAX_OPENED_KEYS, "encrypted private keys")?;
        }
        let content = match read(self.loader) {
            Ok(key) => {
                let exposure = key.passphrase_exposure().cloned();
                self.found.insecure_passphrase_file = exposure;
                Content::Key(key)
            }
            Err(error) if matches!(error.problem(), MaterialProblem::EncryptedKey) => {
                Content::EncryptedKey { encryption }
            }
            Err(error) => return Err(error),
        };
        self.found.contents.push(content);
        Ok(())
    }

    /// Adds the certificates of PKCS#7.
    fn set(&mut self, der: &[u8]) -> Result<(), MaterialError> {
        let certificates = pkcs7::certificates(der, TrustAnchors::MAX_CERTIFICATES)?;
        self.found.contents.push(Content::Certificates {
            certificates,
            is_ordered: false,
        });
        Ok(())
    }

    /// Adds what PKCS#12 holds: an identity, or certificates alone.
    fn container(&mut self, der: &[u8]) -> Result<(), MaterialError> {
        self.opened = self.opened.saturating_add(1);
        check_count(self.opened, MAX_OPENED_KEYS, "containers")?;
        let (passphrase, name) = (self.loader.secret(), self.loader.friendly_name.as_deref());
        let content = match pkcs12::open(der, passphrase, name) {
            Ok(identity) => Content::Identity(identity),
            Err(error) => match error.problem() {
                MaterialProblem::PassphraseMissing => Content::EncryptedContainer,
                MaterialProblem::NoKey => Content::Certificates {
                    certificates: pkcs12::anchors(der, passphrase)?.as_slice().to_vec(),
                    is_ordered: false,
                },
                _ => return Err(error),
            },
        };
        self.found.contents.push(content);
        Ok(())
    }

    fn finish(self) -> Inspection {
        let mut found = self.found;
        let mut first = Vec::new();
        if !self.certificates.is_empty() {
            first.push(Content::Certificates {
                certificates: self.certificates,
                is_ordered: true,
            });
        }
        if !self.lists.is_empty() {
            match RevocationLists::join(self.lists) {
                Ok(lists) => first.push(Content::RevocationLists(lists)),
                Err(error) => found.faults.push(error),
            }
        }
        found.contents.splice(0..0, first);
        found
    }
}

fn public_key(der: &[u8]) -> Result<Content, MaterialProblem> {
    match PublicKey::from_spki(der) {
        Ok(key) => Ok(Content::PublicKey(PublicKeyDescription::of(&key))),
        Err(_) => Err(unexpected_input::instead(
            DerShape::PublicKey,
            ExpectedContent::Anything,
        )),
    }
}

fn check_count(count: usize, limit: usize, what: &'static str) -> Result<(), MaterialProblem> {
    if count > limit {
        return Err(MaterialProblem::TooMany { limit, what });
    }
    Ok(())
}
