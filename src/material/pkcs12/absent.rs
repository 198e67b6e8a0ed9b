//! In place of the parent's, where PKCS#12 is not compiled in.

use super::identity::MtlsIdentity;
use super::passphrase::Passphrase;
use crate::error::{MaterialError, MaterialProblem};

pub(super) fn identity(_: &[u8], _: Option<&Passphrase>) -> Result<MtlsIdentity, MaterialError> {
    Err(MaterialProblem::Pkcs12.into())
}
