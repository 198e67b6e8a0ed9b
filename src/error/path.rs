//! Paths in messages: on one line, and quoted for a shell in commands.

use core::fmt::Write;
use std::path::Path;

/// Returns the path with every hidden or line-breaking character escaped.
pub(crate) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for c in path.display().to_string().chars() {
        match c {
            c if is_hidden(c) => text.extend(c.escape_unicode()),
            c => text.push(c),
        }
    }
    text
}

/// Returns the path as one word of a shell command.
pub(crate) fn quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    // A name that begins with a dash would be an option.
    let before = if bytes.starts_with(b"-") { "./" } else { "" };
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || b"_./-".contains(b);
    match path.to_str() {
        Some(text) if !text.is_empty() && bytes.iter().all(is_plain) => format!("{before}{text}"),
        Some(text) if !text.chars().any(is_hidden) => {
            format!("'{before}{}'", text.replace('\'', r"'\''"))
        }
        _ => {
            let mut word = format!("$'{before}");
            for byte in bytes {
                match byte {
                    byte if is_plain(byte) => word.push(char::from(*byte)),
                    // Writing into a string cannot fail. Three digits, so that a following digit is
                    // not part of the escape.
                    byte => drop(write!(word, "\\{byte:03o}")),
                }
            }
            word.push('\'');
            word
        }
    }
}

/// Returns whether a character is invisible, or changes how others are displayed.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_shell_takes() {
        for (path, word) in [
            ("/run/a_b-c.key", "/run/a_b-c.key"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
            ("-rf", "./-rf"),
            ("- f", "'./- f'"),
            ("a\nb'1", r"$'a\012b\0471'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
        assert_eq!(shown(Path::new("a\nb\u{202e}")), "a\\u{a}b\\u{202e}");
    }
}
