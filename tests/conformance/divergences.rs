//! The list of cases whose verdict is not what the vectors expect.

use std::collections::BTreeMap;

use crate::vectors::{Case, Expected};

/// What became of a case: what a line of the list says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// `accepted`, `refused` with the reason, or that the anchors were refused.
    pub(crate) verdict: String,
    /// For people.
    pub(crate) words: String,
}

impl Judged {
    pub(crate) fn is_as_expected(&self, case: &Case) -> bool {
        (self.verdict == "accepted") == (case.expected_result == Expected::Success)
    }
}

/// Verdicts by the case's id: `id: verdict: why it stands`, and `#` for a remark.
pub(crate) fn listed() -> BTreeMap<&'static str, &'static str> {
    let mut listed = BTreeMap::new();
    for line in include_str!("divergences.txt").lines() {
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

/// The list and the verdicts agree, case by case.
#[track_caller]
pub(crate) fn assert_as_listed<'a>(judged: impl Iterator<Item = (&'a Case, Judged)>) {
    let listed = listed();
    let mut wrong = Vec::new();
    let (mut count, mut differ) = (0, 0);
    for (case, judged) in judged {
        count += 1;
        let as_expected = judged.is_as_expected(case);
        differ += usize::from(!as_expected);
        let problem = match listed.get(case.id.as_str()) {
            None if as_expected => continue,
            Some(verdict) if !as_expected && *verdict == judged.verdict => continue,
            None => "not listed",
            Some(_) if as_expected => "listed, and as expected now",
            Some(_) => "listed with another verdict",
        };
        let words: Vec<_> = case.description.split_whitespace().collect();
        wrong.push(format!(
            "{} | {} | {problem}; {:?} expected {:?}; {}; {}",
            case.id,
            judged.verdict,
            case.peer,
            case.expected_result,
            judged.words,
            words.join(" ")
        ));
    }
    println!("{count} cases, {differ} of them with another verdict than expected");
    assert!(
        wrong.is_empty(),
        "{}\n{} lines",
        wrong.join("\n"),
        wrong.len()
    );
}
