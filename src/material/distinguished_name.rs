use core::fmt;

use crate::x509::{is_same_name, rfc4514};

/// A distinguished name in DER (RFC 5280, section 4.1.2.4), to show and to compare.
///
/// A server's request for a certificate names CAs so (RFC 8446, section 4.2.4). Nothing is checked
/// when it is created. `Display` writes the form of RFC 4514: at most 8 attributes, of each value
/// the beginning, invisible characters escaped; bytes that are no name are shown as unreadable.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().clone();
/// use mtls::material::DistinguishedName;
///
/// // SEQUENCE { SET { SEQUENCE { commonName, UTF8String "Example CA" } } }
/// let name = DistinguishedName::new(b"\x30\x15\x31\x13\x30\x11\x06\x03\x55\x04\x03\x0c\x0aExample CA");
/// assert_eq!(name.to_string(), "CN=Example CA");
/// assert!(chain.is_issued_by(name));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DistinguishedName<'a>(&'a [u8]);

impl<'a> DistinguishedName<'a> {
    /// Creates a name from a DER `Name`.
    pub const fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// Returns whether both are the same name, by RFC 5280, section 7.1.
    ///
    /// The string type, the case and blanks do not count. Unreadable names are the same only byte
    /// for byte.
    pub fn is_same_as(self, other: DistinguishedName<'_>) -> bool {
        is_same_name(self.0, other.0)
    }
}

impl fmt::Display for DistinguishedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&rfc4514(self.0))
    }
}
