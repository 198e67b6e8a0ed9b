//! The shared part of the examples `server` and `client`.
//!
//! It has the arguments for identity, trust and policy, the choice of a backend, and the exit code.

pub(crate) mod backends;

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Parser, ValueExt};
use mtls::backend::BackendKind;
use mtls::connection::Side;
use mtls::error::ListenerError;
use mtls::event::HandshakeOutcome;
use mtls::policy::{CertificateProfile, RevocationDepth};
use mtls::{
    Builder, Event, HandshakeError, Loader, MtlsIdentity, Passphrase, Report, RevocationLists,
    RevocationRules, TrustAnchors, VerifierPolicy,
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The options of both examples.
#[derive(Default)]
pub(crate) struct Common {
    backend: Option<BackendKind>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    passphrase: Option<Passphrase>,
    ca_certificates: Option<PathBuf>,
    revocation_lists: Vec<PathBuf>,
    profile: Option<CertificateProfile>,
    x509_v1: bool,
}

impl Common {
    /// Parses the option `--name` if it is one of these.
    pub(crate) fn take(
        &mut self,
        name: &str,
        parser: &mut Parser,
    ) -> std::result::Result<bool, lexopt::Error> {
        match name {
            "backend" => self.backend = Some(parser.value()?.parse()?),
            "cert" => self.certificate = Some(parser.value()?.into()),
            "key" => self.key = Some(parser.value()?.into()),
            "passphrase" => self.passphrase = Some(Passphrase::new(parser.value()?.string()?)),
            "cacert" => self.ca_certificates = Some(parser.value()?.into()),
            "crl" => self.revocation_lists.push(parser.value()?.into()),
            "profile" => self.profile = Some(parser.value()?.parse()?),
            "danger-allow-x509-v1" => self.x509_v1 = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn backend(&self) -> BackendKind {
        self.backend.unwrap_or(BackendKind::Rustls)
    }

    /// Checks that no option is missing, before any file is read.
    pub(crate) fn check(&self) -> std::result::Result<(), lexopt::Error> {
        required(&self.certificate, "--cert")?;
        required(&self.ca_certificates, "--cacert")?;
        Ok(())
    }

    /// Sets our identity, the trust anchors and `policy` on a builder, as the options specify.
    pub(crate) fn set_up<T>(
        &self,
        builder: Builder<T>,
        policy: VerifierPolicy,
    ) -> Result<Builder<T>> {
        let anchors = TrustAnchors::from_file(required(&self.ca_certificates, "--cacert")?)?;
        let builder = builder
            .identity(self.identity()?)
            .trust_anchors(anchors)
            .observer(warn);
        let policy = self.adjusted(policy);
        if self.revocation_lists.is_empty() {
            return Ok(builder.policy(policy));
        }
        let lists: std::result::Result<Vec<_>, _> = self
            .revocation_lists
            .iter()
            .map(RevocationLists::from_file)
            .collect();
        let rules = RevocationRules::require(RevocationDepth::Leaf);
        Ok(builder
            .policy(policy.revocation(rules))
            .revocation_lists(RevocationLists::join(lists?)?))
    }

    /// Loads our certificate chain and key.
    fn identity(&self) -> Result<MtlsIdentity> {
        let certificate = required(&self.certificate, "--cert")?;
        let mut loader = Loader::new();
        if let Some(passphrase) = &self.passphrase {
            loader = loader.passphrase(passphrase.clone());
        }
        Ok(match &self.key {
            Some(key) => loader.load_key_pair(certificate, key)?,
            None => loader.load_identity(certificate)?,
        })
    }

    /// Adds the profile and the opt-ins of the options to `policy`.
    fn adjusted(&self, mut policy: VerifierPolicy) -> VerifierPolicy {
        if let Some(profile) = self.profile {
            policy = policy.profile(profile);
        }
        if self.x509_v1 {
            policy = policy
                .danger_allow_x509_v1_leaf()
                .danger_allow_common_name_as_dns();
        }
        policy
    }
}

/// Writes warnings, and the failures of a server, to standard error.
fn warn(event: &Event<'_>) {
    match event {
        Event::AcceptFailed(error) => log(&format!("cannot accept: {error}")),
        Event::Handshake(handshake) if handshake.side == Side::Server => {
            // So many clients may get stuck that they would fill the log.
            if let HandshakeOutcome::Failed(error) = handshake.outcome
                && !has_given_way(error)
            {
                log(&failure(error, handshake.remote_addr));
            }
        }
        Event::IdentityWarning(warning) => {
            log(&format!("warning: {warning}; hint: {}", warning.hint()));
        }
        Event::UnusableTrustAnchor(anchor) => {
            log(&format!("warning: {anchor}; hint: {}", anchor.hint()));
        }
        Event::UnclaimedRevocationList(list) => log(&format!(
            "warning: no trust anchor signed the revocation list of {}",
            list.issuer()
        )),
        _ => {}
    }
}

/// Distinguishes a rejection from every other failure of a handshake.
fn failure(error: &HandshakeError, from: Option<SocketAddr>) -> String {
    let what = match error {
        HandshakeError::Rejected(_) | HandshakeError::NoCommonProtocol => "rejected",
        _ => "failed",
    };
    let from = from.map_or("a client".to_owned(), |from| from.to_string());
    format!("{what} {from}: {}", Report::new(error))
}

fn has_given_way(error: &HandshakeError) -> bool {
    let HandshakeError::Io(io) = error else {
        return false;
    };
    let cause = io.get_ref().and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(ListenerError::GaveWay))
}

fn required<'a, T>(
    value: &'a Option<T>,
    option: &str,
) -> std::result::Result<&'a T, lexopt::Error> {
    value
        .as_ref()
        .ok_or_else(|| format!("the option {option} is missing").into())
}

/// Returns the error for a backend that is not compiled in.
pub(crate) fn not_compiled_in(backend: BackendKind) -> Box<dyn Error + Send + Sync> {
    // A backend and its cargo feature have one name.
    format!("the backend {backend} is not compiled in: build with `--features {backend}`").into()
}

/// Returns the exit code: 2 for a wrong command line, 1 for any other error.
pub(crate) fn exit(program: &str, usage: &str, result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    log(&format!("{program}: {}", Report::new(error.as_ref())));
    if error.is::<lexopt::Error>() {
        log(&format!("\n{usage}"));
        return ExitCode::from(2);
    }
    ExitCode::FAILURE
}

/// Writes one message to standard error, which may be closed: `eprintln!` would panic then.
pub(crate) fn log(message: &str) {
    let _ = io::stderr().write_all(format!("{message}\n").as_bytes());
}
