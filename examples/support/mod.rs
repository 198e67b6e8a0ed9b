//! What the `server` and the `client` example share: the arguments that name our material, the choice of a backend,
//! and errors told in full.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Parser, ValueExt};
use mtls::{
    BackendKind, HandshakeError, MtlsIdentity, Passphrase, Rejection, TrustAnchors, VerifierPolicy,
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What every use of either example says about itself.
#[derive(Default)]
pub(crate) struct Common {
    backend: Option<BackendKind>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    passphrase: Option<Passphrase>,
    ca_certificates: Option<PathBuf>,
    x509_v1: bool,
}

impl Common {
    /// Takes the option `--name` if it is one of these.
    pub(crate) fn take(
        &mut self,
        name: &str,
        parser: &mut Parser,
    ) -> std::result::Result<bool, lexopt::Error> {
        match name {
            "backend" => self.backend = Some(parser.value()?.parse_with(backend)?),
            "cert" => self.certificate = Some(parser.value()?.into()),
            "key" => self.key = Some(parser.value()?.into()),
            "passphrase" => self.passphrase = Some(Passphrase::new(parser.value()?.string()?)),
            "cacert" => self.ca_certificates = Some(parser.value()?.into()),
            "danger-allow-x509-v1" => self.x509_v1 = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(crate) fn backend(&self) -> std::result::Result<BackendKind, lexopt::Error> {
        required(&self.backend, "--backend").copied()
    }

    /// That nothing is missing, which is better said before a file is read.
    pub(crate) fn check(&self) -> std::result::Result<(), lexopt::Error> {
        self.backend()?;
        required(&self.certificate, "--cert")?;
        required(&self.key, "--key")?;
        required(&self.ca_certificates, "--cacert")?;
        Ok(())
    }

    /// Who we are. What works but should be mended is said aloud.
    pub(crate) fn identity(&self) -> Result<MtlsIdentity> {
        let certificate = required(&self.certificate, "--cert")?;
        let key = required(&self.key, "--key")?;
        let identity = match &self.passphrase {
            Some(passphrase) => {
                MtlsIdentity::from_encrypted_pem_files(certificate, key, passphrase)?
            }
            None => MtlsIdentity::from_pem_files(certificate, key)?,
        };
        for warning in identity.warnings() {
            log(&format!("warning: {warning}"));
        }
        Ok(identity)
    }

    /// Who vouches for the other end.
    pub(crate) fn anchors(&self) -> Result<TrustAnchors> {
        Ok(TrustAnchors::from_pem_file(required(
            &self.ca_certificates,
            "--cacert",
        )?)?)
    }

    /// `policy`, relaxed as `--danger-allow-x509-v1` asks for.
    pub(crate) fn relaxed(&self, policy: VerifierPolicy) -> VerifierPolicy {
        match self.x509_v1 {
            true => policy
                .danger_allow_x509_v1_leaf()
                .danger_allow_common_name_as_dns(),
            false => policy,
        }
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

fn backend(name: &str) -> std::result::Result<BackendKind, String> {
    match name {
        "rustls" => Ok(BackendKind::Rustls),
        "openssl" => Ok(BackendKind::OpenSsl),
        "native-tls" => Ok(BackendKind::NativeTls),
        _ => Err(format!("there is no backend `{name}`")),
    }
}

/// For a backend that this build leaves out.
pub(crate) fn not_compiled_in(backend: BackendKind) -> Box<dyn Error + Send + Sync> {
    let feature = match backend {
        BackendKind::NativeTls => "native-tls",
        BackendKind::OpenSsl => "openssl",
        _ => "rustls",
    };
    format!("the backend {backend} is not compiled in: build with `--features {feature}`").into()
}

/// Ends in the manner of programs: 2 for a wrong command line, 1 for everything else that fails.
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

/// An error with all its causes, and the hint where it is about a refused peer.
pub(crate) fn explain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut hint = None;
    let mut next = Some(error);
    while let Some(error) = next {
        let cause = error.to_string();
        // Some libraries' errors already end in the words of their cause.
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
        // An `io::Error` skips what it wraps when it is asked for its source.
        Some(error) => HandshakeError::in_io_error(error)?.rejection(),
        None => error.downcast_ref(),
    }
}

/// One message on standard error, which may be closed: `eprintln!` would panic then.
pub(crate) fn log(message: &str) {
    let _ = io::stderr().write_all(format!("{message}\n").as_bytes());
}
