//! `mtls check`: verifies our own identity and configuration, as our peers will.

mod identity;
mod report;
mod sides;
mod subject;
mod trust;

use std::io;

use clap::Args;
use mtls::RejectionReason;
use mtls::connection::Side;
use mtls::material::{CertificateDescription, IdentityDescription};
use mtls::pki_types::{ServerName, UnixTime};

use crate::arguments::{MaterialArguments, server_name};
use crate::facts::CertificateFacts;
use crate::output::{Finding, Outcome, Output, Progress, Severity, Time};
use report::{CheckReport, IdentityReport};
use sides::SideChecks;
use subject::Subject;

/// Check our own identity, trust and configuration before peers do
#[derive(Args, Debug)]
#[command(after_help = "\
Examples: is this certificate good, as a client and as a server?
  mtls check --cert server.crt --key server.key --cacert ca.crt --crl ca.crl
  mtls check --config service.toml")]
pub(crate) struct CheckArguments {
    /// The time of the check [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// The name by which clients reach us [default: each in the certificate]
    #[arg(long, value_name = "NAME", value_parser = server_name)]
    server_name: Option<ServerName<'static>>,
    /// The only side to check, or the one of the configuration: client or server
    #[arg(long, value_name = "SIDE")]
    side: Option<Side>,
    #[command(flatten)]
    pub(crate) material: MaterialArguments,
}

pub(crate) fn run(arguments: &CheckArguments, output: &mut Output) -> io::Result<Outcome> {
    let at = arguments.at.unwrap_or_else(|| Time(UnixTime::now()));
    let progress = Progress::new("checking");
    let mut report = CheckReport::new(at);
    let mut findings = Vec::new();
    let mut is_unknown = false;
    let (subjects, found) = subject::load(&arguments.material, arguments.side);
    findings.extend(found);
    for subject in &subjects {
        let (checked, found) = check(arguments, subject, at.0);
        is_unknown |= checked.is_unknown();
        report.identities.push(checked);
        for finding in found {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    drop(progress);
    let has_fault = findings.iter().any(|f| f.severity == Severity::Fault);
    let outcome = match (has_fault, is_unknown) {
        (true, _) => Outcome::Fault,
        (false, true) => Outcome::Unknown,
        (false, false) => Outcome::Good,
    };
    output.answer("check", outcome, findings, &report)
}

/// Checks one identity with its trust.
fn check(
    arguments: &CheckArguments,
    subject: &Subject,
    at: UnixTime,
) -> (IdentityReport, Vec<Finding>) {
    let described = subject.identity.describe();
    let facts = described.certificates.iter();
    let facts: Vec<_> = facts.map(|one| CertificateFacts::new(one, at)).collect();
    let mut findings = identity::check(&subject.identity, &facts, at);
    let checks = SideChecks {
        subject,
        leaf: described.certificates.first(),
        server_name: arguments.server_name.as_ref(),
        at,
    };
    let (verifier, found) = subject.verifier();
    findings.extend(found);
    let mut sides: Vec<_> = subject
        .sides
        .iter()
        .map(|side| checks.side(*side, verifier.as_ref()))
        .collect();
    if let Some(verifier) = verifier.as_ref().filter(|_| subject.trust.is_some()) {
        findings.extend(trust::of_verifier(verifier));
    }
    if let Some(trust) = &subject.trust {
        findings.extend(trust::dates(trust, at));
    }
    let meant = meant(subject, described.certificates.first());
    // Where the certificate limits nothing, one side is enough: the best verdict counts.
    let best = sides.iter().map(|side| side.verdict).min();
    for side in &mut sides {
        side.is_meant = if meant.is_empty() {
            Some(side.verdict) == best
        } else {
            meant.contains(&side.side)
        };
        if let (true, Some(finding)) = (side.is_meant, side.finding.take()) {
            let is_known =
                |f: &Finding| f.reason == finding.reason && f.severity == Severity::Fault;
            if !findings.iter().any(is_known) {
                findings.push(finding);
            }
            side.is_found = true;
        }
        let is_unproved = side.is_meant && side.reason == Some(UNKNOWN_ISSUER);
        if is_unproved && side.verdict == sides::Verdict::Unknown {
            findings.extend(unproved(&described));
        }
    }
    let faults = findings.iter().filter(|f| f.severity == Severity::Fault);
    let faults: Vec<_> = faults.cloned().collect();
    if let Some(lists) = &subject.revocation_lists {
        for (issuer, mut stale) in trust::stale_lists(lists, at) {
            // Every peer of that CA is rejected.
            if subject.needs_current_lists && stale.reason != "expires_soon" {
                stale.severity = Severity::Fault;
            }
            let says_it = |f: &Finding| f.reason == stale.reason && f.message.contains(&issuer);
            if !faults.iter().any(says_it) {
                findings.push(stale);
            }
        }
    }
    findings.retain(|finding| {
        finding.severity != Severity::Warning || !faults.iter().any(|f| is_same_fact(f, finding))
    });
    if subject.trust.is_none() {
        findings.push(no_anchors(described.missing_issuer.as_deref()));
    }
    let report = IdentityReport {
        configuration: subject.configuration.clone(),
        key: described.key.to_string(),
        certificates: facts,
        sides,
    };
    (report, findings)
}

/// The reason of chains that end below a CA that is not among the anchors.
const UNKNOWN_ISSUER: &str = RejectionReason::UnknownIssuer.as_str();

/// Returns whether the warning says what the fault says already.
fn is_same_fact(fault: &Finding, warning: &Finding) -> bool {
    // What this verifier rejects in a leaf, and how the library words it without the verifier.
    const OF_LEAF: [(&str, &str, &str); 5] = [
        (
            "rejected_leaf",
            "unhandled_critical_extension",
            "critical extension",
        ),
        ("rejected_leaf", "unsupported_key", "its key is"),
        (
            "rejected_leaf",
            "wrong_extended_key_usage",
            "extended key usage",
        ),
        ("rejected_leaf", "wrong_key_usage", "its keyUsage"),
        ("x509_v1_leaf", "unsupported_version", ""),
    ];
    let is_of_leaf = OF_LEAF.iter().any(|(known, reason, words)| {
        *known == warning.reason && *reason == fault.reason && warning.message.contains(words)
    });
    let is_equal = fault.reason == warning.reason && fault.certificate == warning.certificate;
    is_of_leaf || is_equal
}

/// Returns the note that our chain ends below a CA that our anchors do not have.
fn unproved(described: &IdentityDescription) -> Option<Finding> {
    let issuer = described.missing_issuer.as_deref()?;
    let last = described.certificates.last()?;
    let message = format!(
        "our chain ends at {}, whose issuer {issuer} is not among the trust anchors",
        last.subject
    );
    Some(Finding::note("unproved_identity", message).hint(format!(
        "if peers trust a root above {issuer}, append the certificate of {issuer} to the chain; if they trust {issuer} itself, \
         nothing is missing"
    )))
}

/// Returns the sides that the identity has to be good for; empty if one of them is enough.
fn meant(subject: &Subject, leaf: Option<&CertificateDescription>) -> Vec<Side> {
    if let [only] = subject.sides.as_slice() {
        return vec![*only];
    }
    let purposes = leaf.and_then(|leaf| leaf.extended_key_usages.as_ref());
    let is_for = |side: &&Side| {
        let purpose = sides::purpose(**side);
        purposes.is_some_and(|purposes| purposes.iter().any(|one| one == purpose))
    };
    subject.sides.iter().filter(is_for).copied().collect()
}

fn no_anchors(issuer: Option<&str>) -> Finding {
    let issuer = issuer.map_or_else(String::new, |issuer| format!(" of {issuer}"));
    Finding::note(
        "missing_trust_anchors",
        "without trust anchors it cannot be known whether peers trust this",
    )
    .hint(format!(
        "give the certificate{issuer}, which peers have as trust anchor, by `--cacert FILE`"
    ))
}
