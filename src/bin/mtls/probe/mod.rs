//! `mtls probe`: what a server presents, requests and negotiates, and whether it accepts us.

mod arguments;
mod examination;
mod failure;
mod question;
mod report;
mod starttls;
mod target;
mod tls;
mod transport;
mod verdict;

use std::io;

use mtls::connection::Side;
use mtls::pki_types::{ServerName, UnixTime};

use crate::arguments::server_name;
use crate::output::{Finding, Outcome, Output, Progress, Time};
use examination::Examination;
use report::ProbeReport;
use tls::Configs;

pub(crate) use arguments::ProbeArguments;

pub(crate) fn run(arguments: &ProbeArguments, output: &mut Output) -> io::Result<Outcome> {
    let now = UnixTime::now();
    let mut report = ProbeReport::new(arguments, Time(now));
    let (outcome, findings) = match probe(arguments, now, &mut report) {
        Ok(result) => result,
        Err(finding) => (Outcome::Fault, vec![*finding]),
    };
    output.answer("probe", outcome, findings, &report)
}

/// Fills the report; the finding is that the arguments cannot be used.
fn probe(
    arguments: &ProbeArguments,
    now: UnixTime,
    report: &mut ProbeReport,
) -> Result<(Outcome, Vec<Finding>), Box<Finding>> {
    let material = arguments.material.load(Side::Client)?;
    let name = match (&arguments.server_name, &material.server_name) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => parse(name)?,
        (None, None) => parse(&arguments.target.host)?,
    };
    report.asked_for(&name);
    if arguments.danger_present_anyway && material.trust.is_none() {
        let text = "--danger-present-anyway is given without trust anchors";
        let finding = Finding::usage("missing_trust_anchors", text);
        let hint =
            "name the CAs that you would trust by --cacert: it presents to servers of others too";
        return Err(Box::new(finding.hint(hint)));
    }
    let (verifier, no_verifier) = match material.verifier() {
        Ok(verifier) => (Some(verifier), None),
        Err(finding) => (None, Some(*finding)),
    };
    let configs = Configs {
        material: &material,
        verifier,
        name,
        alpn: arguments
            .alpn
            .iter()
            .map(|name| name.clone().into_bytes())
            .collect(),
    };
    let progress = Progress::new(format!("probing {}", arguments.target));
    let mut examination = Examination::run(arguments, &configs, now);
    drop(progress);
    // It matters once there is something to verify.
    if examination.has_presented() {
        examination.findings.extend(no_verifier);
    }
    report.fill(&examination, material.identity.as_ref());
    Ok((examination.outcome, examination.findings))
}

fn parse(name: &str) -> Result<ServerName<'static>, Box<Finding>> {
    server_name(name).map_err(|error| {
        let finding = Finding::fault("invalid_server_name", format!("{name:?}: {error}"));
        Box::new(finding.hint("give the name in the server's certificate by --server-name"))
    })
}
