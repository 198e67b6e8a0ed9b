use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use pki_types::UnixTime;

use super::super::verification_subject::VerificationSubject;

/// The connections of one subject, which share its verdict.
pub(crate) struct PeerConnections<C> {
    pub(crate) subject: Arc<VerificationSubject>,
    pub(crate) connections: Members<C>,
    /// The newest revision that verified them.
    pub(super) verified: u64,
    /// The newest revision whose handshake accepted one of them.
    pub(super) accepted: u64,
    pub(super) expires: UnixTime,
}

/// Connections by number.
///
/// Most peers have one connection, for which a tree would take 200 bytes.
pub(crate) struct Members<C> {
    one: Option<(u64, Weak<C>)>,
    others: BTreeMap<u64, Weak<C>>,
}

impl<C> Members<C> {
    pub(super) fn new() -> Self {
        Self {
            one: None,
            others: BTreeMap::new(),
        }
    }

    pub(super) fn insert(&mut self, number: u64, connection: Weak<C>) {
        if self.one.is_none() {
            self.one = Some((number, connection));
        } else {
            self.others.insert(number, connection);
        }
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Weak<C>> {
        match &self.one {
            Some((one, _)) if *one == number => self.one.take().map(|(_, connection)| connection),
            _ => self.others.remove(&number),
        }
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.one.is_some()).saturating_add(self.others.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that still exist.
    pub(crate) fn alive(&self) -> impl Iterator<Item = Arc<C>> {
        let one = self.one.iter().map(|(_, connection)| connection);
        one.chain(self.others.values()).filter_map(Weak::upgrade)
    }
}
