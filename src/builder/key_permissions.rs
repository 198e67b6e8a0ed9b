use crate::material::{IdentityWarning, InsecurePermissions, KeyPermissions, MtlsIdentity};
use crate::policy::BuildError;

impl KeyPermissions {
    pub(super) fn check(self, identity: &MtlsIdentity) -> Result<(), BuildError> {
        if self != Self::Deny {
            return Ok(());
        }
        for warning in identity.warnings() {
            match warning {
                IdentityWarning::InsecureKeyFile(InsecurePermissions { path, mode }) => {
                    let (path, mode) = (path.clone(), *mode);
                    return Err(BuildError::InsecureKeyFile { path, mode });
                }
                IdentityWarning::InsecurePassphraseFile(InsecurePermissions { path, mode }) => {
                    let (path, mode) = (path.clone(), *mode);
                    return Err(BuildError::InsecurePassphraseFile { path, mode });
                }
                IdentityWarning::ChainRepaired(_)
                | IdentityWarning::MissingPurpose { .. }
                | IdentityWarning::OutsideValidity { .. }
                | IdentityWarning::RejectedLeaf { .. }
                | IdentityWarning::X509V1Leaf { .. } => {}
            }
        }
        Ok(())
    }

    /// Returns whether the observer receives this warning.
    pub(super) fn reports(self, warning: &IdentityWarning) -> bool {
        match warning {
            IdentityWarning::InsecureKeyFile(_) | IdentityWarning::InsecurePassphraseFile(_) => {
                self == Self::Warn
            }
            IdentityWarning::ChainRepaired(_)
            | IdentityWarning::MissingPurpose { .. }
            | IdentityWarning::OutsideValidity { .. }
            | IdentityWarning::RejectedLeaf { .. }
            | IdentityWarning::X509V1Leaf { .. } => true,
        }
    }
}
