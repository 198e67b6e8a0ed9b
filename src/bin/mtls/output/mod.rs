//! What a command prints: text for people, or JSON for programs.

mod finding;
mod hint_text;
mod outcome;
mod page;
mod progress;
mod time;

use std::io::{self, Stdout, Write};

use anstream::AutoStream;
use clap::ColorChoice;
use serde::Serialize;

pub(crate) use finding::{CertificatePlace, Finding, Severity};
pub(crate) use outcome::Outcome;
pub(crate) use page::{Page, is_hidden};
pub(crate) use progress::Progress;
pub(crate) use time::Time;

/// The version of the JSON form. It grows when a field changes its meaning or goes away.
const FORMAT: u32 = 1;

/// Where the results go, and in which form.
pub(crate) struct Output {
    is_json: bool,
    color: ColorChoice,
    stdout: AutoStream<Stdout>,
    /// Where the command takes a passphrase, which the library cannot know.
    passphrase_hint: &'static str,
    /// The one that is printed.
    outcome: Outcome,
}

/// The details of a result, beside its outcome and its findings.
pub(crate) trait Details: Serialize {
    /// Writes them for people.
    fn write(&self, page: &mut Page<'_>) -> io::Result<()>;

    /// Returns the finding among them, if they are about one.
    fn finding_mut(&mut self) -> Option<&mut Finding> {
        None
    }
}

/// No details, where the findings say it all.
#[derive(Serialize)]
pub(crate) struct Nothing {}

impl Details for Nothing {
    fn write(&self, _: &mut Page<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// The result of a command.
#[derive(Serialize)]
struct Answer<'a, D> {
    format: u32,
    command: &'static str,
    outcome: Outcome,
    /// The first fault once more, for scripts that need one reason.
    #[serde(flatten)]
    first_fault: Option<FirstFault<'a>>,
    findings: &'a [Finding],
    #[serde(flatten)]
    details: &'a D,
}

#[derive(Serialize)]
struct FirstFault<'a> {
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<&'a CertificatePlace>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// One of the lines that a command prints while it runs.
#[derive(Serialize)]
struct Line<'a, D> {
    format: u32,
    command: &'static str,
    #[serde(flatten)]
    details: &'a D,
}

impl Output {
    pub(crate) fn new(is_json: bool, color: ColorChoice, passphrase_hint: &'static str) -> Self {
        let choice = match color {
            _ if is_json => anstream::ColorChoice::Never,
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self {
            is_json,
            color,
            stdout: AutoStream::new(io::stdout(), choice),
            passphrase_hint,
            outcome: Outcome::Good,
        }
    }

    /// Creates an output in the same form, for another thread.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.is_json, self.color, self.passphrase_hint)
    }

    /// Returns the outcome of the result that was printed, or should have been.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Prints the result of a command, the worst findings first, and returns its outcome.
    pub(crate) fn answer<D: Details>(
        &mut self,
        command: &'static str,
        outcome: Outcome,
        mut findings: Vec<Finding>,
        details: &D,
    ) -> io::Result<Outcome> {
        for finding in &mut findings {
            finding.mend_hint(self.passphrase_hint);
        }
        findings.sort_by_key(|finding| finding.severity);
        let is_usage = findings.iter().any(|finding| finding.is_usage);
        let outcome = if is_usage { Outcome::Usage } else { outcome };
        self.outcome = outcome;
        if self.is_json {
            let first_fault = findings
                .first()
                .filter(|finding| finding.severity == Severity::Fault);
            self.write_json(&Answer {
                format: FORMAT,
                command,
                outcome,
                first_fault: first_fault.map(FirstFault::of),
                findings: &findings,
                details,
            })?;
        } else {
            let mut page = Page::new(&mut self.stdout);
            for finding in &findings {
                page.finding(finding)?;
            }
            details.write(&mut page)?;
        }
        self.stdout.flush()?;
        Ok(outcome)
    }

    /// Prints a line of a command that goes on.
    pub(crate) fn line<D: Details>(
        &mut self,
        command: &'static str,
        mut details: D,
    ) -> io::Result<()> {
        if let Some(finding) = details.finding_mut() {
            finding.mend_hint(self.passphrase_hint);
        }
        let details = &details;
        if self.is_json {
            self.write_json(&Line {
                format: FORMAT,
                command,
                details,
            })?;
        } else {
            details.write(&mut Page::new(&mut self.stdout))?;
        }
        self.stdout.flush()
    }

    fn write_json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.stdout, value)?;
        writeln!(self.stdout)
    }
}

impl<'a> FirstFault<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            reason: finding.reason,
            certificate: finding.certificate.as_ref(),
            message: &finding.message,
            hint: finding.hint.as_deref(),
        }
    }
}
