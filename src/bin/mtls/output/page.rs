//! Text for people, in 80 columns.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::finding::{Finding, Severity};
use super::time::Time;

/// The width of a line, and of what stands before a value.
const WIDTH: usize = 80;
const INDENT: usize = 2;

/// Writes findings, headings and fields, each cut into lines.
pub(crate) struct Page<'a>(&'a mut dyn Write);

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self(out)
    }

    /// Writes the subject of what follows.
    pub(crate) fn heading(&mut self, text: &str) -> io::Result<()> {
        let bold = Style::new().bold();
        for line in lines_after(0, 0, text) {
            writeln!(self.0, "{bold}{line}{bold:#}")?;
        }
        Ok(())
    }

    /// Writes a paragraph.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.paragraph("", text)
    }

    /// Writes an entry of a log: a time, and what happened then.
    pub(crate) fn entry(&mut self, at: Time, text: &str) -> io::Result<()> {
        self.paragraph(&format!("{at} "), text)
    }

    /// Writes a name and its value, indented.
    pub(crate) fn field(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = format!("{:INDENT$}{name}: ", "");
        self.paragraph(&name, value)
    }

    /// Writes one item of a list, indented by its depth.
    pub(crate) fn item(&mut self, depth: usize, text: &str) -> io::Result<()> {
        let head = INDENT.saturating_mul(depth.saturating_add(1));
        let indent = head.saturating_add(INDENT);
        let mut lines = lines_after(head, indent, text);
        writeln!(self.0, "{:head$}{}", "", lines.next().unwrap_or_default())?;
        for line in lines {
            writeln!(self.0, "{:indent$}{line}", "")?;
        }
        Ok(())
    }

    /// Writes a finding: its severity and fact, then place, causes and hint.
    pub(crate) fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        let (word, color) = match finding.severity {
            Severity::Fault => ("fault", AnsiColor::Red),
            Severity::Warning => ("warning", AnsiColor::Yellow),
            Severity::Note => ("note", AnsiColor::Cyan),
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        let head = format!("{word}[{}]: ", finding.reason);
        let mut message = lines_after(head.chars().count(), INDENT, &finding.message);
        let first = message.next().unwrap_or_default();
        let head = if first.is_empty() {
            head.trim_end()
        } else {
            &head
        };
        writeln!(self.0, "{style}{head}{style:#}{first}")?;
        for line in message {
            writeln!(self.0, "{:INDENT$}{line}", "")?;
        }
        if let Some(place) = &finding.place
            && !finding.message.contains(place.as_str())
        {
            self.field("in", place)?;
        }
        if let Some(certificate) = &finding.certificate
            && !finding.message.contains(certificate.subject.as_str())
        {
            let certificate = format!("{} ({})", certificate.index, certificate.subject);
            self.field("certificate", &certificate)?;
        }
        for context in &finding.context {
            self.field("while", context)?;
        }
        for cause in &finding.causes {
            self.field("cause", cause)?;
        }
        for (name, value) in [
            ("expected", &finding.expected),
            ("presented", &finding.presented),
            ("hint", &finding.hint),
        ] {
            if let Some(value) = value
                && !(name != "hint" && finding.message.contains(value.as_str()))
            {
                self.field(name, value)?;
            }
        }
        Ok(())
    }

    fn paragraph(&mut self, head: &str, text: &str) -> io::Result<()> {
        let indent = if head.is_empty() { 0 } else { INDENT * 2 };
        let mut lines = lines_after(head.chars().count(), indent, text);
        let first = format!("{head}{}", lines.next().unwrap_or_default());
        writeln!(self.0, "{}", first.trim_end())?;
        for line in lines {
            writeln!(self.0, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
}

/// Returns the text in lines; `used` columns of the first and `indent` of the others are taken.
///
/// A command in backquotes is never cut, so that it can be copied. Control characters, which could
/// move the cursor of a terminal, are replaced.
fn lines_after(used: usize, indent: usize, text: &str) -> impl Iterator<Item = String> + use<> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = used;
    for word in words(text) {
        let length = word.chars().count();
        let needed = columns.saturating_add(length).saturating_add(1);
        // A long first word moves below what stands before it, if it fits there.
        let fits_below = columns > indent && indent.saturating_add(length) <= WIDTH;
        if needed > WIDTH && (!line.is_empty() || lines.is_empty() && fits_below) {
            lines.push(std::mem::take(&mut line));
            columns = indent;
        }
        if !line.is_empty() {
            line.push(' ');
            columns = columns.saturating_add(1);
        }
        line.push_str(&word);
        columns = columns.saturating_add(length);
    }
    lines.push(line);
    lines.into_iter()
}

/// Returns the words of a text; what is in backquotes is one word.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        is_quoted ^= c == '`';
        let c = if is_hidden(c) { ' ' } else { c };
        match words.last_mut() {
            Some(word) if c != ' ' || is_quoted => word.push(c),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a character could move the cursor, or show a text in another order.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_in_one_piece() {
        let text = "make a new one by `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out NEW` and use it";
        let lines: Vec<_> = lines_after(6, 4, text).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("`openssl") && lines[1].ends_with("NEW`"));
    }

    #[test]
    fn a_long_value_stands_below_its_name() {
        let digest = "0".repeat(64);
        let lines: Vec<_> = lines_after(30, 4, &digest).collect();
        assert_eq!(lines, ["", &digest]);
        let longer = "0".repeat(90);
        assert_eq!(lines_after(30, 4, &longer).collect::<Vec<_>>(), [longer]);
    }

    #[test]
    fn lines_keep_to_the_width() {
        // 14 words on the first line, 15 on each other.
        let text = "word ".repeat(14 + 5 * 15);
        for (index, line) in lines_after(10, 4, &text).enumerate() {
            let taken = if index == 0 { 10 } else { 4 };
            assert!(
                line.len() + taken <= WIDTH && line.len() + taken > WIDTH - 10,
                "{line}"
            );
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(words("a\u{1b}[31mb\r\nc\u{202e}d").join("|"), "a|[31mb|c|d");
    }
}
