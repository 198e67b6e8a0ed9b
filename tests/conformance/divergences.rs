//! The list of cases whose verdict is not what the vectors expect.

use std::collections::{BTreeMap, BTreeSet};

use mtls::Rejection;

use crate::vectors::{Case, Expected, Peer, report};

/// What became of a case: what a line of the list says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdicts {
    /// `accepted`, `rejected` with the reason, or that the anchors were rejected.
    pub(crate) verdict: String,
    /// For people.
    pub(crate) words: String,
}

pub(crate) const ANCHORS_REJECTED: &str = "anchors rejected";
/// What the case connects to is no name of a server.
pub(crate) const NAME_REJECTED: &str = "name rejected";
pub(crate) const LISTS_REJECTED: &str = "revocation lists rejected";
/// By none of the raw peers.
pub(crate) const NOT_PRESENTED: &str = "not presented";
pub(crate) const ACCEPTED: &str = "accepted";

impl Verdicts {
    /// Something was rejected before there was a peer to verify.
    pub(crate) fn unfit(verdict: &str, error: &dyn ToString) -> Self {
        Self {
            verdict: verdict.to_owned(),
            words: error.to_string(),
        }
    }

    pub(crate) fn of(verdict: Result<String, Rejection>) -> Self {
        let (verdict, words) = match verdict {
            Ok(peer) => (ACCEPTED.to_owned(), peer),
            Err(rejection) => (
                format!("rejected {:?}", rejection.reason()),
                rejection.to_string(),
            ),
        };
        Self { verdict, words }
    }

    pub(crate) fn is_as_expected(&self, case: &Case) -> bool {
        (self.verdict == ACCEPTED) == (case.expected_result == Expected::Success)
    }
}

/// By profile.
pub(crate) const INTEROPERABLE: &str = include_str!("divergences.txt");
pub(crate) const RFC5280: &str = include_str!("divergences_rfc5280.txt");
pub(crate) const WEBPKI: &str = include_str!("divergences_webpki.txt");

/// Verdicts by the case's id: `id | verdict | why it stands`, and `#` for a remark.
fn listed(list: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut listed = BTreeMap::new();
    for line in list.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts: Vec<_> = line.splitn(3, " | ").collect();
        let [id, verdict, why] = parts[..] else {
            panic!("not `id | verdict | why`: {line}");
        };
        assert!(why.len() > 20, "{id}: why does it stand?");
        assert_eq!(listed.insert(id, verdict), None, "{id} is listed twice");
    }
    listed
}

/// What a backend may make of a case besides the verdict of the verifier by itself.
pub(crate) fn of_live(id: &str, backend: &str, peer: Peer) -> BTreeSet<String> {
    let who = format!("{backend} {peer:?}s");
    let lines = include_str!("divergences_live.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = BTreeSet::new();
    for line in lines {
        let parts: Vec<_> = line.splitn(4, " | ").collect();
        let [listed, backends, verdict, why] = parts[..] else {
            panic!("not `id | backends | verdict | why`: {line}");
        };
        assert!(why.len() > 20, "{listed}: why does it stand?");
        if listed == id && backends.split(", ").any(|name| name == who) {
            found.insert(verdict.to_owned());
        }
    }
    found
}

/// The list and the verdicts agree, case by case.
#[track_caller]
pub(crate) fn assert_as_listed<'a>(
    list: &'static str,
    verified: impl Iterator<Item = (&'a Case, Verdicts)>,
) {
    let mut listed = listed(list);
    let mut wrong = Vec::new();
    let (mut count, mut differ) = (0, 0);
    for (case, verified) in verified {
        count += 1;
        let as_expected = verified.is_as_expected(case);
        differ += usize::from(!as_expected);
        let problem = match listed.remove(case.id.as_str()) {
            None if as_expected => continue,
            Some(verdict) if !as_expected && verdict == verified.verdict => continue,
            None => "not listed",
            Some(_) if as_expected => "listed, and as expected now",
            Some(_) => "listed with another verdict",
        };
        let words: Vec<_> = case.description.split_whitespace().collect();
        wrong.push(format!(
            "{} | {} | {problem}; {:?} expected {:?}; {}; {}",
            case.id,
            verified.verdict,
            case.peer,
            case.expected_result,
            verified.words,
            words.join(" ")
        ));
    }
    println!("{count} cases, {differ} of them with another verdict than expected");
    // Another part of the suite need not hold them all; a line for a case that is nowhere says nothing, though.
    if !listed.is_empty() {
        let ids: Vec<_> = listed.keys().collect();
        report(&format!(
            "NOT TESTED: listed, and not among the vectors: {ids:?}"
        ));
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} lines",
        wrong.join("\n"),
        wrong.len()
    );
}
