//! The marker of certificates that are made for tests. Any build can show it.

use super::view::Certificate;

/// The encoded content of the OBJECT IDENTIFIER 2.25.1836346483, below the arc of numbers that
/// need no registration (ITU-T X.667).
///
/// A whole UUID has 128 bits. Go's `encoding/asn1` and `const-oid` read 31 or 32 bits of an arc,
/// and reject the certificate.
const OID: &[u8] = &[0x69, 0x86, 0xeb, 0xd1, 0xd8, 0x73];

impl Certificate<'_> {
    /// Returns whether the certificate is made for tests.
    pub(crate) fn has_test_marker(&self) -> bool {
        self.extensions.iter().any(|e| e.has_identifier(OID))
    }
}
