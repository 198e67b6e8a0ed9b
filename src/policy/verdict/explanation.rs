//! The steps of a verification, recorded on request.

use core::cell::RefCell;
use core::fmt;

use super::rejection::Rejection;
use super::rule::Rule;
use crate::error::unknown_name::stable_names;
use crate::peer::{PeerIdentity, cut};
use crate::x509::{Certificate, rfc4514};

/// A verdict with every step that led to it.
///
/// [`PeerVerifier::explain_client`](crate::PeerVerifier::explain_client) and
/// [`explain_server`](crate::PeerVerifier::explain_server) return it. They run the code of a
/// verification and record its steps. `Display` is for people: one line for each step, indented
/// below the step that contains it, then the verdict and its hint. `ok` marks a rule that is
/// satisfied, `no` a broken rule, `--` a rule that does not apply.
///
/// The following is the output for common failures; long numbers are shortened.
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().as_slice().to_vec();
/// # let policy = mtls::VerifierPolicy::allow(mtls::PeerMatcher::dns("other.example")?);
/// # let verifier = pki::verifier(policy);
/// use mtls::RejectionReason;
/// use mtls::pki_types::UnixTime;
///
/// let explanation = verifier.explain_client(&chain, UnixTime::now());
/// let rejection = explanation.verdict().unwrap_err();
/// assert_eq!(rejection.reason(), RejectionReason::NotAuthorized);
/// println!("{explanation}");
/// assert!(!explanation.steps().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc = include_str!("explanations.md")]
#[derive(Clone, Debug)]
pub struct Explanation {
    verdict: Result<PeerIdentity, Rejection>,
    steps: Vec<ExplanationStep>,
}

/// One step of a verification: a rule, its subject and the outcome.
///
/// ```
/// # fn f(explanation: &mtls::policy::Explanation) {
/// use mtls::policy::StepOutcome;
///
/// for step in explanation.steps() {
///     if step.outcome() == StepOutcome::Failed {
///         println!("{} about {:?}: {}", step.rule(), step.certificate(), step.detail());
///         println!("it has {} steps of its own", step.steps().len());
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplanationStep {
    pub(crate) rule: Rule,
    pub(crate) certificate: Option<(usize, String)>,
    pub(crate) outcome: StepOutcome,
    pub(crate) detail: String,
    pub(crate) steps: Vec<Self>,
}

/// The outcome of an [`ExplanationStep`].
///
/// ```
/// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
/// # let chain = pki::client_identity().chain().as_slice().to_vec();
/// # let verifier = pki::verifier(mtls::VerifierPolicy::allow_any_authenticated());
/// # let explanation = verifier.explain_client(&chain, mtls::pki_types::UnixTime::now());
/// use mtls::policy::StepOutcome;
///
/// let mut outcomes = explanation.steps().iter().map(|step| step.outcome());
/// assert!(outcomes.all(|outcome| outcome != StepOutcome::Failed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepOutcome {
    /// The rule is broken.
    ///
    /// The verdict is a rejection, unless another path or another branch of the matcher succeeds.
    Failed,
    /// The certificate has no such extension, or the policy has no such rule.
    NotApplied,
    /// The rule is satisfied.
    Passed,
}

stable_names!(StepOutcome, "outcome", {
    Failed => "failed",
    NotApplied => "not_applied",
    Passed => "passed",
});

impl Explanation {
    pub(crate) fn new(verdict: Result<PeerIdentity, Rejection>, trace: Trace) -> Self {
        Self {
            verdict,
            steps: trace.0.map(RefCell::into_inner).unwrap_or_default(),
        }
    }

    /// Returns the result of `verify_client` or `verify_server`.
    ///
    /// # Errors
    /// The [`Rejection`], if the peer is rejected.
    pub fn verdict(&self) -> Result<&PeerIdentity, &Rejection> {
        self.verdict.as_ref()
    }

    /// Returns the steps in the order of evaluation.
    pub fn steps(&self) -> &[ExplanationStep] {
        &self.steps
    }
}

impl ExplanationStep {
    /// Returns the evaluated rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns the index of the certificate (0 is the leaf) and its subject (RFC 4514).
    ///
    /// `None` for a rule about the whole chain, the trust anchor or the peer.
    pub fn certificate(&self) -> Option<(usize, &str)> {
        self.certificate.as_ref().map(|(i, s)| (*i, s.as_str()))
    }

    /// Returns the outcome.
    pub fn outcome(&self) -> StepOutcome {
        self.outcome
    }

    /// Returns a description of the checked values.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the steps within this one.
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
        if self.detail.is_empty() {
            writeln!(f)?;
        } else {
            writeln!(f, ": {}", self.detail)?;
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
            Ok(peer) => write!(f, "accepted: {peer}"),
            Err(rejection) => write!(f, "rejected: {rejection}\nhint: {}", rejection.hint()),
        }
    }
}

impl fmt::Display for ExplanationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// Records the steps of a verification, if enabled; the evaluation itself is the same.
pub(crate) struct Trace(Option<RefCell<Vec<ExplanationStep>>>);

impl Trace {
    /// Creates a trace that records nothing.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    pub(crate) fn on() -> Self {
        Self(Some(RefCell::new(Vec::new())))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Evaluates a rule as one step.
    ///
    /// The steps that `check` makes become children of this one. `seen` describes the checked
    /// values if the rule is satisfied.
    #[inline]
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

    /// Evaluates a rule that consists of others, whose steps describe the checked values.
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

    /// Records that a rule does not apply.
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

    /// Runs `work` and records the step that `describe` returns.
    ///
    /// The steps that `work` makes become its children.
    #[inline]
    pub(crate) fn step<T>(
        &self,
        work: impl FnOnce() -> T,
        describe: impl FnOnce(&T) -> ExplanationStep,
    ) -> T {
        match &self.0 {
            None => work(),
            Some(steps) => record(steps, work, describe),
        }
    }
}

/// Apart from the rest, since almost every verification is without a record.
#[cold]
fn record<T>(
    steps: &RefCell<Vec<ExplanationStep>>,
    work: impl FnOnce() -> T,
    describe: impl FnOnce(&T) -> ExplanationStep,
) -> T {
    let first_inside = steps.borrow().len();
    let result = work();
    let mut step = describe(&result);
    step.steps = steps.borrow_mut().split_off(first_inside);
    steps.borrow_mut().push(step);
    result
}
