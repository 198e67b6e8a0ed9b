//! `mtls inspect`: says what files hold, and whether they belong together.

mod certificates;
mod contents;
mod evidence;
mod examiner;
mod files;
mod pairs;
mod relations;
mod report;

use std::io;
use std::path::PathBuf;

use clap::Args;
use mtls::pki_types::UnixTime;
use mtls::policy::SignatureAlgorithms;
use mtls::{Loader, Passphrase, Rustls};

use crate::output::{Finding, Outcome, Output, Progress, Severity, Time};
use contents::FileReport;
use evidence::Evidence;
use examiner::Examiner;
use report::InspectReport;

/// Say what files hold, what is wrong with them, and whether they belong together
#[derive(Args, Debug)]
#[command(after_help = "\
Example: do these belong together?
  mtls inspect server.crt server.key ca.crt")]
pub(crate) struct InspectArguments {
    /// Files of any format, and directories of such; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The file of the passphrase of keys and containers
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The identity to read from PKCS#12, where it has several
    #[arg(long, value_name = "NAME")]
    friendly_name: Option<String>,
    /// The time at which dates are checked [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
}

pub(crate) fn run(arguments: &InspectArguments, output: &mut Output) -> io::Result<Outcome> {
    let at = arguments.at.unwrap_or_else(|| Time(UnixTime::now()));
    let progress = Progress::new("reading");
    let read = files::read_all(&arguments.files, &arguments.loader());
    let examiner = Examiner {
        at: at.0,
        algorithms: algorithms(),
    };
    let mut findings = Vec::new();
    let mut reports = Vec::new();
    for file in &read {
        let (contents, found) = examiner.file(file);
        findings.extend(found);
        reports.push(FileReport {
            file: file.name.clone(),
            contents,
        });
    }
    let evidence = Evidence::new(&read, &reports);
    let (relations, found) = relations::all(&evidence, &examiner.algorithms);
    for finding in found {
        // The same fault of a chain shows with and without its key.
        if !findings.iter().any(|known| is_same_fault(known, &finding)) {
            findings.push(finding);
        }
    }
    drop(progress);
    let has_fault = findings.iter().any(|f| f.severity == Severity::Fault);
    let outcome = if has_fault {
        Outcome::Fault
    } else {
        Outcome::Good
    };
    let report = InspectReport {
        at,
        relations,
        files: reports,
    };
    output.answer("inspect", outcome, findings, &report)
}

impl InspectArguments {
    fn loader(&self) -> Loader {
        let mut loader = Loader::new();
        if let Some(file) = &self.passphrase_file {
            loader = loader.passphrase(Passphrase::from_file(file));
        }
        match &self.friendly_name {
            Some(name) => loader.friendly_name(name),
            None => loader,
        }
    }
}

/// Returns whether both are the same fault of a file, whatever else is given with it.
fn is_same_fault(known: &Finding, new: &Finding) -> bool {
    let is_in = |place: &str| new.place.as_deref().is_some_and(|new| new.contains(place));
    known.reason == new.reason && known.place.as_deref().is_some_and(is_in)
}

/// Returns the algorithms of the verifier; without any, no signature can be verified.
fn algorithms() -> SignatureAlgorithms {
    let algorithms = Rustls::default().signature_algorithms();
    algorithms.unwrap_or_else(|_| SignatureAlgorithms::new([]))
}
