use crate::error::BuildError;
use crate::material::{IdentityWarning, KeyExposure, MtlsIdentity};

/// What to make of a private key whose file every user of the machine can read or write, or its
/// group write.
///
/// Given to [`key_permissions`](crate::Builder::key_permissions). What was seen when the file was
/// opened counts, also through symbolic links; members of the file's group may read it. So does
/// what was seen of the file of the passphrase that opened the key
/// ([`Passphrase::from_file`](crate::Passphrase::from_file)). Windows has no such bits: nothing is
/// seen there.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mtls::{BuildError, KeyPermissions, MtlsClient, MtlsIdentity, Rustls, TrustAnchors};
///
/// let client = MtlsClient::builder()
///     .identity(MtlsIdentity::from_pem_files("client.crt", "client.key")?)
///     .trust_anchors(TrustAnchors::from_pem_file("ca.crt")?)
///     .key_permissions(KeyPermissions::Deny)
///     .build(Rustls::default());
/// if let Err(BuildError::KeyExposed { path, mode }) = &client {
///     eprintln!("{} has the mode {mode:04o}", path.display());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPermissions {
    /// Nothing is built: [`BuildError::KeyExposed`] or [`BuildError::PassphraseExposed`].
    Deny,
    /// It is nobody's business, or it is known: the observer hears nothing of it.
    Ignore,
    /// The observer hears of it: [`Event::IdentityWarning`](crate::Event::IdentityWarning). Without
    /// an observer, [`MtlsIdentity::warnings`] alone shows it.
    #[default]
    Warn,
}

impl KeyPermissions {
    pub(super) fn check(self, identity: &MtlsIdentity) -> Result<(), BuildError> {
        if self != Self::Deny {
            return Ok(());
        }
        for warning in identity.warnings() {
            match warning {
                IdentityWarning::KeyExposed(KeyExposure { path, mode }) => {
                    let (path, mode) = (path.clone(), *mode);
                    return Err(BuildError::KeyExposed { path, mode });
                }
                IdentityWarning::PassphraseExposed(KeyExposure { path, mode }) => {
                    let (path, mode) = (path.clone(), *mode);
                    return Err(BuildError::PassphraseExposed { path, mode });
                }
                IdentityWarning::MissingPurpose { .. }
                | IdentityWarning::RejectedLeaf { .. }
                | IdentityWarning::X509V1Leaf { .. } => {}
            }
        }
        Ok(())
    }

    /// Whether the observer hears of it.
    pub(super) fn tells(self, warning: &IdentityWarning) -> bool {
        match warning {
            IdentityWarning::KeyExposed(_) | IdentityWarning::PassphraseExposed(_) => {
                self == Self::Warn
            }
            IdentityWarning::MissingPurpose { .. }
            | IdentityWarning::RejectedLeaf { .. }
            | IdentityWarning::X509V1Leaf { .. } => true,
        }
    }
}
