//! In place of the parent's, where PKCS#12 is not compiled in.

use crate::error::{MaterialError, MaterialProblem};
use crate::material::anchors::TrustAnchors;
use crate::material::identity::MtlsIdentity;
use crate::material::input::der_shape::DerShape;
use crate::material::input::passphrase::Passphrase;
use crate::material::pem::expected::ExpectedContent;
use crate::material::pem::unexpected_input;

pub(crate) fn identity(_: &[u8], _: Option<&Passphrase>) -> Result<MtlsIdentity, MaterialError> {
    Err(MaterialProblem::Pkcs12.into())
}

pub(crate) fn open_anchors(_: &[u8]) -> Result<TrustAnchors, MaterialError> {
    Err(unexpected_input::instead(DerShape::Pkcs12, ExpectedContent::Anchors).into())
}
