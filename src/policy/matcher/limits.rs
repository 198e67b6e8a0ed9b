/// The length of the longest pattern in bytes: that of the longest SPIFFE ID (SPIFFE-ID, section
/// 2.3).
pub(super) const MAX_PATTERN_BYTES: usize = 2048;
/// The deepest nesting of lists.
pub(super) const MAX_DEPTH: usize = 16;
