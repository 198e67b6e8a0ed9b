//! The certificates that two widespread walk-throughs make, made with the `openssl` command itself.
//!
//! RSA keys of 4096 bits take seconds, so each set is made once and kept for a day in cargo's own scratch folder,
//! where test processes that run side by side share it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use der::Decode;
use pki_types::CertificateDer;
use pki_types::pem::PemObject;
use x509_cert::Certificate;

use super::programs::{Program, run};

/// What the keys of [`layered`] are encrypted with.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A certificate (or a chain of them), its key, and where they are.
#[derive(Clone, Debug)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Walk-through (a): one authority, leaves without extensions, keys in the clear.
///
/// The leaves are X.509 version 1, also where a newer `openssl x509 -req` would make version 3.
#[derive(Debug)]
pub struct Plain {
    pub ca: PathBuf,
    /// Common name `localhost`.
    pub server: Files,
    /// Common name `my-client`.
    pub client: Files,
}

/// Walk-through (b): a root, an intermediate with `pathlen:0`, leaves with extensions, keys
/// encrypted with [`PASSPHRASE`], and a second root that neither side trusts.
#[derive(Debug)]
pub struct Layered {
    pub root: PathBuf,
    pub intermediate: PathBuf,
    /// Intermediate and root in one file, as the walk-through calls its "chain".
    pub ca_chain: PathBuf,
    /// `client-c.local`, `localhost`, `127.0.0.1`; the certificate file holds the intermediate as well.
    pub server: Files,
    /// Extended key usage clientAuth; the certificate file holds the intermediate as well.
    pub client: Files,
    pub stranger_root: PathBuf,
    /// A client of the second root's.
    pub stranger: Files,
}

/// `None` where there is no `openssl` command, which has been said aloud by then.
pub fn plain() -> Option<&'static Plain> {
    static MADE: OnceLock<Option<Plain>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = folder("plain", make_plain)?;
        Some(Plain {
            ca: folder.join("ca.crt"),
            server: files(&folder, "server"),
            client: files(&folder, "client"),
        })
    })
    .as_ref()
}

/// `None` where there is no `openssl` command, which has been said aloud by then.
pub fn layered() -> Option<&'static Layered> {
    static MADE: OnceLock<Option<Layered>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = folder("layered", make_layered)?;
        Some(Layered {
            root: folder.join("root.crt"),
            intermediate: folder.join("intermediate.crt"),
            ca_chain: folder.join("ca-chain.crt"),
            server: files(&folder, "server"),
            client: files(&folder, "client"),
            stranger_root: folder.join("stranger-root.crt"),
            stranger: files(&folder, "stranger"),
        })
    })
    .as_ref()
}

/// Version (1 or 3) of the first certificate in a PEM file.
pub fn version(certificate: &Path) -> u8 {
    let first = CertificateDer::from_pem_file(certificate).unwrap();
    let certificate = Certificate::from_der(&first).unwrap();
    certificate.tbs_certificate().version() as u8 + 1
}

/// Change it when what is made below changes: it is a part of the folder's name.
const RECIPE: u32 = 1;

const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The folder with one set in it, made by `make` unless a young one is there.
fn folder(set: &str, make: fn(&Maker)) -> Option<PathBuf> {
    let openssl = Program::openssl()?;
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let version = run(openssl.command().arg("version"), b"", LIMIT).expect_success();
    let version = version.split_whitespace().nth(1).unwrap_or("unknown");
    let kept = scratch.join(format!("walkthrough-{set}-{RECIPE}-{version}"));
    if is_young(&kept) {
        return Some(kept);
    }
    let fresh = tempfile::tempdir_in(scratch).unwrap();
    make(&Maker {
        openssl,
        folder: fresh.path().to_owned(),
    });
    fs::remove_dir_all(&kept).ok();
    let fresh = fresh.keep();
    if fs::rename(&fresh, &kept).is_err() {
        // Another process was faster; what it made is as good.
        assert!(is_young(&kept), "cannot put {fresh:?} in place of {kept:?}");
        fs::remove_dir_all(&fresh).ok();
    }
    Some(kept)
}

fn is_young(folder: &Path) -> bool {
    let modified = fs::metadata(folder).and_then(|data| data.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age < KEPT))
}

fn files(folder: &Path, name: &str) -> Files {
    Files {
        certificate: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
    }
}

fn make_plain(maker: &Maker) {
    maker.openssl("genrsa -out ca.key 2048");
    maker.openssl("req -x509 -new -key ca.key -days 365 -subj /CN=my-ca -out ca.crt");
    for (name, subject) in [("server", "/CN=localhost"), ("client", "/CN=my-client")] {
        maker.openssl(&format!("genrsa -out {name}.key 2048"));
        maker.openssl(&format!(
            "req -new -key {name}.key -subj {subject} -out {name}.csr"
        ));
        maker.openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out {name}.crt"
        ));
        if version(&maker.folder.join(format!("{name}.crt"))) != 1 {
            // Since OpenSSL 3.2 `x509 -req` adds key identifiers, and `req` alone can still be asked for version 1.
            maker.openssl(&format!(
                "req -x509 -x509v1 -new -key {name}.key -subj {subject} -CA ca.crt -CAkey ca.key -days 365 -out {name}.crt"
            ));
        }
    }
}

fn make_layered(maker: &Maker) {
    fs::write(maker.folder.join("openssl.cnf"), LAYERED_CONFIG).unwrap();
    maker.root("root", "/O=Walkthrough/CN=Root CA");
    maker.key("intermediate", 4096);
    maker.issue(
        "intermediate",
        "/O=Walkthrough/CN=Intermediate CA",
        "v3_intermediate",
        "root",
    );
    maker.key("server", 2048);
    maker.issue(
        "server",
        "/O=Walkthrough/CN=client-c.local",
        "server",
        "intermediate",
    );
    maker.key("client", 2048);
    maker.issue(
        "client",
        "/O=Walkthrough/CN=client-a",
        "client",
        "intermediate",
    );
    maker.root("stranger-root", "/O=Strangers/CN=Stranger Root CA");
    maker.key("stranger", 2048);
    maker.issue(
        "stranger",
        "/O=Strangers/CN=client-a",
        "client",
        "stranger-root",
    );
    maker.join(&["intermediate", "root"], "ca-chain");
    maker.join(&["server", "intermediate"], "server");
    maker.join(&["client", "intermediate"], "client");
}

const LAYERED_CONFIG: &str = "\
[ req ]
distinguished_name = dn
[ dn ]
[ v3_ca ]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical, CA:true
keyUsage = critical, digitalSignature, cRLSign, keyCertSign
[ v3_intermediate ]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, digitalSignature, cRLSign, keyCertSign
[ client ]
basicConstraints = CA:FALSE
nsCertType = client, email
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
keyUsage = critical, nonRepudiation, digitalSignature, keyEncipherment
extendedKeyUsage = clientAuth
[ server ]
basicConstraints = CA:FALSE
nsCertType = server
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer:always
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:client-c.local, DNS:localhost, IP:127.0.0.1
";

const LIMIT: Duration = Duration::from_secs(120);

/// The `openssl` command in one folder.
struct Maker {
    openssl: Program,
    folder: PathBuf,
}

impl Maker {
    /// Runs the command with arguments that are parted by blanks.
    fn openssl(&self, arguments: &str) {
        self.run(arguments.split(' ').collect());
    }

    fn key(&self, name: &str, bits: u32) {
        let (out, bits) = (format!("{name}.key"), bits.to_string());
        let pass = format!("pass:{PASSPHRASE}");
        self.run(vec![
            "genrsa", "-aes256", "-passout", &pass, "-out", &out, &bits,
        ]);
    }

    fn root(&self, name: &str, subject: &str) {
        self.key(name, 4096);
        let (key, out) = (format!("{name}.key"), format!("{name}.crt"));
        let pass = format!("pass:{PASSPHRASE}");
        self.run(vec![
            "req",
            "-config",
            "openssl.cnf",
            "-x509",
            "-new",
            "-sha256",
            "-days",
            "3650",
            "-extensions",
            "v3_ca",
            "-key",
            &key,
            "-passin",
            &pass,
            "-subj",
            subject,
            "-out",
            &out,
        ]);
    }

    fn issue(&self, name: &str, subject: &str, section: &str, issuer: &str) {
        let (key, csr, out) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.crt"),
        );
        let (ca, ca_key) = (format!("{issuer}.crt"), format!("{issuer}.key"));
        let pass = format!("pass:{PASSPHRASE}");
        self.run(vec![
            "req",
            "-config",
            "openssl.cnf",
            "-new",
            "-sha256",
            "-key",
            &key,
            "-passin",
            &pass,
            "-subj",
            subject,
            "-out",
            &csr,
        ]);
        self.run(vec![
            "x509",
            "-req",
            "-sha256",
            "-days",
            "365",
            "-in",
            &csr,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-passin",
            &pass,
            "-CAcreateserial",
            "-extfile",
            "openssl.cnf",
            "-extensions",
            section,
            "-out",
            &out,
        ]);
    }

    /// Writes the certificates of `parts` into one file, which may be one of them.
    fn join(&self, parts: &[&str], whole: &str) {
        let read = |name: &&str| fs::read_to_string(self.folder.join(format!("{name}.crt")));
        let text: String = parts.iter().map(|part| read(part).unwrap()).collect();
        fs::write(self.folder.join(format!("{whole}.crt")), text).unwrap();
    }

    fn run(&self, arguments: Vec<&str>) {
        let mut command: Command = self.openssl.command();
        command.current_dir(&self.folder).args(arguments);
        run(&mut command, b"", LIMIT).expect_success();
    }
}
