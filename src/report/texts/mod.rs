//! The text of every error, compared with `tests/errors.md` (`UPDATE_ERRORS=1` writes it anew).

mod building;
mod configuration;
mod forwarded;
mod handshake;
mod identity_warning;
mod listener;
mod matchers;
mod material;
mod policy;
mod spiffe;

use core::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use super::hint_of;

/// The most words of a `Display`, without values.
const MAX_WORDS: usize = 15;
const MAX_MEDIAN: usize = 12;

/// One variant of an error type.
pub(super) struct Sample {
    name: String,
    fact: String,
    hint: String,
}

impl Sample {
    pub(super) fn new(name: String, error: &(dyn Error + 'static)) -> Self {
        let hint = hint_of(error).map(std::borrow::Cow::into_owned);
        Self {
            name,
            fact: error.to_string(),
            hint: hint.unwrap_or_default(),
        }
    }

    /// Counts the words of the fact without its values: numbers, dates and what a sample quotes
    /// by `‹` and `›`.
    fn words(&self) -> usize {
        let unquoted = self.fact.split('‹').map(|part| match part.split_once('›') {
            Some((_, after)) => after,
            None => part,
        });
        let is_word = |w: &&str| w.contains(|c: char| c.is_alphabetic() && !"xTZ".contains(c));
        unquoted
            .flat_map(str::split_whitespace)
            .filter(is_word)
            .count()
    }
}

/// Makes a [`Sample`] of every variant of an enum. Does not compile if a variant is missing.
///
/// `named` adds the stable name of the variant.
macro_rules! samples {
    (named $type:ident, $($rest:tt)*) => {
        $crate::report::texts::samples!(@ |value: &$type| format!(" ({})", value.as_str()), $type, $($rest)*)
    };
    ($type:ident, $($rest:tt)*) => {
        $crate::report::texts::samples!(@ |_: &$type| String::new(), $type, $($rest)*)
    };
    (@ $word:expr, $type:ident, $wrap:expr, [$($variant:ident $({ $($fields:tt)* })? $(( $($values:tt)* ))?),+ $(,)?]) => {{
        let name = |value: &$type| match value {
            $($type::$variant { .. } => concat!(stringify!($type), "::", stringify!($variant)),)+
        };
        Vec::from([$($type::$variant $({ $($fields)* })? $(( $($values)* ))?),+].map(|value| {
            let name = name(&value).to_owned() + &$word(&value);
            $crate::report::texts::Sample::new(name, &$wrap(value))
        }))
    }};
}
pub(super) use samples;

#[test]
fn every_error_states_one_fact_and_has_a_hint() {
    let mut samples: Vec<Sample> = Vec::new();
    samples.extend(building::samples());
    samples.extend(configuration::samples());
    samples.extend(forwarded::samples());
    samples.extend(handshake::samples());
    samples.extend(listener::samples());
    samples.extend(matchers::samples());
    samples.extend(material::samples());
    samples.extend(identity_warning::samples());
    samples.extend(policy::samples());
    samples.extend(spiffe::samples());
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    let mut broken = String::new();
    for sample in &samples {
        let Sample { name, fact, hint } = sample;
        let words = sample.words();
        if words > MAX_WORDS || fact.contains("; ") || fact.is_empty() {
            writeln!(
                broken,
                "{name}: {words} words, or more than one clause: {fact}"
            )
            .unwrap();
        }
        if hint.is_empty() || hint.ends_with('.') {
            writeln!(
                broken,
                "{name}: no hint, or one that ends in a stop: {hint}"
            )
            .unwrap();
        }
    }
    let mut words: Vec<usize> = samples.iter().map(Sample::words).collect();
    words.sort_unstable();
    let median = words[words.len() / 2];
    assert!(
        broken.is_empty() && median <= MAX_MEDIAN,
        "median {median}\n{broken}"
    );
    compare(&samples);
}

fn compare(samples: &[Sample]) {
    let mut text =
        String::from("# The text of every error\n\nThe fact, then the hint. Values stand in ‹›.\n");
    for Sample { name, fact, hint } in samples {
        write!(text, "\n## {name}\n\n{fact}\n\n> {hint}\n").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors.md");
    if std::env::var_os("UPDATE_ERRORS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap();
    let differs = stored.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        stored == text,
        "tests/errors.md differs: {differs:?}; UPDATE_ERRORS=1 writes it anew"
    );
}
