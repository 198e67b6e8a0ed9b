//! A folder with the files of a server, and what is done to them.

#![allow(unreachable_pub, reason = "shared by the files of this target")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mtls::FileSource;
use pki_types::CertificateRevocationListDer;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::common::pki::crl::Crl;
use super::common::pki::{Authority, AuthorityBuilder, Credential, Leaf, Validity, pem};

/// `tls.crt`, `tls.key`, `ca.crt` and `ca.crl` in a folder `tls`, in order.
pub struct Place {
    above: TempDir,
    pub root: Authority,
    pub intermediate: Authority,
    /// A second CA, which is not among the anchors.
    pub other: Authority,
    number: AtomicU8,
    /// Which of the files has a folder of its own, in that of the others.
    apart: Option<&'static str>,
    /// Who writes all the time.
    busy: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

impl Place {
    /// With the files of a server called `first`.
    pub fn new() -> Self {
        Self::laid_out(None)
    }

    /// The same, with this file in a folder of its own.
    pub fn with_apart(name: &'static str) -> Self {
        Self::laid_out(Some(name))
    }

    fn laid_out(apart: Option<&'static str>) -> Self {
        let root = AuthorityBuilder::named("Rhea Root")
            .validity(decades())
            .self_signed();
        let place = Self {
            above: tempfile::tempdir().unwrap(),
            intermediate: AuthorityBuilder::named("Ivo Intermediate")
                .validity(decades())
                .issued_by(&root),
            other: Authority::named("Other Root"),
            root,
            number: AtomicU8::new(1),
            apart,
            busy: Mutex::new(None),
        };
        place.good("first");
        place
    }

    pub fn folder(&self) -> PathBuf {
        self.above.path().join("tls")
    }

    /// Something beside the folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.above.path().join(name)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        if self.apart == Some(name) {
            self.folder().join("apart").join(name)
        } else {
            self.folder().join(name)
        }
    }

    /// The folder in which this file is.
    pub fn folder_of(&self, name: &str) -> PathBuf {
        self.path(name).parent().unwrap().to_owned()
    }

    /// Everything in order, for a server of this name, whatever was there. Lists have a higher number each time.
    pub fn good(&self, name: &str) {
        self.keep_still();
        for file in FILES {
            fs::create_dir_all(self.folder_of(file)).unwrap();
        }
        self.replace("ca.crt", self.root.pem());
        self.replace("ca.crl", self.list(&self.next_crl()));
        self.install(&self.server(name));
    }

    /// The second CA, with a certificate that lasts for decades.
    pub fn long_lived_other(&self) -> Authority {
        self.other.again().validity(decades()).self_signed()
    }

    pub fn next_crl(&self) -> Crl {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        Crl::new().number(&[number + 1])
    }

    pub fn list(&self, crl: &Crl) -> String {
        crl_pem(&crl.signed_by(&self.root))
    }

    /// A server's credential with this common name, the intermediate in its chain.
    pub fn server(&self, name: &str) -> Credential {
        self.issue(self.leaf(name))
    }

    pub fn issue(&self, leaf: Leaf) -> Credential {
        leaf.issued_by(&self.intermediate).with(&self.intermediate)
    }

    pub fn leaf(&self, name: &str) -> Leaf {
        Leaf::named(name).dns("localhost").server()
    }

    /// In place, as an editor or `cp` does.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// Beside it and renamed, as one should; over whatever is there.
    pub fn replace(&self, name: &str, content: impl AsRef<[u8]>) {
        let old = self.path(name);
        let new = old.with_file_name(format!(".{}.new", old.file_name().unwrap().display()));
        fs::write(&new, content).unwrap();
        close(&new);
        if fs::symlink_metadata(&old).is_ok_and(|found| found.is_dir()) {
            fs::remove_dir_all(&old).unwrap();
        }
        fs::rename(new, old).unwrap();
    }

    /// Chain and key, each renamed into its place.
    pub fn install(&self, credential: &Credential) {
        self.replace("tls.crt", credential.chain_pem());
        self.replace("tls.key", credential.key_pem());
    }

    /// The same, in place.
    pub fn overwrite(&self, credential: &Credential) {
        self.write("tls.crt", credential.chain_pem());
        self.write("tls.key", credential.key_pem());
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Writes the file again and again, with another comment each time, until everything is put in order.
    pub fn keep_changing(&self, name: &str) {
        let (path, content) = (self.path(name), fs::read(self.path(name)).unwrap());
        let is_over = Arc::new(AtomicBool::new(false));
        let is_enough = Arc::clone(&is_over);
        let until = Instant::now() + Duration::from_secs(60);
        let writer = thread::spawn(move || {
            for round in 0.. {
                if is_enough.load(Ordering::Relaxed) || Instant::now() > until {
                    break;
                }
                let comment = format!("# {round}\n").into_bytes();
                // The place is gone where the test has failed.
                if fs::write(&path, [content.clone(), comment].concat()).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(2));
            }
        });
        *self.busy.lock().unwrap() = Some((is_over, writer));
    }

    fn keep_still(&self) {
        if let Some((is_over, writer)) = self.busy.lock().unwrap().take() {
            is_over.store(true, Ordering::Relaxed);
            writer.join().unwrap();
        }
    }

    /// Of the files without lists.
    pub fn files(&self) -> FileSource {
        FileSource::new()
            .identity(self.path("tls.crt"), self.path("tls.key"))
            .trust_anchors(self.path("ca.crt"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Ok(Some((is_over, _))) = self.busy.get_mut() {
            is_over.store(true, Ordering::Relaxed);
        }
    }
}

/// All of them.
pub const FILES: [&str; 4] = ["tls.crt", "tls.key", "ca.crt", "ca.crl"];

/// Ten years from today in both directions.
pub fn decades() -> Validity {
    let now = OffsetDateTime::now_utc();
    let decade = time::Duration::days(3650);
    Validity {
        not_before: (now - decade).into(),
        not_after: (now + decade).into(),
    }
}

pub fn crl_pem(list: &CertificateRevocationListDer<'_>) -> String {
    pem("X509 CRL", list)
}

/// Open to its owner alone.
pub fn close(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}
