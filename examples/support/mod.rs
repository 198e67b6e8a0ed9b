//! The shared part of the examples `server` and `client`.
//!
//! It has the arguments for identity, trust and policy, the choice of a backend, and errors with
//! all their causes.

pub(crate) mod backends;

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Parser, ValueExt};
use mtls::backend::BackendKind;
use mtls::policy::{CertificateProfile, RevocationDepth};
use mtls::{
    Builder, Event, HandshakeError, Loader, MtlsIdentity, Passphrase, Rejection, RevocationLists,
    RevocationRules, TrustAnchors, VerifierPolicy,
};

use backends::BACKENDS;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The values of `--profile`.
const PROFILES: [(&str, CertificateProfile); 3] = [
    ("interoperable", CertificateProfile::Interoperable),
    ("rfc5280", CertificateProfile::Rfc5280),
    ("web-pki", CertificateProfile::WebPki),
];

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
            "backend" => self.backend = Some(one_of(&BACKENDS, "backend", parser)?),
            "cert" => self.certificate = Some(parser.value()?.into()),
            "key" => self.key = Some(parser.value()?.into()),
            "passphrase" => self.passphrase = Some(Passphrase::new(parser.value()?.string()?)),
            "cacert" => self.ca_certificates = Some(parser.value()?.into()),
            "crl" => self.revocation_lists.push(parser.value()?.into()),
            "profile" => self.profile = Some(one_of(&PROFILES, "profile", parser)?),
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

/// Writes warnings to standard error.
fn warn(event: &Event<'_>) {
    match event {
        Event::IdentityWarning(warning) => log(&format!("warning: {warning}")),
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

fn required<'a, T>(
    value: &'a Option<T>,
    option: &str,
) -> std::result::Result<&'a T, lexopt::Error> {
    value
        .as_ref()
        .ok_or_else(|| format!("the option {option} is missing").into())
}

/// Parses the next argument, which must be one of these names.
fn one_of<T: Copy>(
    names: &[(&str, T)],
    what: &str,
    parser: &mut Parser,
) -> std::result::Result<T, lexopt::Error> {
    parser.value()?.parse_with(|name| {
        let found = names.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            format!(
                "there is no {what} `{name}`: use one of {}",
                names.join(", ")
            )
        })
    })
}

/// Returns the error for a backend that is not compiled in.
pub(crate) fn not_compiled_in(backend: BackendKind) -> Box<dyn Error + Send + Sync> {
    let named = BACKENDS.iter().find(|(_, kind)| *kind == backend);
    let feature = named.map_or("rustls", |(name, _)| *name);
    format!("the backend {backend} is not compiled in: build with `--features {feature}`").into()
}

/// Returns the exit code: 2 for a wrong command line, 1 for any other error.
pub(crate) fn exit(program: &str, usage: &str, result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    log(&format!("{program}: {}", explain(error.as_ref())));
    if error.is::<lexopt::Error>() {
        log(&format!("\n{usage}"));
        return ExitCode::from(2);
    }
    ExitCode::FAILURE
}

/// Returns an error with all its causes, and the hint of a rejection.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut hint = None;
    let mut next = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        // The errors of some libraries already contain the text of their cause.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        if let Some(rejection) = rejection(error) {
            hint = Some(rejection.hint().to_owned());
        }
        next = error.source();
    }
    match hint {
        Some(hint) => format!("{text}\n  hint: {hint}"),
        None => text,
    }
}

fn rejection<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Rejection> {
    match error.downcast_ref::<io::Error>() {
        // The `source` of an `io::Error` skips the error that it wraps.
        Some(error) => HandshakeError::in_io_error(error)?.rejection(),
        None => error.downcast_ref(),
    }
}

/// Writes one message to standard error, which may be closed: `eprintln!` would panic then.
pub(crate) fn log(message: &str) {
    let _ = io::stderr().write_all(format!("{message}\n").as_bytes());
}
