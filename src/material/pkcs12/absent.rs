//! In place of the parent's, where PKCS#12 is not compiled in.

use super::anchors::TrustAnchors;
use super::identity::MtlsIdentity;
use super::label::Wanted;
use super::passphrase::Passphrase;
use super::refusal;
use super::shape::Shape;
use crate::error::{MaterialError, MaterialProblem};

pub(super) fn identity(_: &[u8], _: Option<&Passphrase>) -> Result<MtlsIdentity, MaterialError> {
    Err(MaterialProblem::Pkcs12.into())
}

pub(super) fn open_anchors(_: &[u8]) -> Result<TrustAnchors, MaterialError> {
    Err(refusal::instead(Shape::Pkcs12, Wanted::Anchors).into())
}
