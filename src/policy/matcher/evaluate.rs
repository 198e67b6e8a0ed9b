//! A matcher asked about a peer.

use super::{AnyOf, Exact, Node, PeerMatcher};
use crate::peer::{Names, PeerIdentity, SpiffeId, is_dns_name};
use crate::policy::explanation::Trace;

impl PeerMatcher {
    /// Whether `peer` is admitted; the error says what a custom matcher said, if one did.
    ///
    /// `common_name_is_dns` lets a lone common name stand in for absent subject alternative names.
    pub(in crate::policy) fn admits(
        &self,
        peer: &PeerIdentity,
        common_name_is_dns: bool,
        _trace: &Trace,
    ) -> Result<(), Option<String>> {
        let mut asked = Asked {
            peer,
            dns_from_common_name: match common_name_is_dns {
                true => common_name_as_dns(peer.names()),
                false => None,
            },
            said: None,
        };
        match asked.answer(self) {
            Answer::Yes => Ok(()),
            Answer::No | Answer::Absent => Err(asked.said),
        }
    }
}

/// The lone common name of a leaf without subject alternative names, where it is a DNS name; in lower case.
pub(in crate::policy) fn common_name_as_dns(names: &Names) -> Option<String> {
    match &names.common_name {
        Some(name) if !names.has_san && is_dns_name(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}

/// The answer in three values, so that `not` cannot turn an absent name into a yes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// The peer has no such attribute, or a custom matcher refused.
    Absent,
}

struct Asked<'a> {
    peer: &'a PeerIdentity,
    dns_from_common_name: Option<String>,
    said: Option<String>,
}

impl Asked<'_> {
    fn answer(&mut self, matcher: &PeerMatcher) -> Answer {
        match &matcher.0 {
            Node::AnyAuthenticated => Answer::Yes,
            Node::Exact(exact) => self.exact(exact),
            Node::Not(inner) => match self.answer(inner) {
                Answer::Yes => Answer::No,
                Answer::No => Answer::Yes,
                Answer::Absent => Answer::Absent,
            },
            Node::AllOf(all) => {
                let mut answer = Answer::Yes;
                for matcher in all.iter() {
                    match self.answer(matcher) {
                        Answer::Yes => {}
                        Answer::No => return Answer::No,
                        Answer::Absent => answer = Answer::Absent,
                    }
                }
                answer
            }
            Node::AnyOf(any) => self.any_of(any),
            Node::Custom(custom) => match (custom.decide)(self.peer) {
                Ok(()) => Answer::Yes,
                Err(reason) => {
                    self.said = Some(format!("{}: {reason}", custom.name));
                    Answer::Absent
                }
            },
        }
    }

    fn any_of(&mut self, any: &AnyOf) -> Answer {
        let holds = |value| any.exact.contains(&value);
        if any
            .kinds
            .iter()
            .any(|kind| self.values(kind).into_iter().any(holds))
        {
            return Answer::Yes;
        }
        let mut answer = match any.kinds.iter().any(|kind| self.is_absent(kind)) {
            true => Answer::Absent,
            false => Answer::No,
        };
        for matcher in &any.others {
            match self.answer(matcher) {
                Answer::Yes => return Answer::Yes,
                Answer::No => {}
                Answer::Absent => answer = Answer::Absent,
            }
        }
        answer
    }

    fn exact(&self, wanted: &Exact) -> Answer {
        match self.values(wanted).contains(wanted) {
            true => Answer::Yes,
            false if self.is_absent(wanted) => Answer::Absent,
            false => Answer::No,
        }
    }

    fn is_absent(&self, kind: &Exact) -> bool {
        // Every certificate has a public key; looking for it costs a digest.
        !matches!(kind, Exact::SpkiSha256(_)) && self.values(kind).is_empty()
    }

    /// What the peer has of the attribute that `kind` is a value of.
    fn values(&self, kind: &Exact) -> Vec<Exact> {
        let names = self.peer.names();
        let spiffe_id = names.spiffe_id.iter();
        match kind {
            Exact::CommonName(_) => collect(names.common_name.iter().cloned(), Exact::CommonName),
            Exact::Dns(_) => collect(
                names.dns.iter().chain(&self.dns_from_common_name).cloned(),
                Exact::Dns,
            ),
            Exact::SpiffeId(_) => collect(spiffe_id.map(SpiffeId::to_string), Exact::SpiffeId),
            Exact::SpkiSha256(_) => vec![Exact::SpkiSha256(self.peer.spki_sha256())],
            Exact::TrustDomain(_) => collect(
                spiffe_id.map(|id| id.trust_domain().to_owned()),
                Exact::TrustDomain,
            ),
            Exact::Uri(_) => collect(names.uris.iter().cloned(), Exact::Uri),
        }
    }
}

fn collect(values: impl Iterator<Item = String>, kind: fn(String) -> Exact) -> Vec<Exact> {
    values.map(kind).collect()
}
