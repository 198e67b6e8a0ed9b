use super::der::tlv;
use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, KeyUsagePurpose};

/// One extension of a certificate or a list, byte by byte. It need not make sense.
///
/// ```
/// use mtls::test_util::Extension;
///
/// let note = Extension::new(&[1, 3, 6, 1, 4, 1, 99999, 1], b"\x05\x00");
/// let ca = mtls::test_util::TestCa::new("Example CA");
/// let identity = ca.leaf("noted").extension(note).issue();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    oid: Vec<u64>,
    content: Vec<u8>,
    is_critical: bool,
}

impl Extension {
    /// Creates an extension that is not critical, with this identifier and `extnValue`.
    pub fn new(oid: &[u64], content: impl Into<Vec<u8>>) -> Self {
        Self {
            oid: oid.to_vec(),
            content: content.into(),
            is_critical: false,
        }
    }

    /// Creates a critical extension.
    pub fn critical(oid: &[u64], content: impl Into<Vec<u8>>) -> Self {
        Self {
            is_critical: true,
            ..Self::new(oid, content)
        }
    }

    /// Encodes the extension: what stands in a list, or in an entry of one.
    pub fn to_der(&self) -> Vec<u8> {
        let critical: &[u8] = if self.is_critical { TRUE } else { b"" };
        let oid = tlv(0x06, &[&arcs(&self.oid)]);
        tlv(0x30, &[&oid, critical, &tlv(0x04, &[&self.content])])
    }

    pub(super) fn encodable(self) -> CustomExtension {
        let mut extension = CustomExtension::from_oid_content(&self.oid, self.content);
        extension.set_criticality(self.is_critical);
        extension
    }
}

const TRUE: &[u8] = b"\x01\x01\xff";

/// Encodes an identifier: the first two arcs are one number (X.690, section 8.19).
fn arcs(oid: &[u64]) -> Vec<u8> {
    let [first, second, rest @ ..] = oid else {
        panic!("an identifier has two arcs at least: {oid:?}");
    };
    let numbers = [first * 40 + second]
        .into_iter()
        .chain(rest.iter().copied());
    numbers.flat_map(base128).collect()
}

fn base128(number: u64) -> Vec<u8> {
    let mut bytes = vec![number as u8 & 0x7f];
    let mut rest = number >> 7;
    while rest > 0 {
        bytes.insert(0, rest as u8 & 0x7f | 0x80);
        rest >>= 7;
    }
    bytes
}

/// A purpose in an extended key usage (RFC 5280, section 4.2.1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedKeyUsage {
    /// `anyExtendedKeyUsage`.
    Any,
    /// `id-kp-clientAuth`.
    ClientAuth,
    /// `id-kp-codeSigning`.
    CodeSigning,
    /// `id-kp-emailProtection`.
    EmailProtection,
    /// `id-kp-serverAuth`.
    ServerAuth,
    /// Another purpose, by its identifier.
    Other(Vec<u64>),
}

impl ExtendedKeyUsage {
    pub(super) fn encodable(&self) -> ExtendedKeyUsagePurpose {
        match self {
            Self::Any => ExtendedKeyUsagePurpose::Any,
            Self::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
            Self::CodeSigning => ExtendedKeyUsagePurpose::CodeSigning,
            Self::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
            Self::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
            Self::Other(oid) => ExtendedKeyUsagePurpose::Other(oid.clone()),
        }
    }
}

/// One bit of a key usage (RFC 5280, section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyUsage {
    /// `cRLSign`.
    CrlSign,
    /// `digitalSignature`.
    DigitalSignature,
    /// `keyCertSign`.
    KeyCertSign,
    /// `keyEncipherment`.
    KeyEncipherment,
}

impl KeyUsage {
    pub(super) fn encodable(self) -> KeyUsagePurpose {
        match self {
            Self::CrlSign => KeyUsagePurpose::CrlSign,
            Self::DigitalSignature => KeyUsagePurpose::DigitalSignature,
            Self::KeyCertSign => KeyUsagePurpose::KeyCertSign,
            Self::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        }
    }
}
