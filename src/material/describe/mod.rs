//! Descriptions of identities and anchors, for start-up logs and for operators.

mod certificate;
mod request;

use core::fmt;
use core::time::Duration;

use pki_types::{CertificateDer, UnixTime};

use super::anchors::TrustAnchors;
use super::chain::CertificateChain;
use super::chain::certificates::view;
use super::identity::MtlsIdentity;
use super::identity_warning::IdentityWarning;
use super::key::key_type::KeyType;
use crate::x509::rfc4514;

pub use certificate::{AlternativeName, CertificateDescription};
pub use request::{CertificateRequest, PublicKeyDescription, RequestDescription};

/// The contents of a [`CertificateChain`]; `Display` writes several lines.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().clone();
/// let described = chain.describe();
/// assert_eq!(described.certificates[0].issuer, "CN=Example CA");
/// assert_eq!(described.missing_issuer.as_deref(), Some("CN=Example CA"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChainDescription {
    /// The certificates, the leaf first.
    pub certificates: Vec<CertificateDescription>,
    /// The issuer (RFC 4514) of the last certificate.
    ///
    /// Every peer must have it, usually as a trust anchor. `None` if that certificate names itself
    /// as its issuer.
    pub missing_issuer: Option<String>,
}

/// The contents of an [`MtlsIdentity`]; `Display` writes several lines.
///
/// It holds nothing secret: the certificates that every peer receives, and the kind and place of
/// the key.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let identity = pki::client_identity();
/// use mtls::material::KeyType;
///
/// let described = identity.describe();
/// assert_eq!((described.key, described.is_key_external), (KeyType::EcdsaP256, false));
/// assert!(described.to_string().starts_with("leaf: "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IdentityDescription {
    /// The certificates, the leaf first.
    pub certificates: Vec<CertificateDescription>,
    /// The kind of the private key.
    pub key: KeyType,
    /// Whether the private key is a [`SigningKey`](crate::material::SigningKey).
    pub is_key_external: bool,
    /// The faults that should be fixed.
    pub warnings: Vec<IdentityWarning>,
    /// The issuer (RFC 4514) of the last certificate.
    ///
    /// Every peer must have it, usually as a trust anchor. `None` if that certificate names itself
    /// as its issuer.
    pub missing_issuer: Option<String>,
}

/// The contents of [`TrustAnchors`]; `Display` writes several lines.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let anchors = pki::anchors();
/// let described = anchors.describe();
/// assert!(described.certificates[0].is_ca);
/// assert!(described.to_string().starts_with("trust anchor 0: CN=Example CA\n"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AnchorsDescription {
    /// The certificates, in the order in which they were given.
    pub certificates: Vec<CertificateDescription>,
}

impl CertificateChain {
    /// Describes the chain, for a log or an operator. Parses every certificate again.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls::MaterialError> {
    /// let chain = mtls::CertificateChain::from_file("client.crt")?;
    /// println!("{}", chain.describe());
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe(&self) -> ChainDescription {
        let last = self.as_slice().last().and_then(|der| view(der).ok());
        ChainDescription {
            certificates: describe_all(self.as_slice()),
            missing_issuer: last
                .filter(|last| !last.is_self_issued())
                .map(|last| rfc4514(last.issuer)),
        }
    }
}

impl MtlsIdentity {
    /// Describes the identity, for a log or an operator.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls::MaterialError> {
    /// let identity = mtls::MtlsIdentity::from_files("client.crt", "client.key")?;
    /// println!("{}", identity.describe());
    /// // leaf: CN=payments
    /// //   issuer: CN=Example CA
    /// //   name: URI:spiffe://prod.example/payments
    /// //   serial number: 4D544C5300000001
    /// //   valid: 2026-03-01T00:00:00Z to 2026-05-30T00:00:00Z
    /// //   ..
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe(&self) -> IdentityDescription {
        let chain = self.chain().describe();
        IdentityDescription {
            certificates: chain.certificates,
            key: self.key_type(),
            is_key_external: self.signing_key().is_some(),
            warnings: self.warnings().to_vec(),
            missing_issuer: chain.missing_issuer,
        }
    }

    /// Returns the time until the earliest expiry in the chain.
    ///
    /// `None` if one has expired. The second of `notAfter` is the last in which a certificate is
    /// valid (RFC 5280, section 4.1.2.5): then this is zero, and one second later `None`.
    /// `notBefore` is not checked.
    ///
    /// ```no_run
    /// # fn f(identity: mtls::MtlsIdentity) {
    /// use mtls::pki_types::UnixTime;
    /// match identity.expires_in(UnixTime::now()) {
    ///     None => eprintln!("our certificate has expired"),
    ///     Some(left) if left.as_secs() < 7 * 86_400 => eprintln!("our certificate expires this week"),
    ///     Some(_) => {}
    /// }
    /// # }
    /// ```
    pub fn expires_in(&self, now: UnixTime) -> Option<Duration> {
        expires_in(self.chain().as_slice(), now)
    }
}

impl TrustAnchors {
    /// Describes the anchors, for a log or an operator. Parses every certificate again.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls::MaterialError> {
    /// let anchors = mtls::TrustAnchors::from_file("ca.crt")?;
    /// for anchor in anchors.describe().certificates {
    ///     println!("{} (CA: {})", anchor.subject, anchor.is_ca);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe(&self) -> AnchorsDescription {
        AnchorsDescription {
            certificates: describe_all(self.as_slice()),
        }
    }

    /// Returns the time until the first anchor expires.
    ///
    /// `None` if one has expired. That one no longer authenticates peers; the others still do. The
    /// second of `notAfter` is the last in which a certificate is valid (RFC 5280, section
    /// 4.1.2.5): then this is zero, and one second later `None`. Parses every certificate again.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls::MaterialError> {
    /// let anchors = mtls::TrustAnchors::from_file("ca.crt")?;
    /// if anchors.expires_in(mtls::pki_types::UnixTime::now()).is_none() {
    ///     eprintln!("a trust anchor has expired");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn expires_in(&self, now: UnixTime) -> Option<Duration> {
        expires_in(self.as_slice(), now)
    }
}

/// Describes certificates that were readable when they were loaded.
fn describe_all(certificates: &[CertificateDer<'static>]) -> Vec<CertificateDescription> {
    certificates
        .iter()
        .filter_map(|der| Some(CertificateDescription::of(der, &view(der).ok()?)))
        .collect()
}

fn expires_in(certificates: &[CertificateDer<'static>], now: UnixTime) -> Option<Duration> {
    let ends = certificates
        .iter()
        .map(|der| view(der).map_or(0, |certificate| certificate.not_after.as_secs()));
    ends.min()?
        .checked_sub(now.as_secs())
        .map(Duration::from_secs)
}

impl fmt::Display for ChainDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_chain(f, &self.certificates)?;
        write_missing_issuer(f, self.missing_issuer.as_deref())
    }
}

impl fmt::Display for IdentityDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_chain(f, &self.certificates)?;
        let place = if self.is_key_external {
            "elsewhere, as a signing key"
        } else {
            "at hand"
        };
        write!(f, "\nprivate key: {}, {place}", self.key)?;
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}\n  hint: {}", warning.hint())?;
        }
        write_missing_issuer(f, self.missing_issuer.as_deref())
    }
}

fn write_chain(f: &mut fmt::Formatter<'_>, certificates: &[CertificateDescription]) -> fmt::Result {
    for (index, certificate) in certificates.iter().enumerate() {
        match index {
            0 => write!(f, "leaf: ")?,
            _ => write!(f, "\ncertificate {index}: ")?,
        }
        write!(f, "{certificate}")?;
    }
    Ok(())
}

fn write_missing_issuer(f: &mut fmt::Formatter<'_>, issuer: Option<&str>) -> fmt::Result {
    match issuer {
        Some(issuer) => write!(
            f,
            "\nnot in the chain: {issuer}, the issuer of the last certificate; every peer must trust it"
        ),
        None => Ok(()),
    }
}

impl fmt::Display for AnchorsDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, certificate) in self.certificates.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "trust anchor {index}: {certificate}")?;
        }
        Ok(())
    }
}
