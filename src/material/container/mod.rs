//! Containers of several certificates and keys.

pub(crate) mod ber;
#[cfg_attr(not(feature = "pkcs12"), path = "pkcs12/absent.rs")]
pub(crate) mod pkcs12;
pub(crate) mod pkcs7;
