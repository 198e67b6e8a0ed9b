use super::super::verification_subject::Key;

/// One round through all groups for a new revision.
///
/// If the next revision comes before its end, it continues from there for a full round. If it
/// started over each time, frequent revisions would keep it from the last groups.
pub(super) struct Sweep {
    pub(super) began: Option<Key>,
    /// The last group that was visited.
    pub(super) at: Option<Key>,
    pub(super) has_turned: bool,
}
