use std::io;

use mtls::connection::Side;
use mtls::policy::{Explanation, ExplanationStep, StepOutcome};
use serde::Serialize;

use crate::output::{CertificatePlace, Details, Page, Time};

/// A verification and its steps.
#[derive(Serialize)]
pub(crate) struct ExplainReport {
    side: &'static str,
    at: Time,
    /// Who the peer is, if the policy accepts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
pub(crate) struct Step {
    rule: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificatePlace>,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Self>,
}

impl ExplainReport {
    pub(crate) fn new(at: Time, side: Side, explanation: &Explanation) -> Self {
        Self {
            peer: explanation.verdict().ok().map(ToString::to_string),
            steps: Step::all(explanation.steps()),
            ..Self::without_steps(at, side)
        }
    }

    /// Creates a report for what could not be verified.
    pub(crate) fn without_steps(at: Time, side: Side) -> Self {
        Self {
            side: side.as_str(),
            at,
            peer: None,
            steps: Vec::new(),
        }
    }
}

impl Step {
    /// Converts steps and the steps inside them.
    pub(crate) fn all(steps: &[ExplanationStep]) -> Vec<Self> {
        let steps = steps.iter().map(|step| Self {
            rule: step.rule().to_string(),
            outcome: step.outcome().as_str(),
            certificate: step.certificate().map(CertificatePlace::from),
            detail: step.detail().to_owned(),
            steps: Self::all(step.steps()),
        });
        steps.collect()
    }

    /// Writes a line for each step, deeper for each step inside.
    pub(crate) fn write_all(steps: &[Self], page: &mut Page<'_>, depth: usize) -> io::Result<()> {
        for step in steps {
            let mark = match step.outcome {
                name if name == StepOutcome::Passed.as_str() => "ok",
                name if name == StepOutcome::Failed.as_str() => "no",
                _ => "--",
            };
            let place = match &step.certificate {
                Some(place) => format!(" [certificate {}, {}]", place.index, place.subject),
                None => String::new(),
            };
            let separator = if step.detail.is_empty() { "" } else { ": " };
            let line = format!("{mark} {}{place}{separator}{}", step.rule, step.detail);
            page.item(depth, &line)?;
            Self::write_all(&step.steps, page, depth.saturating_add(1))?;
        }
        Ok(())
    }
}

impl Details for ExplainReport {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if let Some(peer) = &self.peer {
            page.heading(&format!("accepted: {peer}"))?;
        }
        page.text(&format!("as a {} at {}", self.side, self.at))?;
        Step::write_all(&self.steps, page, 0)
    }
}
