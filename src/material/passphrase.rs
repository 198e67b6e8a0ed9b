use core::fmt;

use zeroize::Zeroizing;

/// The passphrase of an encrypted private key.
///
/// Its bytes are taken as UTF-8, as OpenSSL does. They are wiped when the value is dropped and never
/// shown by `Debug`.
///
/// ```
/// use mtls::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse");
/// assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
/// ```
#[derive(Clone)]
pub struct Passphrase(pub(super) Zeroizing<String>);

impl Passphrase {
    /// Takes the passphrase over. A `String` is not copied.
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(Zeroizing::new(passphrase.into()))
    }

    /// Whether it has no characters at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}
