//! Verdicts: why a peer is rejected, and the record of how it was verified.

pub(crate) mod defect;
#[cfg(test)]
pub(crate) mod every_reason;
pub(crate) mod explanation;
pub(crate) mod reason;
pub(crate) mod rejection;
pub(crate) mod rule;
