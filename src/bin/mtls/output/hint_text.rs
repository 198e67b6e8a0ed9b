//! What a hint of the library becomes for people at a command line.

/// Leaves out what the library says for programmers, in parentheses.
pub(super) fn without_code(hint: &str) -> String {
    let mut plain = String::new();
    let mut rest = hint;
    while let Some((before, code)) = rest.split_once(" (in code: ") {
        plain.push_str(before);
        let mut depth = 1_usize;
        let end = code.find(|c| {
            match c {
                '(' => depth = depth.saturating_add(1),
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        });
        rest = end
            .and_then(|end| code.get(end..)?.strip_prefix(')'))
            .unwrap_or_default();
    }
    plain + rest
}

/// Puts a file in place of a word in the commands of a hint, unless it is their output.
pub(super) fn with_file(hint: &str, word: &str, file: &str) -> String {
    let mut parts = hint.split('`').enumerate().map(|(index, part)| {
        // Every second part is a command.
        if index % 2 == 0 {
            return part.to_owned();
        }
        let mut last = "";
        let words = part.split(' ').map(|one| {
            // Outputs, and files of another kind.
            let is_other = last == "-out" || last == "-O" || last.starts_with("--");
            last = one;
            match one.strip_prefix(word) {
                Some(rest) if !is_other && matches!(rest, "" | ")" | ")\"") => {
                    format!("{file}{rest}")
                }
                _ => one.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| format!("{text}`{part}"))
}

#[cfg(test)]
mod tests {
    use super::{with_file, without_code};

    #[test]
    fn a_command_names_the_file_that_it_reads() {
        for (hint, filled) in [
            (
                "the FILE: `openssl x509 -in FILE -out NEW`",
                "the FILE: `openssl x509 -in 'a b' -out NEW`",
            ),
            (
                "`openssl ca -gencrl -out FILE`",
                "`openssl ca -gencrl -out FILE`",
            ),
            (
                "`$(cat FILE)\" > NEW` and `head FILE`",
                "`$(cat 'a b')\" > NEW` and `head 'a b'`",
            ),
            ("`PROFILE`", "`PROFILE`"),
            ("`--passphrase-file FILE`", "`--passphrase-file FILE`"),
        ] {
            assert_eq!(with_file(hint, "FILE", "'a b'"), filled);
        }
    }

    #[test]
    fn calls_of_the_library_are_left_out() {
        for (hint, plain) in [
            ("give it (in code: `a`), or not", "give it, or not"),
            (
                "give it (in code: `a(\"\")`, `b()`) now (in code: `c`)",
                "give it now",
            ),
            ("as it is (here)", "as it is (here)"),
            ("open (in code: `a", "open"),
        ] {
            assert_eq!(without_code(hint), plain);
        }
    }
}
