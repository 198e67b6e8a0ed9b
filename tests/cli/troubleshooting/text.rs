//! Replaces what differs between runs.

use std::cell::RefCell;
use time::format_description::well_known::Rfc3339;

use time::{Duration, OffsetDateTime};

/// The moment at which every run takes place: 2026-01-31T12:00:00Z.
const NOW: i64 = 1_769_860_800;

/// A run, whose times, ports and folder are not those of another.
pub(super) struct Run {
    pub(super) began: OffsetDateTime,
    pub(super) folder: String,
    pub(super) ports: Vec<u16>,
}

impl Run {
    /// Returns the text as it is in every run.
    pub(super) fn stable(&self, text: &str) -> String {
        let mut text = text
            .replace(&format!("{}/", self.folder), "")
            .replace(&self.folder, ".")
            .replace("client-mixed.", "client.")
            .replace("client-locked.", "client.");
        for port in &self.ports {
            text = text.replace(&format!(":{port}"), ":8443");
        }
        let text = self.seconds(&self.rfc3339(&text));
        digests(&serial_numbers(&milliseconds(&text)))
    }

    /// Moves a moment as far from `NOW` as it is from the begin of the run.
    fn moved(&self, time: OffsetDateTime) -> OffsetDateTime {
        const STEP: i64 = 600;
        let seconds = (time - self.began).whole_seconds();
        let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
        now + Duration::seconds((seconds + STEP / 2).div_euclid(STEP) * STEP)
    }

    fn rfc3339(&self, text: &str) -> String {
        const LENGTH: usize = "2026-01-31T12:00:00Z".len();
        replace(text, LENGTH, |part| {
            let time = OffsetDateTime::parse(part, &Rfc3339).ok()?;
            Some(self.moved(time).format(&Rfc3339).unwrap())
        })
    }

    /// Seconds since 1970, and the seconds between such.
    fn seconds(&self, text: &str) -> String {
        const LENGTH: usize = "1769860800".len();
        let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        let text = replace(text, LENGTH, |part| {
            let seconds = part.strip_prefix('1').filter(|_| is_number(part));
            seconds?;
            let time = OffsetDateTime::from_unix_timestamp(part.parse().ok()?).ok()?;
            Some(self.moved(time).unix_timestamp().to_string())
        });
        // A day is 86400 seconds, less the time that has passed.
        const DAY: usize = "(86400 seconds".len();
        replace(&text, DAY, |part| {
            let number = part.strip_prefix('(')?.strip_suffix(" seconds")?;
            let number: u32 = number.parse().ok()?;
            Some(format!("({} seconds", (number + 300) / 600 * 600))
        })
    }
}

/// A limit of two seconds is over a little later.
fn milliseconds(text: &str) -> String {
    const LENGTH: usize = "2001 milliseconds".len();
    replace(text, LENGTH, |part| {
        let number = part.strip_suffix(" milliseconds")?;
        number.parse::<u32>().ok()?;
        Some("2000 milliseconds".to_owned())
    })
}

/// The test kit counts the serial numbers of a process, whose tests run in any order.
fn serial_numbers(text: &str) -> String {
    const FIRST: &str = "4D544C5300000001";
    let is_serial_number =
        |part: &str| part.get(..8) == FIRST.get(..8) && part.chars().all(|c| c.is_ascii_hexdigit());
    replace(text, FIRST.len(), |part| {
        is_serial_number(part).then(|| FIRST.to_owned())
    })
}

/// SHA-256 in hexadecimal: the first digest of a text is always the same, and so on.
fn digests(text: &str) -> String {
    const LENGTH: usize = 64;
    let seen = RefCell::new(Vec::new());
    replace(text, LENGTH, |part| {
        let is_digit = |c: char| c.is_ascii_hexdigit();
        part.chars().all(is_digit).then_some(())?;
        let mut seen = seen.borrow_mut();
        let known = seen.iter().position(|digest| digest == part);
        let index = known.unwrap_or_else(|| {
            seen.push(part.to_owned());
            seen.len() - 1
        });
        const DIGITS: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        let (head, tail) = DIGITS.split_at(index % DIGITS.len());
        Some(format!("{tail}{head}").repeat(2))
    })
}

/// Replaces each part of this length for which there is another.
fn replace(text: &str, length: usize, with: impl Fn(&str) -> Option<String>) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let part = rest.get(..length);
        if let Some(new) = part.and_then(&with) {
            replaced.push_str(&new);
            rest = &rest[length..];
        } else {
            replaced.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    replaced
}

/// Cuts the number of the thread and the place in the sources from a line of OpenSSL's.
pub(super) fn without_sources(line: &str) -> String {
    let Some(at) = line.find(":error:") else {
        return line.to_owned();
    };
    let is_thread = |c: char| c.is_ascii_hexdigit();
    let head = line[..at].trim_end_matches(is_thread);
    let mut parts: Vec<&str> = line[at + 1..].split(':').collect();
    if let Some(source) = parts.iter().position(|part| part.ends_with(".c")) {
        parts.drain(source..(source + 2).min(parts.len()));
    }
    let tail = parts.join(":");
    format!("{head}{}", tail.trim_end_matches([':', ' ']))
}
