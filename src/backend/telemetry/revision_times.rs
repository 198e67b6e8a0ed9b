use pki_types::UnixTime;

/// When the parts of a revision expire, and when its oldest revocation list was issued.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RevisionTimes {
    pub(crate) identity: Option<UnixTime>,
    pub(crate) anchors: Option<UnixTime>,
    pub(crate) lists: Option<UnixTime>,
    pub(crate) lists_updated: Option<UnixTime>,
}
