//! The messages of the formats, without values that may be secret.

/// The longest message in bytes.
const MAX_BYTES: usize = 512;
/// The longest quoted part that is shown; no key is as short.
const MAX_QUOTED: usize = 40;

/// The longest word that is shown.
const MAX_WORD: usize = 60;

/// Makes the message of a format one line of bounded length, without the text of values.
///
/// serde names a value that it did not expect, and what should be a table may be a key.
pub(in crate::integration::config) fn tidy(message: &str) -> String {
    let lines = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let line = without_value(&lines.collect::<Vec<_>>().join(", "));
    let mut text = String::new();
    let mut rest = &*line;
    while let Some(begin) = rest.find(['`', '"']) {
        let (before, quoted) = rest.split_at(begin);
        text.push_str(before);
        let quote = quoted.get(..1).unwrap_or_default();
        let inner = quoted.get(1..).unwrap_or_default();
        let (inner, after) = inner.split_once(quote).unwrap_or((inner, ""));
        let is_short = inner.len() <= MAX_QUOTED;
        text.push_str(&[quote, if is_short { inner } else { ".." }, quote].concat());
        rest = after;
    }
    text.push_str(rest);
    bounded(&without_long_words(&text))
}

/// Leaves out words as long as a key, and everything from the beginning of PEM on.
fn without_long_words(text: &str) -> String {
    let (before, pem) = match text.split_once("-----BEGIN") {
        Some((before, _)) => (before, true),
        None => (text, false),
    };
    let short = |word: &str| {
        let is_short = word.len() <= MAX_WORD;
        if is_short {
            word.to_owned()
        } else {
            "..".to_owned()
        }
    };
    let mut words: Vec<_> = before.split(' ').map(short).collect();
    if pem {
        words.push("..".to_owned());
    }
    words.join(" ")
}

fn bounded(text: &str) -> String {
    const CUT: &str = " ..";
    let mut line = String::new();
    for c in text.chars() {
        let escaped: String = match c {
            c if c.is_control() => c.escape_unicode().collect(),
            c => c.into(),
        };
        if line.len().saturating_add(escaped.len()) > MAX_BYTES.saturating_sub(CUT.len()) {
            line.push_str(CUT);
            break;
        }
        line.push_str(&escaped);
    }
    line
}

/// Leaves out the text in `invalid type: string "..", expected ..`.
fn without_value(line: &str) -> String {
    for kind in ["invalid type: string ", "invalid value: string "] {
        if let Some((before, _)) = line.split_once(kind)
            && let Some((_, after)) = line.rsplit_once(", expected")
        {
            return [before, kind.trim_end(), ", expected", after].concat();
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, tidy};

    #[test]
    fn a_value_is_left_out() {
        let key = "MC4CAQAwBQYDK2VwBCIEIJ".repeat(4);
        for message in [
            format!("invalid type: string \"{key}\", expected struct IdentityConfig"),
            format!("invalid value: string \"a\\\"{key}\", expected a time"),
            format!("unknown variant `{key}`, expected `a`"),
            format!("unknown field `{key}"),
        ] {
            let text = tidy(&message);
            assert!(!text.contains("MC4CAQ"), "{text}");
        }
    }

    #[test]
    fn a_message_is_one_bounded_line() {
        assert_eq!(tidy("a\n  b\n"), "a, b");
        assert_eq!(tidy("tab\there"), "tab\\u{9}here");
        assert!(tidy(&"x ".repeat(10_000)).len() <= MAX_BYTES);
    }
}
