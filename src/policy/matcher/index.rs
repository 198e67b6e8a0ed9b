//! An index of many patterns.

use core::net::IpAddr;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::attribute::Kind;
use super::pattern::network::Network;
use super::pattern::{DirectoryName, Pattern, PeerValue, Value};
use crate::x509::CanonicalName;

/// Patterns by kind.
///
/// The cost of a look-up grows with the number of kinds and of different prefix and suffix lengths,
/// but not with the number of patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Sorted by kind.
    sets: Vec<(Kind, Set)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Digests(HashSet<[u8; 32]>),
    Ips(HashSet<IpAddr>),
    Names(HashMap<CanonicalName, DirectoryName>),
    Networks {
        members: HashSet<Network>,
        /// The prefix lengths that occur, sorted.
        lengths: Vec<u8>,
    },
    Texts {
        members: HashSet<Box<str>>,
        /// The lengths that occur, in bytes, sorted.
        lengths: Vec<usize>,
    },
}

impl Index {
    pub(super) fn insert(&mut self, pattern: Pattern) {
        let Pattern { kind, value } = pattern;
        match self.sets.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(at) => {
                if let Some((_, set)) = self.sets.get_mut(at) {
                    set.insert(value);
                }
            }
            Err(at) => {
                let mut set = Set::for_one(&value);
                set.insert(value);
                self.sets.insert(at, (kind, set));
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sets
            .iter()
            .fold(0, |sum, (_, set)| set.len().saturating_add(sum))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    pub(super) fn sets(&self) -> &[(Kind, Set)] {
        &self.sets
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.sets.iter().map(|(kind, _)| *kind)
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = Pattern> {
        self.sets
            .iter()
            .flat_map(|(kind, set)| set.values().map(|value| Pattern { kind: *kind, value }))
    }

    /// Returns the first patterns in sort order, so that equal matchers have equal texts.
    pub(super) fn first(&self, count: usize) -> Vec<Pattern> {
        let mut first = Vec::new();
        for (kind, set) in &self.sets {
            let rest = count.saturating_sub(first.len());
            first.extend(
                set.first(rest)
                    .into_iter()
                    .map(|value| Pattern { kind: *kind, value }),
            );
        }
        first
    }
}

impl Set {
    fn for_one(value: &Value) -> Self {
        match value {
            Value::Digest(_) => Self::Digests(HashSet::new()),
            Value::Ip(_) => Self::Ips(HashSet::new()),
            Value::Name(_) => Self::Names(HashMap::new()),
            Value::Network(_) => Self::Networks {
                members: HashSet::new(),
                lengths: Vec::new(),
            },
            Value::Text(_) => Self::Texts {
                members: HashSet::new(),
                lengths: Vec::new(),
            },
        }
    }

    /// Inserts a value; all values of one kind have the same variant.
    fn insert(&mut self, value: Value) {
        match (self, value) {
            (Self::Digests(members), Value::Digest(digest)) => {
                members.insert(digest);
            }
            (Self::Ips(members), Value::Ip(ip)) => {
                members.insert(ip);
            }
            (Self::Names(members), Value::Name(name)) => {
                members.entry(name.canonical().clone()).or_insert(name);
            }
            (Self::Networks { members, lengths }, Value::Network(network)) => {
                insert_sorted(lengths, network.length());
                members.insert(network);
            }
            (Self::Texts { members, lengths }, Value::Text(text)) => {
                insert_sorted(lengths, text.len());
                members.insert(text);
            }
            _ => {}
        }
    }

    /// Returns whether one of the patterns matches a value of the peer.
    pub(super) fn holds(&self, kind: Kind, seen: PeerValue<'_>) -> bool {
        match (self, seen) {
            (Self::Digests(members), PeerValue::Digest(digest)) => members.contains(&digest),
            (Self::Ips(members), PeerValue::Ip(ip)) => members.contains(&ip),
            (Self::Names(members), PeerValue::Name(name, _)) => members.contains_key(name),
            (Self::Networks { members, lengths }, PeerValue::Ip(ip)) => lengths
                .iter()
                .filter_map(|length| Network::around(ip, *length))
                .any(|network| members.contains(&network)),
            (Self::Texts { members, lengths }, PeerValue::Text(text)) => {
                let subject = kind.subject(text);
                if kind.takes_whole_values() {
                    members.contains(&*subject)
                } else {
                    lengths
                        .iter()
                        .filter_map(|length| kind.part(&subject, *length))
                        .any(|part| members.contains(part))
                }
            }
            _ => false,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Digests(members) => members.len(),
            Self::Ips(members) => members.len(),
            Self::Names(members) => members.len(),
            Self::Networks { members, .. } => members.len(),
            Self::Texts { members, .. } => members.len(),
        }
    }

    fn first(&self, count: usize) -> Vec<Value> {
        match self {
            Self::Digests(members) => least(members, count, |digest| Value::Digest(*digest)),
            Self::Ips(members) => least(members, count, |ip| Value::Ip(*ip)),
            Self::Names(members) => least(members.values(), count, |n| Value::Name(n.clone())),
            Self::Networks { members, .. } => least(members, count, |net| Value::Network(*net)),
            Self::Texts { members, .. } => least(members, count, |t| Value::Text(t.clone())),
        }
    }

    fn values(&self) -> Box<dyn Iterator<Item = Value> + '_> {
        match self {
            Self::Digests(members) => Box::new(members.iter().copied().map(Value::Digest)),
            Self::Ips(members) => Box::new(members.iter().copied().map(Value::Ip)),
            Self::Names(members) => Box::new(members.values().cloned().map(Value::Name)),
            Self::Networks { members, .. } => Box::new(members.iter().copied().map(Value::Network)),
            Self::Texts { members, .. } => Box::new(members.iter().cloned().map(Value::Text)),
        }
    }
}

/// Returns the least members, sorted, without sorting all of them.
fn least<'a, T: Ord + 'a>(
    members: impl IntoIterator<Item = &'a T>,
    count: usize,
    value: impl Fn(&T) -> Value,
) -> Vec<Value> {
    let mut least = BTreeSet::new();
    for member in members {
        least.insert(member);
        if least.len() > count {
            least.pop_last();
        }
    }
    least.into_iter().map(value).collect()
}

fn insert_sorted<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(at) = sorted.binary_search(&value) {
        sorted.insert(at, value);
    }
}
