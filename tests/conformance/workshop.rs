//! A folder in which the openssl command and other tools work.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use mtls::PrivateKey;
use mtls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use tempfile::TempDir;

use crate::common::programs::{Program, run};
use crate::issued::CertifiedKey;

/// No tool works longer.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Workshop {
    folder: TempDir,
    openssl: Program,
}

impl Workshop {
    /// `None`, said aloud, where the openssl command is missing.
    pub(crate) fn open() -> Option<Self> {
        Some(Self {
            openssl: Program::openssl()?,
            folder: TempDir::new().unwrap(),
        })
    }

    /// Runs openssl: arguments without spaces, and then those that may have some.
    #[track_caller]
    pub(crate) fn openssl(&self, arguments: &str, more: &[&str]) {
        let mut command = self.openssl.command();
        command.args(arguments.split(' ')).args(more);
        self.run(command, b"");
    }

    /// Runs a command in the folder, to its end: what it writes.
    #[track_caller]
    pub(crate) fn run(&self, mut command: Command, stdin: &[u8]) -> String {
        command.current_dir(self.folder.path());
        run(&mut command, stdin, LIMIT).expect_success()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The certificate of `NAME.crt` and the key of `NAME.key`.
    #[track_caller]
    pub(crate) fn certified_key(&self, name: &str) -> CertifiedKey {
        CertifiedKey {
            certificate: self.certificate(&format!("{name}.crt")),
            key: self.key(&format!("{name}.key")),
        }
    }

    /// The first certificate of a PEM file.
    #[track_caller]
    pub(crate) fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.read(name).as_bytes()).unwrap()
    }

    /// The key of a PEM file, whatever form it has.
    #[track_caller]
    pub(crate) fn key(&self, name: &str) -> PrivatePkcs8KeyDer<'static> {
        let key = PrivateKey::from_pem(self.read(name).as_bytes()).unwrap();
        key.pkcs8_der().secret_pkcs8_der().to_vec().into()
    }
}
