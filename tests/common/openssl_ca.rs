//! CAs by `openssl ca`, with an index and revocation lists, as people make them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use mtls::RevocationLists;
use mtls::pki_types::pem::PemObject;
use mtls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

use super::pki::Credential;
use super::programs::{self, Program};

/// A root, an issuing CA below it, a client and a server below that, each by the `openssl` command.
#[derive(Debug)]
pub struct Cas {
    openssl: Program,
    folder: TempDir,
}

/// What `openssl ca` keeps, and how it issues.
pub const CONFIG: &str = "
[ca]
default_ca = this
[this]
dir = .
database = $dir/index.txt
serial = $dir/serial
crlnumber = $dir/crlnumber
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
default_days = 30
default_crl_days = 7
policy = any
crl_extensions = crl
copy_extensions = none
unique_subject = no
[any]
commonName = supplied
[crl]
authorityKeyIdentifier = keyid:always
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost
authorityKeyIdentifier = keyid
";

impl Cas {
    pub fn new() -> Option<Self> {
        let cas = Self {
            openssl: Program::openssl()?,
            folder: tempfile::tempdir().unwrap(),
        };
        for ca in ["root", "issuing"] {
            let folder = cas.folder.path().join(ca);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("config"), CONFIG).unwrap();
            fs::write(folder.join("index.txt"), "").unwrap();
            fs::write(folder.join("serial"), "1000\n").unwrap();
            fs::write(folder.join("crlnumber"), "01\n").unwrap();
        }
        let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config config";
        let root =
            "req -x509 -days 60 -subj /CN=Rhea -extensions authority -keyout ca.key -out ca.crt";
        cas.run("root", &format!("{root} {new_key}"));
        cas.run(
            "issuing",
            &format!("req -subj /CN=Ivo -keyout ca.key -out ca.csr {new_key}"),
        );
        cas.run("root", "ca -batch -notext -config config -extensions authority -in ../issuing/ca.csr -out ../issuing/ca.crt");
        for name in ["alice", "server"] {
            cas.run(
                "issuing",
                &format!("req -subj /CN={name} -keyout {name}.key -out {name}.csr {new_key}"),
            );
            cas.run("issuing", &format!("ca -batch -notext -config config -extensions leaf -in {name}.csr -out {name}.crt"));
        }
        Some(cas)
    }

    pub fn run(&self, ca: &str, arguments: &str) {
        let mut command = self.openssl.command();
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path(ca));
        programs::run(&mut command, b"", Duration::from_secs(30)).expect_success();
    }

    pub fn path(&self, ca: &str) -> PathBuf {
        self.folder.path().join(ca)
    }

    pub fn certificate(&self, path: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.folder.path().join(path)).unwrap()
    }

    pub fn credential(&self, name: &str) -> Credential {
        let key = self.path("issuing").join(format!("{name}.key"));
        let key = PrivatePkcs8KeyDer::from_pem_file(key).unwrap();
        Credential {
            chain: vec![
                self.certificate(&format!("issuing/{name}.crt")),
                self.certificate("issuing/ca.crt"),
            ],
            key,
        }
    }

    /// The list of this CA as of now, with more of the command's options.
    pub fn list(&self, ca: &str, options: &str) -> RevocationLists {
        let arguments = format!("ca -gencrl -config config -out now.crl {options}");
        self.run(ca, &arguments);
        RevocationLists::from_file(self.path(ca).join("now.crl")).unwrap()
    }

    pub fn both(&self, options: &str) -> RevocationLists {
        let lists = ["root", "issuing"].map(|ca| self.list(ca, options));
        RevocationLists::join(lists).unwrap()
    }

    pub fn revoke(&self, ca: &str, certificate: &str) {
        let arguments =
            format!("ca -config config -revoke {certificate} -crl_reason keyCompromise");
        self.run(ca, &arguments);
    }
}
