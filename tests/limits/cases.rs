//! Inputs that would cost much if they were believed, each read in a process of its own that measures itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mtls::pki_types::CertificateRevocationListDer;
use mtls::{
    CertificateChain, MaterialError, MtlsIdentity, Passphrase, PrivateKey, RevocationLists,
    TrustAnchors,
};

/// A key under PBES2 that asks for 4,294,967,295 rounds of PBKDF2.
const PBKDF2: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGeMFoGCSqGSIb3DQEFDTBNMCwGCSqGSIb3DQEFDDAfBAhzYWx0c2FsdAIFAP//
//8wDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAABAgMEBQYHCAkKCwwNDg8E
QAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0u
LzAxMjM0NTY3ODk6Ozw9Pj8=
-----END ENCRYPTED PRIVATE KEY-----
";
/// A key under PBES2 that asks for scrypt with N = 2^22 and r = 8, which takes 4 GiB.
const SCRYPT: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGUMFAGCSqGSIb3DQEFDTBDMCIGCSsGAQQB2kcECzAVBAhzYWx0c2FsdAIDQAAA
AgEIAgEBMB0GCWCGSAFlAwQBKgQQAAECAwQFBgcICQoLDA0ODwRAAAECAwQFBgcI
CQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4
OTo7PD0+Pw==
-----END ENCRYPTED PRIVATE KEY-----
";
const NESTED: usize = 100_000;
/// Names the case that a child is to run.
const CASE: &str = "MTLS_LIMITS_CASE";
/// The folder with the files of the cases.
const FOLDER: &str = "MTLS_LIMITS_FOLDER";

pub struct Case {
    pub name: &'static str,
    /// A part of the message that is expected.
    pub says: &'static str,
    run: fn(&Path) -> Result<(), MaterialError>,
}

/// What a child said about itself.
pub struct Measured {
    pub message: String,
    pub time: Duration,
    /// Growth of the most memory that it ever had, in kB; `None` where the system does not tell.
    pub memory: Option<u64>,
}

fn key(path: PathBuf) -> Result<(), MaterialError> {
    PrivateKey::from_file(path).map(drop)
}

fn anchors(path: impl AsRef<Path>) -> Result<(), MaterialError> {
    TrustAnchors::from_file(path).map(drop)
}

const NO_FILE: &str = "this is a FIFO, a socket or a device, not a regular file";

pub fn all() -> Vec<Case> {
    let mut all = vec![
        Case {
            name: "4 billion rounds of PBKDF2",
            says: "opening it would cost 4294967295 rounds of PBKDF2, above the limit of",
            run: |_| {
                mtls::Loader::new()
                    .passphrase(Passphrase::new("a"))
                    .load_key(mtls::material::Input::bytes(PBKDF2.as_bytes()))
                    .map(drop)
            },
        },
        Case {
            name: "scrypt, N = 2^22",
            says: "opening it would cost",
            run: |_| {
                mtls::Loader::new()
                    .passphrase(Passphrase::new("a"))
                    .load_key(mtls::material::Input::bytes(SCRYPT.as_bytes()))
                    .map(drop)
            },
        },
        Case {
            name: "key of 1 GB, sparse",
            says: "there are more than 1048576 bytes in it",
            run: |folder| key(folder.join("sparse")),
        },
        Case {
            name: "anchors of 1 GB, sparse",
            says: "there are more than 16777216 bytes in it",
            run: |folder| anchors(folder.join("sparse")),
        },
        Case {
            name: "directory",
            says: "this is a directory, not a regular file",
            run: |folder| key(folder.to_owned()),
        },
        Case {
            name: "100,000 nested, chain",
            says: "this is not an X.509 certificate",
            run: |_| CertificateChain::from_der([nested().into()]).map(drop),
        },
        Case {
            name: "100,000 nested, anchor",
            says: "this is not an X.509 certificate",
            run: |_| TrustAnchors::from_der([nested().into()]).map(drop),
        },
        Case {
            name: "100,000 nested, key",
            says: "this is not a private key",
            run: |_| PrivateKey::from_der(&nested()).map(drop),
        },
        Case {
            name: "100,000 nested, list",
            says: "this is not an X.509 revocation list",
            run: |_| {
                let list = CertificateRevocationListDer::from(nested());
                RevocationLists::from_der([list]).map(drop)
            },
        },
        Case {
            name: "100,000 nested, in an extension",
            says: "this is not an X.509 certificate",
            run: |folder| {
                let path = |name| folder.join(name);
                MtlsIdentity::from_files(path("nested.crt"), path("nested.key")).map(drop)
            },
        },
    ];
    #[cfg(unix)]
    all.extend([
        Case {
            name: "FIFO without a writer",
            says: NO_FILE,
            run: |folder| key(folder.join("fifo")),
        },
        Case {
            name: "FIFO with a writer",
            says: NO_FILE,
            run: |folder| {
                use std::io::Write;
                let path = folder.join("fifo");
                let mut both = File::options().read(true).write(true).open(&path).unwrap();
                both.write_all(b"-----BEGIN PRIVATE KEY-----").unwrap();
                key(path)
            },
        },
        Case {
            name: "/dev/zero",
            says: NO_FILE,
            run: |_| key("/dev/zero".into()),
        },
        Case {
            name: "socket",
            says: NO_FILE,
            run: |folder| key(folder.join("socket")),
        },
        Case {
            name: "symbolic links in a circle",
            says: "the file cannot be read",
            run: |folder| key(folder.join("circle")),
        },
    ]);
    #[cfg(target_os = "linux")]
    all.extend([
        Case {
            name: "/proc/self/mem",
            says: "the file cannot be read",
            run: |_| key("/proc/self/mem".into()),
        },
        Case {
            name: "/proc/self/environ",
            says: "this is a pseudo file that does not tell its length (as in /proc), not a regular file",
            run: |_| key("/proc/self/environ".into()),
        },
        Case {
            name: "/proc/kallsyms",
            says: "this is a pseudo file that does not tell its length (as in /proc), not a regular file",
            run: |_| anchors("/proc/kallsyms"),
        },
    ]);
    all
}

/// That many SEQUENCEs, each in the one before.
fn nested() -> Vec<u8> {
    // Written backwards, from the innermost.
    let mut bytes: Vec<u8> = Vec::with_capacity(NESTED * 5);
    for _ in 0..NESTED {
        let length = bytes.len().to_le_bytes();
        match bytes.len() {
            0..=0x7f => bytes.push(length[0]),
            0x80..=0xff => bytes.extend([length[0], 0x81]),
            0x100..=0xffff => bytes.extend([length[0], length[1], 0x82]),
            _ => bytes.extend([length[0], length[1], length[2], 0x83]),
        }
        bytes.push(0x30);
    }
    bytes.reverse();
    bytes
}

/// Where the cases find their files.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    File::create(path("sparse"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    // basicConstraints, which is asked of every leaf.
    let extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 19], nested());
    params.custom_extensions = vec![extension];
    fs::write(path("nested.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(path("nested.key"), key.serialize_pem()).unwrap();
    #[cfg(unix)]
    {
        let made = Command::new("mkfifo").arg(path("fifo")).status().unwrap();
        assert!(made.success(), "mkfifo");
        std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        std::os::unix::fs::symlink(path("circle"), path("circle")).unwrap();
    }
    folder
}

/// Runs the case that this process was started for, if it was; says whether.
pub fn run_as_child() -> bool {
    let Ok(name) = std::env::var(CASE) else {
        return false;
    };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let case = all().into_iter().find(|case| case.name == name).unwrap();
    let before = peak();
    let start = Instant::now();
    let result = (case.run)(&folder);
    let taken = start.elapsed();
    let grown = before.and_then(|before| Some(peak()? - before));
    println!("{}", taken.as_nanos());
    println!("{}", grown.map_or("-".to_owned(), |kb| kb.to_string()));
    println!("{}", result.unwrap_err());
    true
}

/// Has another process of this program run the case. One that dies or hangs fails.
pub fn measure(case: &Case, folder: &Path) -> Measured {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CASE, case.name).env(FOLDER, folder);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", case.name);
    let mut lines = text.lines();
    let mut line = || lines.next().expect("three lines of a child");
    Measured {
        time: Duration::from_nanos(line().parse().unwrap()),
        memory: line().parse().ok(),
        message: line().to_owned(),
    }
}

/// The most memory that this process ever had, in kB.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
