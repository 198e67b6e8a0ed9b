//! A folder with certificates and keys, in which programs make containers of them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use mtls::pki_types::CertificateDer;
use mtls::{MtlsIdentity, PrivateKey};
use pki_types::pem::PemObject;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::PASSPHRASE;
use crate::fixture_text;
use crate::programs::{Program, run};

const LIMIT: Duration = Duration::from_secs(60);

/// The leaves, `NAME.crt` with `NAME.key`, and the file that the key comes from.
pub(super) const KEYS: [(&str, &str); 4] = [
    ("rsa", "rsa_pkcs8.pem"),
    ("p256", "p256_pkcs8.pem"),
    ("p384", "p384_pkcs8.pem"),
    ("ed25519", "ed25519.pem"),
];

/// `root.crt`, `issuing.crt` below it, and below that a leaf for each kind of key.
pub(super) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(super) fn new() -> Self {
        let workshop = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let [root_key, issuing_key] = [(); 2].map(|()| KeyPair::generate().unwrap());
        let root = params("Rhea", true);
        workshop.write("root.crt", &root.self_signed(&root_key).unwrap().pem());
        workshop.write("root.key", &root_key.serialize_pem());
        let root = Issuer::new(root, root_key);
        let issuing = params("Ivo", true);
        let certificate = issuing.signed_by(&issuing_key, &root).unwrap();
        workshop.write("issuing.crt", &certificate.pem());
        let issuing = Issuer::new(issuing, issuing_key);
        for (name, file) in KEYS {
            let key = fixture_text(file);
            workshop.write(&format!("{name}.key"), &key);
            let key = KeyPair::from_pem(&key).unwrap();
            let leaf = params(name, false).signed_by(&key, &issuing).unwrap();
            workshop.write(&format!("{name}.crt"), &leaf.pem());
        }
        workshop.join("rootless.pem", &["issuing.crt"]);
        workshop.join("issuers.pem", &["issuing.crt", "root.crt"]);
        workshop.join("issuers_down.pem", &["root.crt", "issuing.crt"]);
        workshop
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Writes one file after the other into a new one.
    pub(super) fn join(&self, name: &str, parts: &[&str]) {
        let joined: Vec<u8> = parts.iter().flat_map(|part| self.read(part)).collect();
        fs::write(self.path(name), joined).unwrap();
    }

    pub(super) fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(&self.read(&format!("{name}.crt"))).unwrap()
    }

    /// What the chain of a leaf has to be.
    pub(super) fn chain(&self, leaf: &str) -> Vec<CertificateDer<'static>> {
        vec![self.certificate(leaf), self.certificate("issuing")]
    }

    /// Runs a program in the folder; each word of the line is an argument, then come the others.
    #[track_caller]
    pub(super) fn run(&self, program: &Program, line: &str, arguments: &[&str]) -> String {
        let mut command: Command = program.command();
        command.current_dir(self.folder.path());
        command.args(line.split_whitespace()).args(arguments);
        // `keytool` and `certtool` speak the user's language.
        command.env("LC_ALL", "C.UTF-8");
        run(&mut command, b"", LIMIT).expect_success()
    }

    /// `openssl pkcs12 -export` of a leaf and its issuers, with the options.
    #[track_caller]
    pub(super) fn export(&self, openssl: &Program, leaf: &str, options: &str) -> Vec<u8> {
        let line = format!(
            "pkcs12 -export -in {leaf}.crt -inkey {leaf}.key -certfile issuers.pem -out made.p12 {options}"
        );
        let passphrase = format!("pass:{PASSPHRASE}");
        self.run(openssl, &line, &["-passout", &passphrase]);
        self.read("made.p12")
    }

    /// Asserts that the identity is the leaf with its chain, and its key the one that `openssl` finds in `made.p12`.
    #[track_caller]
    pub(super) fn is(&self, identity: &MtlsIdentity, openssl: &Program, leaf: &str, pass: &str) {
        assert_eq!(identity.chain().as_slice(), self.chain(leaf));
        let pass = format!("pass:{pass}");
        let line = "pkcs12 -legacy -in made.p12 -nodes -nocerts -passin";
        let key = PrivateKey::from_pem(self.run(openssl, line, &[&pass]).as_bytes()).unwrap();
        assert_eq!(identity.private_key().pkcs8_der(), key.pkcs8_der());
        let line = "pkcs12 -legacy -in made.p12 -nodes -clcerts -nokeys -passin";
        let found = self.run(openssl, line, &[&pass]);
        assert_eq!(
            CertificateDer::from_pem_slice(found.as_bytes()).unwrap(),
            *identity.chain().leaf()
        );
    }
}

pub(super) fn params(name: &str, is_ca: bool) -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params.use_authority_key_identifier_extension = true;
    params
}
