//! A folder in which other people's programs make files.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::common::programs::{Finished, Program, run};

/// Longer than RSA keys take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Of everything that has one.
pub(crate) const PASSPHRASE: &str = "tr0ub4dor";

/// The keys that may be used, and those that may not.
pub(crate) const KEYS: [&str; 4] = ["rsa", "p256", "p384", "ed25519"];

/// A root, an intermediate, a leaf for each kind of key with its chain, and keys that no reader
/// accepts.
const PKI: &str = r#"
set -e
exts() { printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' "$@" >ext.conf; }
make_ca() { # name, subject, issuer
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
    exts
    if [ -z "$3" ]; then by=; else by="-CA $3.crt -CAkey $3.key"; fi
    openssl req -x509 -new -key "$1.key" -subj "/O=Example/CN=$2" -days 3650 -config ext.conf $by -out "$1.crt" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}
make_leaf() { # name
    exts
    openssl req -x509 -new -key "$1.key" -subj "/CN=$1.example" -days 365 -config ext.conf -CA issuing.crt \
        -CAkey issuing.key -out "$1.crt" -addext basicConstraints=critical,CA:FALSE \
        -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth,clientAuth \
        -addext subjectAltName=DNS:localhost \
        -addext 'authorityInfoAccess=caIssuers;URI:http://ca.example/issuing.crt'
    cat "$1.crt" issuing.crt >"$1.chain.pem"
}
make_ca root "Root CA" ''
make_ca issuing "Issuing CA" root
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key
openssl genpkey -algorithm ed25519 -out ed25519.key
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key
for name in rsa p256 p384 ed25519 other; do make_leaf "$name"; done
openssl req -new -key p256.key -subj /CN=request -config ext.conf -out request.csr
openssl pkey -in p256.key -pubout -out public.pem
openssl pkcs12 -export -inkey p256.key -in p256.crt -certfile issuing.crt -passout pass:tr0ub4dor -out p256.p12
mkdir -p out
"#;

/// Files that programs made. Everything that they are asked for they write into `out/`.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    /// `None` where a program is missing, which it prints.
    pub(crate) fn open() -> Option<Self> {
        let programs = [
            Program::openssl(),
            Program::keytool(),
            Program::certtool(),
            Program::pk12util(),
        ];
        programs.into_iter().collect::<Option<Vec<_>>>()?;
        Program::bouncy_castle()?;
        let workshop = Self {
            folder: TempDir::new().unwrap(),
        };
        workshop.run(PKI).expect_success();
        Some(workshop)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the command with an empty `out/` and returns the path of the one file that it made there.
    #[track_caller]
    pub(crate) fn make(&self, command: &str) -> PathBuf {
        let out = self.path("out");
        std::fs::remove_dir_all(&out).unwrap();
        std::fs::create_dir(&out).unwrap();
        let finished = self.run(command);
        let made: Vec<PathBuf> = std::fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(finished.success(), "{command}: {finished:#?}");
        match made.as_slice() {
            [one] => one.clone(),
            other => panic!("{command} made {other:?}"),
        }
    }

    /// What the command prints.
    #[track_caller]
    pub(crate) fn read(&self, command: &str) -> String {
        self.run(command).expect_success()
    }

    /// The numbers of a private key that must stay secret.
    pub(crate) fn secret_numbers(&self, key: &str) -> Vec<Vec<u8>> {
        let text = self.read(&match key {
            // Between the public exponent and the coefficient: d, p and q.
            "rsa" => format!(
                "openssl rsa -in {key}.key -traditional -outform DER | openssl asn1parse -inform DER | grep INTEGER | \
                 sed -n '4,6p' | sed 's/.*://'"
            ),
            "ed25519" => format!(
                "openssl pkey -in {key}.key -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \\n'"
            ),
            _ => format!(
                "openssl pkey -in {key}.key -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\\n'"
            ),
        });
        let numbers: Vec<Vec<u8>> = text.split_whitespace().map(from_hex).collect();
        assert!(numbers.iter().all(|number| number.len() >= 32), "{key}");
        numbers
    }

    /// The base64 of a private key's file.
    pub(crate) fn base64(&self, key: &str) -> String {
        let pem = std::fs::read_to_string(self.path(&format!("{key}.key"))).unwrap();
        pem.lines().filter(|line| !line.starts_with('-')).collect()
    }

    /// The text without what differs from run to run.
    pub(crate) fn steady(&self, text: &str) -> String {
        let folder = format!("{}/", self.folder.path().display());
        let text = text.replace(&folder, "").replace("out/", "");
        without_numbers(&text)
    }

    fn run(&self, script: &str) -> Finished {
        let mut shell = Command::new("bash");
        shell
            .args(["-o", "pipefail", "-c", script])
            .current_dir(self.folder.path());
        run(&mut shell, b"", LIMIT)
    }
}

/// Digests and offsets are other ones each time.
fn without_numbers(text: &str) -> String {
    let mut steady = String::new();
    let mut words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let mut after_byte = false;
    for word in &mut words {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let end = word.get(bare.len()..).unwrap_or_default();
        let is_digest = bare.len() >= 40 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        let is_offset = after_byte && bare.bytes().all(|b| b.is_ascii_digit()) && bare != "0";
        after_byte = bare == "byte" || (after_byte && bare.is_empty());
        match (is_digest, is_offset) {
            (true, _) => steady.push_str("<digest>"),
            (_, true) => steady.push('N'),
            _ => steady.push_str(bare),
        }
        steady.push_str(end);
    }
    steady
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks_exact(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}
