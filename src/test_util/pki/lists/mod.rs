//! Revocation lists: what a CA has revoked, and lists byte by byte.

pub(in crate::test_util) mod branches;
pub(in crate::test_util) mod crl;
pub(in crate::test_util) mod issued_lists;
