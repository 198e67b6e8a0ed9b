//! The steps of a judgement, written down where somebody asks for them.

use core::cell::RefCell;
use core::fmt;

use super::rejection::Rejection;
use super::rule::Rule;
use crate::peer::{PeerIdentity, cut};
use crate::x509::{Certificate, rfc4514};

/// A verdict with every step that led to it.
///
/// Made by [`PeerVerifier::explain_client`](crate::PeerVerifier::explain_client) and
/// [`explain_server`](crate::PeerVerifier::explain_server), which run the very code that judges and
/// only write down what it does. `Display` is for people: one line for each step, indented below
/// the step that it is a part of, then the verdict and what to do about it. `ok` is a rule that is
/// kept, `no` one that is broken, `--` one that does not apply.
///
/// What follows was printed for failures of everyday life; long numbers are shortened.
///
#[doc = include_str!("explanations.md")]
#[derive(Clone, Debug)]
pub struct Explanation {
    verdict: Result<PeerIdentity, Rejection>,
    steps: Vec<ExplanationStep>,
}

/// One step of a judgement: a rule, what it was asked about, and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplanationStep {
    pub(crate) rule: Rule,
    pub(crate) certificate: Option<(usize, String)>,
    pub(crate) outcome: StepOutcome,
    pub(crate) detail: String,
    pub(crate) steps: Vec<Self>,
}

/// What came out of a [`ExplanationStep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepOutcome {
    /// The rule is broken. The verdict is a refusal, unless another path, or another branch of the
    /// matcher, is in order.
    Failed,
    /// There was nothing to ask: the certificate has no such extension, or the policy no such rule.
    NotApplied,
    /// The rule is kept.
    Passed,
}

impl Explanation {
    pub(crate) fn new(verdict: Result<PeerIdentity, Rejection>, trace: Trace) -> Self {
        Self {
            verdict,
            steps: trace.0.map(RefCell::into_inner).unwrap_or_default(),
        }
    }

    /// What `verify_client` or `verify_server` says.
    ///
    /// # Errors
    /// The [`Rejection`], where the peer is refused.
    pub fn verdict(&self) -> Result<&PeerIdentity, &Rejection> {
        self.verdict.as_ref()
    }

    /// The steps, in the order in which they were made.
    pub fn steps(&self) -> &[ExplanationStep] {
        &self.steps
    }
}

impl ExplanationStep {
    /// The rule that was asked.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Which of the presented certificates it was asked about (0 is the leaf), and its subject (RFC
    /// 4514). `None` for a rule about the chain as a whole, the trust anchor or the peer.
    pub fn certificate(&self) -> Option<(usize, &str)> {
        self.certificate.as_ref().map(|(i, s)| (*i, s.as_str()))
    }

    /// What came out.
    pub fn outcome(&self) -> StepOutcome {
        self.outcome
    }

    /// The values that were looked at, in words.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The steps that it consists of.
    pub fn steps(&self) -> &[Self] {
        &self.steps
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = match self.outcome {
            StepOutcome::Failed => "no",
            StepOutcome::NotApplied => "--",
            StepOutcome::Passed => "ok",
        };
        write!(
            f,
            "{:indent$}{mark} {}",
            "",
            self.rule,
            indent = depth.saturating_mul(3)
        )?;
        if let Some((index, subject)) = &self.certificate {
            write!(f, " [certificate {index}, {subject}]")?;
        }
        match self.detail.is_empty() {
            true => writeln!(f)?,
            false => writeln!(f, ": {}", self.detail)?,
        }
        self.steps
            .iter()
            .try_for_each(|step| step.write(f, depth.saturating_add(1)))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| step.write(f, 0))?;
        match &self.verdict {
            Ok(peer) => write!(f, "admitted: {peer}"),
            Err(rejection) => write!(f, "refused: {rejection}\nhint: {}", rejection.hint()),
        }
    }
}

impl fmt::Display for ExplanationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// Where the steps of a judgement are written, if anywhere: the evaluator is the same with and
/// without.
pub(crate) struct Trace(Option<RefCell<Vec<ExplanationStep>>>);

impl Trace {
    /// Writes nothing, and costs nothing.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    pub(crate) fn on() -> Self {
        Self(Some(RefCell::new(Vec::new())))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Asks a rule. The steps that are made inside of `check` become parts of this one; `seen`
    /// says, where the rule is kept, what was looked at.
    pub(crate) fn check<T>(
        &self,
        rule: Rule,
        about: Option<(usize, &Certificate<'_>)>,
        seen: impl FnOnce(&T) -> String,
        check: impl FnOnce() -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.step(check, |result| {
            let (outcome, detail) = match result {
                Ok(value) => (StepOutcome::Passed, seen(value)),
                Err(rejection) => (StepOutcome::Failed, rejection.values()),
            };
            ExplanationStep {
                rule,
                certificate: about.map(|(index, c)| {
                    let subject = rfc4514(c.subject);
                    (index, cut(&subject).into_owned())
                }),
                outcome,
                detail,
                steps: Vec::new(),
            }
        })
    }

    /// Asks a rule that consists of others, which say themselves what was looked at.
    pub(crate) fn outline<T>(
        &self,
        rule: Rule,
        what: impl FnOnce() -> String,
        check: impl FnOnce() -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        self.step(check, |result| ExplanationStep {
            rule,
            certificate: None,
            outcome: match result {
                Ok(_) => StepOutcome::Passed,
                Err(_) => StepOutcome::Failed,
            },
            detail: what(),
            steps: Vec::new(),
        })
    }

    /// Writes down that a rule had nothing to be asked about.
    pub(crate) fn not_applied(&self, rule: Rule, why: impl FnOnce() -> String) {
        self.step(
            || (),
            |()| ExplanationStep {
                rule,
                certificate: None,
                outcome: StepOutcome::NotApplied,
                detail: why(),
                steps: Vec::new(),
            },
        );
    }

    /// Does `work` and writes down what `describe` makes of its result, with the steps that were
    /// made inside.
    pub(crate) fn step<T>(
        &self,
        work: impl FnOnce() -> T,
        describe: impl FnOnce(&T) -> ExplanationStep,
    ) -> T {
        let Some(steps) = &self.0 else {
            return work();
        };
        let first_inside = steps.borrow().len();
        let result = work();
        let mut step = describe(&result);
        step.steps = steps.borrow_mut().split_off(first_inside);
        steps.borrow_mut().push(step);
        result
    }
}
