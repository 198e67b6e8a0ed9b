//! The connections of a probe, one after the other.

use std::net::SocketAddr;
use std::time::Duration;

use mtls::MtlsIdentity;
use mtls::pki_types::UnixTime;
use rustls::ClientConnection;

use super::arguments::ProbeArguments;
use super::failure::Failure;
use super::question::Question;
use super::starttls::StartTls;
use super::tls::{Attempt, Configs, Ending, Offer, Version, Wait};
use super::transport::{Deadline, Transport, resolve};
use super::verdict::{Acceptance, OwnView, acceptance_of, failure_of};
use crate::output::{Finding, Outcome};

/// How long the question whether the server speaks the other version may take.
const OTHER_VERSION: Duration = Duration::from_secs(2);

/// What a probe saw.
pub(crate) struct Examination {
    pub(crate) address: Option<SocketAddr>,
    /// The connection without our certificate.
    pub(crate) look: Option<Attempt>,
    /// The one with it.
    pub(crate) presenting: Option<Attempt>,
    /// The versions, and whether the server speaks them; `None` if that is not known.
    pub(crate) versions: Vec<(Version, Option<bool>)>,
    /// What the server thinks about us.
    pub(crate) acceptance: Option<Acceptance>,
    pub(crate) outcome: Outcome,
    pub(crate) findings: Vec<Finding>,
}

/// The server, and what is needed to connect to it once more.
struct Examiner<'a> {
    arguments: &'a ProbeArguments,
    configs: &'a Configs<'a>,
    deadline: Deadline,
    addresses: Vec<SocketAddr>,
    user: String,
}

impl Examination {
    pub(crate) fn run(arguments: &ProbeArguments, configs: &Configs<'_>, now: UnixTime) -> Self {
        let mut examination = Self {
            address: None,
            look: None,
            presenting: None,
            versions: Vec::new(),
            acceptance: None,
            outcome: Outcome::Accepted,
            findings: Vec::new(),
        };
        if let Err(failure) = examination.examine(arguments, configs, now) {
            examination.outcome = failure.outcome;
            examination.findings.push(*failure.finding);
        }
        examination
    }

    fn examine(
        &mut self,
        arguments: &ProbeArguments,
        configs: &Configs<'_>,
        now: UnixTime,
    ) -> Result<(), Failure> {
        let deadline = Deadline::after(arguments.timeout);
        let identity = configs.material.identity.as_ref();
        let mut examiner = Examiner {
            arguments,
            configs,
            deadline,
            addresses: resolve(&arguments.target, deadline)?,
            user: user(arguments, identity),
        };
        let (transport, address) = examiner.connect()?;
        self.address = Some(address);
        examiner.addresses = vec![address];
        let versions = arguments.versions();
        let wait = match identity {
            Some(_) => Wait::Shortly,
            None => Wait::ForVerdict(()),
        };
        let look = examiner.attempt(versions, Offer::Nothing, transport, wait)?;
        self.versions = examiner.versions(&look);
        if let Some(failure) = failure_of(&look) {
            self.look = Some(look);
            return Err(failure);
        }
        let look = self.look.insert(look);
        let policy = policy_findings(look);
        let is_accepted = policy.is_empty() && look.explanation.is_some();
        self.findings.extend(policy);
        if !is_accepted {
            self.outcome = match look.explanation {
                Some(_) => Outcome::Rejected,
                None => Outcome::Fault,
            };
        }
        let offer = match identity {
            Some(_) if is_accepted => Offer::Identity,
            Some(_) if arguments.danger_present_anyway => Offer::IdentityAnyway,
            _ => Offer::Nothing,
        };
        if offer == Offer::Nothing && !is_accepted {
            return Ok(());
        }
        let acceptance = match identity {
            Some(identity) if offer != Offer::Nothing => {
                let own = |attempt: &Attempt| {
                    let request = attempt.request.as_ref();
                    OwnView::new(configs.material, identity, request, &attempt.presented, now)
                };
                let (attempt, acceptance) = examiner.present(offer, &self.versions, own)?;
                self.presenting = Some(attempt);
                acceptance
            }
            _ => acceptance_of(look, None),
        };
        if self.outcome == Outcome::Accepted {
            self.outcome = acceptance.outcome();
        }
        self.findings.extend(acceptance.findings.iter().cloned());
        self.acceptance = Some(acceptance);
        Ok(())
    }

    /// Whether the server presented a certificate.
    pub(crate) fn has_presented(&self) -> bool {
        let look = self.look.as_ref();
        look.is_some_and(|look| !look.presented.is_empty())
    }

    /// Returns whether the server accepts clients without a certificate, if that is known.
    pub(crate) fn is_certificate_required(&self) -> Option<bool> {
        let look = self.look.as_ref()?;
        look.request.as_ref()?;
        match look.ending {
            Ending::Alert(_) => Some(true),
            Ending::Data | Ending::Finished | Ending::Ticket => Some(false),
            _ => None,
        }
    }
}

impl Examiner<'_> {
    /// Connects, and comes to where TLS begins.
    fn connect(&self) -> Result<(Transport, SocketAddr), Failure> {
        self.connect_until(self.deadline)
    }

    fn connect_until(&self, deadline: Deadline) -> Result<(Transport, SocketAddr), Failure> {
        let (mut transport, address) = Transport::connect(&self.addresses, deadline)?;
        if let Some(starttls) = self.arguments.starttls {
            starttls.ask(&mut transport)?;
        }
        Ok((transport, address))
    }

    fn attempt(
        &self,
        versions: &[Version],
        offer: Offer,
        transport: Transport,
        wait: Wait<()>,
    ) -> Result<Attempt, Failure> {
        let wait = match wait {
            Wait::ForVerdict(()) => Wait::ForVerdict(|connection: &_| self.question(connection)),
            Wait::Not => Wait::Not,
            Wait::Shortly => Wait::Shortly,
        };
        Attempt::run(self.configs, versions, offer, transport, wait)
    }

    /// Presents our certificate, once more by TLS 1.2 where TLS 1.3 leaves the verdict open.
    fn present(
        &self,
        offer: Offer,
        spoken: &[(Version, Option<bool>)],
        own: impl Fn(&Attempt) -> OwnView,
    ) -> Result<(Attempt, Acceptance), Failure> {
        let attempt = |versions: &[Version]| {
            let (transport, _) = self.connect()?;
            self.attempt(versions, offer, transport, Wait::ForVerdict(()))
        };
        let first = attempt(self.arguments.versions())?;
        if is_open(&first)
            && spoken.contains(&(Version::Tls12, Some(true)))
            && let Ok(second) = attempt(&[Version::Tls12])
            && decides(&second, &first)
        {
            let acceptance = acceptance_of(&second, Some(&own(&second)));
            return Ok((first, acceptance));
        }
        let acceptance = acceptance_of(&first, Some(&own(&first)));
        Ok((first, acceptance))
    }

    fn question(&self, connection: &ClientConnection) -> Option<Question> {
        if self.arguments.starttls == Some(StartTls::Postgres) {
            let user = self.user.clone();
            return Some(Question::Postgres { user });
        }
        let speaks_http = connection.alpn_protocol() == Some(b"http/1.1");
        (self.arguments.http || speaks_http).then(|| Question::Http {
            host: self.arguments.target.to_string(),
        })
    }

    /// Tries the version that was not negotiated, by a connection of its own.
    fn versions(&self, look: &Attempt) -> Vec<(Version, Option<bool>)> {
        let Some(negotiated) = &look.negotiated else {
            return Vec::new();
        };
        let offered = self.arguments.versions();
        let spoken = |version: &Version| {
            if *version == negotiated.version {
                return Some(true);
            }
            if !offered.contains(version) {
                return None;
            }
            // A server that does not answer it must not cost the time for what follows.
            let deadline = self.deadline.at_most(OTHER_VERSION);
            let (transport, _) = self.connect_until(deadline).ok()?;
            let other = self
                .attempt(&[*version], Offer::Nothing, transport, Wait::Not)
                .ok()?;
            match (other.negotiated, other.ending) {
                (Some(_), _) => Some(true),
                (None, Ending::Alert(_)) => Some(false),
                _ => None,
            }
        };
        let versions = Version::ALL.iter();
        versions
            .map(|version| (*version, spoken(version)))
            .collect()
    }
}

/// Returns why we reject the server.
fn policy_findings(look: &Attempt) -> Vec<Finding> {
    let rejection = look.explanation.as_ref().and_then(|e| e.verdict().err());
    let mut findings: Vec<_> = rejection
        .map(|rejection| Finding::from(rejection).at("the server's chain"))
        .into_iter()
        .collect();
    if let Some(error) = &look.signature_fault {
        let message =
            "the server's handshake signature does not verify by the key in its certificate";
        let mut finding = Finding::fault("invalid_handshake_signature", message)
            .hint("give the server the private key of its certificate, and look for what intercepts the connection");
        finding.causes.push(error.to_string());
        findings.push(finding);
    }
    findings
}

/// Whether TLS 1.3 left the server's verdict open.
fn is_open(attempt: &Attempt) -> bool {
    matches!(
        attempt.ending,
        Ending::Silent { .. } | Ending::Closed { .. }
    ) && attempt
        .negotiated
        .as_ref()
        .is_some_and(|n| n.version == Version::Tls13)
}

/// Whether the second connection, by TLS 1.2, shows more than the first.
///
/// That one version rejects us is not undone by the other.
fn decides(second: &Attempt, first: &Attempt) -> bool {
    match second.ending {
        Ending::Alert(_) => true,
        Ending::Finished => matches!(first.ending, Ending::Silent { .. }),
        _ => false,
    }
}

/// The user of PostgreSQL: the leaf's common name, unless it is given.
fn user(arguments: &ProbeArguments, identity: Option<&MtlsIdentity>) -> String {
    let common_name = || {
        let described = identity?.describe();
        let subject = &described.certificates.first()?.subject;
        let mut attributes = subject.split(',');
        let name = attributes.find_map(|attribute| attribute.strip_prefix("CN="))?;
        Some(name.to_owned())
    };
    let given = arguments.user.clone();
    given
        .or_else(common_name)
        .unwrap_or_else(|| "postgres".to_owned())
}
