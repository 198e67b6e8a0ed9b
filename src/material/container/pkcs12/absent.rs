//! Replaces the parent module if PKCS#12 is not compiled in.

use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::identity::MtlsIdentity;
use crate::material::input::passphrase::Passphrase;

pub(crate) fn open(
    _: &[u8],
    _: Option<&Passphrase>,
    _: Option<&str>,
) -> Result<MtlsIdentity, MaterialError> {
    Err(MaterialProblem::Pkcs12.into())
}

pub(crate) fn anchors(_: &[u8], _: Option<&Passphrase>) -> Result<TrustAnchors, MaterialError> {
    Err(MaterialProblem::Pkcs12.into())
}
