use core::fmt;
use core::net::IpAddr;

use base16ct::HexDisplay;
use pki_types::{CertificateDer, UnixTime};

use crate::crypto::sha256;
use crate::error::MaterialError;
use crate::material::chain::certificates::view;
use crate::x509::{Certificate, GeneralName, is_hidden, purpose_name, rfc3339, rfc4514_whole};

/// The contents of a certificate; `Display` writes several lines, the first without indentation.
///
/// The texts are the certificate's own, with invisible characters and line breaks escaped (`\0a`),
/// so that they can be logged. They are not verified: use a [`PeerMatcher`](crate::PeerMatcher) to
/// accept a peer.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let anchors = pki::anchors();
/// let ca = &anchors.describe().certificates[0];
/// assert_eq!((ca.subject.as_str(), ca.is_ca), ("CN=Example CA", true));
/// assert!(ca.not_before < ca.not_after && ca.extended_key_usages.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateDescription {
    /// The subject (RFC 4514).
    pub subject: String,
    /// The issuer (RFC 4514).
    pub issuer: String,
    /// The subject alternative names (RFC 5280, section 4.2.1.6).
    pub names: Vec<AlternativeName>,
    /// The serial number in hexadecimal, as `openssl x509 -noout -serial` writes it.
    pub serial_number: String,
    /// The first second in which it is valid.
    pub not_before: UnixTime,
    /// The last second in which it is valid.
    pub not_after: UnixTime,
    /// A description of the public key.
    pub key: String,
    /// Whether its basic constraints mark it as a CA (RFC 5280, section 4.2.1.9); `false` if
    /// unreadable.
    pub is_ca: bool,
    /// Whether it is made for tests: it has the private extension 2.25.1836346483, which every
    /// certificate of version 3 from `mtls::test_util` has. Its issuer's key protects nothing.
    pub is_test: bool,
    /// The allowed purposes (RFC 5280, section 4.2.1.12); `None` if absent or unreadable.
    pub extended_key_usages: Option<Vec<String>>,
    /// SHA-256 over the certificate.
    pub sha256: [u8; 32],
    /// SHA-256 over its `SubjectPublicKeyInfo` (RFC 7469, section 2.4).
    pub spki_sha256: [u8; 32],
    /// The address of the issuer's certificate (RFC 5280, section 4.2.2.1).
    ///
    /// Nothing is fetched from it. It has only the characters of a URI (RFC 3986, section 2), but
    /// some of them have a meaning in a shell.
    pub issuer_address: Option<String>,
}

/// A subject alternative name, as written in a certificate.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().clone();
/// use mtls::material::AlternativeName;
///
/// let names = &chain.describe().certificates[0].names;
/// assert!(names.contains(&AlternativeName::Dns("payments.example".to_owned())));
/// assert_eq!(names[0].to_string(), "URI:spiffe://prod.example/payments");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlternativeName {
    /// A DNS name.
    Dns(String),
    /// An e-mail address.
    Email(String),
    /// An IP address.
    Ip(IpAddr),
    /// The kind of another name, such as `otherName`, `directoryName`, `registeredID` or
    /// `ediPartyName`; or a description of one that cannot be read.
    Other(&'static str),
    /// A URI.
    Uri(String),
}

impl CertificateDescription {
    /// Describes one certificate in DER.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let ca = pki::anchors().as_slice()[0].clone();
    /// use mtls::material::CertificateDescription;
    ///
    /// assert_eq!(CertificateDescription::from_der(&ca)?.subject, "CN=Example CA");
    /// # Ok::<(), mtls::MaterialError>(())
    /// ```
    ///
    /// # Errors
    /// [`MaterialError`] if the bytes are not a certificate.
    pub fn from_der(certificate: &CertificateDer<'_>) -> Result<Self, MaterialError> {
        Ok(Self::of(certificate, &view(certificate)?))
    }

    pub(crate) fn of(der: &CertificateDer<'_>, certificate: &Certificate<'_>) -> Self {
        let purposes = certificate.extended_key_usage().ok().flatten();
        Self {
            subject: rfc4514_whole(certificate.subject),
            issuer: rfc4514_whole(certificate.issuer),
            names: match certificate.alternative_names() {
                Ok(names) => names_of(names.unwrap_or_default()),
                Err(_) => unreadable_names(),
            },
            serial_number: serial_number(certificate.serial),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            key: certificate
                .public_key
                .kind()
                .map_or_else(|_| "unreadable".to_owned(), |kind| kind.to_string()),
            is_ca: certificate.is_ca().is_ok_and(|is_ca| is_ca),
            is_test: certificate.has_test_marker(),
            extended_key_usages: purposes.map(|p| p.0.iter().map(purpose_name).collect()),
            sha256: sha256(der),
            spki_sha256: sha256(certificate.public_key.spki),
            issuer_address: certificate.ca_issuers(),
        }
    }
}

pub(super) fn names_of(names: Vec<GeneralName<'_>>) -> Vec<AlternativeName> {
    names.iter().map(name).collect()
}

pub(super) fn unreadable_names() -> Vec<AlternativeName> {
    vec![AlternativeName::Other("unreadable names")]
}

fn name(name: &GeneralName<'_>) -> AlternativeName {
    let text = || clean(&String::from_utf8_lossy(name.value));
    let ip = || {
        let v4 = <[u8; 4]>::try_from(name.value).map(IpAddr::from);
        v4.or_else(|_| <[u8; 16]>::try_from(name.value).map(IpAddr::from))
    };
    match name.tag {
        GeneralName::DNS => AlternativeName::Dns(text()),
        GeneralName::EMAIL => AlternativeName::Email(text()),
        GeneralName::URI => AlternativeName::Uri(text()),
        GeneralName::IP => ip().map_or(
            AlternativeName::Other("unreadable IP address"),
            AlternativeName::Ip,
        ),
        GeneralName::DIRECTORY_NAME => AlternativeName::Other("directoryName"),
        GeneralName::EDI_PARTY_NAME => AlternativeName::Other("ediPartyName"),
        GeneralName::OTHER_NAME => AlternativeName::Other("otherName"),
        GeneralName::REGISTERED_ID => AlternativeName::Other("registeredID"),
        GeneralName::X400_ADDRESS => AlternativeName::Other("x400Address"),
        _ => AlternativeName::Other("name of an unknown kind"),
    }
}

/// Escapes invisible characters, spaces and the backslash, so that every value is unambiguous.
fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) || c == ' ' || c == '\\' {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                cleaned.push_str(&format!("\\{byte:02x}"));
            }
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

/// Returns the content of the INTEGER in hexadecimal, without the zero that only marks the sign.
fn serial_number(content: &[u8]) -> String {
    let digits = match content {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    format!("{:X}", HexDisplay(digits))
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{name}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::Other(kind) => f.write_str(kind),
            Self::Uri(uri) => write!(f, "URI:{uri}"),
        }
    }
}

impl fmt::Display for CertificateDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  issuer: {}", self.subject, self.issuer)?;
        // One line for each, because a value may contain any separator.
        for name in &self.names {
            write!(f, "\n  name: {name}")?;
        }
        write!(f, "\n  serial number: {}", self.serial_number)?;
        let (begin, end) = (rfc3339(self.not_before), rfc3339(self.not_after));
        write!(f, "\n  valid: {begin} to {end}\n  key: {}", self.key)?;
        write!(f, "\n  CA: {}", if self.is_ca { "yes" } else { "no" })?;
        match &self.extended_key_usages {
            Some(usages) => write!(f, "\n  for: {}", usages.join(", "))?,
            None => write!(f, "\n  for: not limited")?,
        }
        write!(f, "\n  SHA-256: {:x}", HexDisplay(&self.sha256))?;
        write!(
            f,
            "\n  SHA-256 of the key: {:x}",
            HexDisplay(&self.spki_sha256)
        )?;
        if let Some(address) = &self.issuer_address {
            write!(f, "\n  issuer's certificate at: {address}")?;
        }
        if self.is_test {
            f.write_str("\n  made for tests: never trust its CA in production")?;
        }
        Ok(())
    }
}
