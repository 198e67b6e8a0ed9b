//! Texts from outside, before they reach a trace.

use core::error::Error;
use core::fmt::{self, Display, Write};

/// The most bytes of one text.
pub(super) const MAX_BYTES: usize = 512;

/// Writes a text so that it stays one line of at most [`MAX_BYTES`].
///
/// A peer chooses names in its certificate, and a log is read by people and by programs: control
/// and invisible characters are escaped.
pub(super) struct Bounded<T>(pub(super) T);

impl<T: Display> Display for Bounded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cut = Cut { f, left: MAX_BYTES };
        match write!(cut, "{}", self.0) {
            // The text is cut, which is no error of the formatter.
            Err(fmt::Error) if cut.left == 0 => Ok(()),
            result => result,
        }
    }
}

/// An error with its causes, on one line.
pub(super) struct Causes<'a>(pub(super) &'a (dyn Error + 'static));

impl Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        // A chain of errors may be a circle; what is cut off would not fit anyway.
        for _ in 0..MAX_CAUSES {
            let Some(error) = cause else { break };
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

const MAX_CAUSES: usize = 16;

struct Cut<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    /// Zero once the text is cut.
    left: usize,
}

impl Cut<'_, '_> {
    /// Writes characters that belong together, if there is room for them and for the mark.
    fn write_whole(&mut self, length: usize, text: impl Display) -> fmt::Result {
        const MARK: &str = "..";
        match self.left.checked_sub(length) {
            Some(left) if left >= MARK.len() => {
                self.left = left;
                write!(self.f, "{text}")
            }
            _ => {
                self.left = 0;
                self.f.write_str(MARK)?;
                Err(fmt::Error)
            }
        }
    }
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if matches!(character, '\\' | '"' | '\'') {
                self.write_whole(1, character)?;
            } else {
                let escaped = character.escape_debug();
                let length = escaped.clone().map(char::len_utf8).sum();
                self.write_whole(length, escaped)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_of_a_bounded_length() {
        assert_eq!(
            Bounded("a\n\u{202e}b\"\\").to_string(),
            "a\\n\\u{202e}b\"\\"
        );
        let fits = "é".repeat(MAX_BYTES / 2 - 1);
        assert_eq!(Bounded(&fits).to_string(), fits);
        let cut = Bounded("é".repeat(MAX_BYTES)).to_string();
        assert_eq!(cut, fits + "..");
        assert!(Bounded("\0".repeat(MAX_BYTES)).to_string().len() <= MAX_BYTES);
    }
}
