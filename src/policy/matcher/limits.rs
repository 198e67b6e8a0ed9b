/// Bytes of the longest pattern: those of the longest SPIFFE ID (SPIFFE-ID, section 2.3).
pub(super) const MAX_PATTERN_BYTES: usize = 2048;
/// How many lists may be nested in each other.
pub(super) const MAX_DEPTH: usize = 16;
