use std::path::Path;

/// Returns a path as a word of a shell, in quotes where it needs them.
pub(crate) fn quoted(path: impl AsRef<Path>) -> String {
    let text = path.as_ref().display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@%".contains(c);
    // A word that begins with a hyphen would be an option.
    let text = match text.strip_prefix('-') {
        Some(_) => format!("./{text}"),
        None => text,
    };
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_it_as_one_word() {
        for (path, word) in [
            ("out/a-1.crt", "out/a-1.crt"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)", "'$(x)'"),
            ("-rf", "./-rf"),
            ("", "''"),
        ] {
            assert_eq!(quoted(path), word);
        }
    }
}
